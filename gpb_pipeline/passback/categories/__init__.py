"""Sync SIS Categories: which category a group goes to, the window's list, its edits, its CSV file."""
