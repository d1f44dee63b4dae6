"""Tests of passback/rules/."""
