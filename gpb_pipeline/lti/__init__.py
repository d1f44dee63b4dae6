"""LTI 1.3: Canvas's word that someone came from a course, verified. No pages, no Dagster, no warehouse."""
