"""The warehouse against a real DuckLake, embedded and on a real PostgreSQL."""
