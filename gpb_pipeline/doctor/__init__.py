"""Whether everything that a sync needs is there: settings, both wires, the warehouse. Nothing is changed.

Each check says what to do where it fails. How they are shown is the command's and the job's.
"""
