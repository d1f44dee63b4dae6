"""Random courses, a SIS in memory, nights by the real rules (docs/reliability.md)."""
