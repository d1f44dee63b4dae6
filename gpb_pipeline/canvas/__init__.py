"""The Canvas REST client and the extracts it yields. No Dagster, no DuckDB."""
