"""The engine by seeds, over real HTTP: what `make engine` runs (docs/reliability.md)."""
