"""`gpb purge`: syncs past their age leave the history, and the warehouse is made small.

Dagster's own runs are purged by the job `purge_history`.
"""

import json
from collections import Counter

import click

from gpb_pipeline.settings import RetentionSettings
from gpb_pipeline.warehouse import history, maintenance
from gpb_pipeline.warehouse.opening import open_warehouse


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def purge(*, dry_run: bool, as_json: bool) -> None:
    """Remove syncs past their age with their logs; what was sent stays for GPB_KEEP_SENT_DAYS, or ever."""
    settings = RetentionSettings.load()
    with open_warehouse() as warehouse:
        sent = warehouse.read(maintenance.sent_past_age, settings=settings)
        if dry_run:
            old = warehouse.read(maintenance.purgeable, settings=settings)
        else:
            history.fail_dead_jobs(warehouse)  # a job that has died is past its age one day, too
            old = warehouse.commit(maintenance.purge, settings=settings)
            maintenance.compact(warehouse)
    if as_json:
        jobs = [{"job_id": job.job_id, "course_id": job.course_id, "status": job.status} for job in old]
        click.echo(json.dumps({"dry_run": dry_run, "jobs": jobs, "sent": sent}, indent=2))
        return
    for status, count in Counter(job.status for job in old).items():
        click.echo(f"{count:>8}  {status}")
    click.echo(f"Syncs that {'would go' if dry_run else 'went'} from the history: {len(old)}.")
    if settings.sent_days is not None:
        click.echo(f"Values ever sent that {'would go' if dry_run else 'went'} (GPB_KEEP_SENT_DAYS): {sent}.")
