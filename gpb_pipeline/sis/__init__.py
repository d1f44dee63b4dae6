"""The OneRoster client and its codecs, 1.1 and 1.2. No Dagster, no DuckDB."""
