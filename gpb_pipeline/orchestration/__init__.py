"""All that knows Dagster: partitions, assets, checks, jobs, schedules, sensors, resources, metadata.

No rule of passback and no I/O of its own: what a sync does stands in gpb_pipeline/sync.py and below.
"""
