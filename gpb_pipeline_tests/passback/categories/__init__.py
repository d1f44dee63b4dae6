"""Tests of passback/categories/."""
