"""The rules of passback and their frames."""
