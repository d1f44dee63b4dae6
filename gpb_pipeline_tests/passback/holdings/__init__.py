"""Tests of passback/holdings/."""
