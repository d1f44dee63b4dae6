"""Grade passback from Canvas to a OneRoster SIS, on Dagster. See README.md and docs/."""
