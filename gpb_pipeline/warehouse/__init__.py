"""Tables, transactions, holdings, history and locks on DuckLake. No Dagster."""
