"""History and details pages: plain HTML, read-only, for instructors and the data team. No Dagster here."""
