"""Dagster's side: runs over the real sandbox, in an instance of their own."""
