"""Tests of `gpb`, run as people run it."""
