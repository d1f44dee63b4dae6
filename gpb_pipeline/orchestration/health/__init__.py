"""Watched from outside the daemon: what is seen of the pipeline, what of it is trouble, and who is told."""
