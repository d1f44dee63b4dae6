"""The rules of passback: pure functions on frames, one rule a function. No I/O, no clock, no Dagster here."""
