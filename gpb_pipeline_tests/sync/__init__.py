"""Tests of whole syncs: a real Canvas, a real SIS, a real DuckLake; nothing in between is replaced."""
