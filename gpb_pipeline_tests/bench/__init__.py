"""What a night costs, as a ratio to the same requests made bare, in one run on one machine (`make bench`).

Figures are printed and written to docs/performance.md, never asserted.
"""
