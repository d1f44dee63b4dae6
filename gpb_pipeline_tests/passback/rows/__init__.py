"""Tests of passback/rows/."""
