"""Tables, transactions, ledger, history and locks on DuckLake. No Dagster."""
