"""Tests, laid out as the package is; see conftest.py for the servers that they share."""
