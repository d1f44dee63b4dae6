"""Nights of which nothing is left but their history, and the tidying after each: what stays of files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gpb_pipeline.stream import GROUP
from gpb_pipeline.warehouse import history, maintenance, record
from gpb_pipeline.warehouse.ducklake import METADATA, Connection, Warehouse
from gpb_pipeline.warehouse.history import Begun, Job
from gpb_pipeline.warehouse.record import Ended


@dataclass(frozen=True)
class Kept:
    """What the warehouse has: files of data, snapshots, jobs in the history, and megabytes on the disk."""

    files: int
    snapshots: int
    jobs: int
    size: int


def nights(warehouse: Warehouse, courses: list[str], count: int) -> Iterator[tuple[Kept, Kept]]:
    """Let so many unchanged nights pass; tells what each left, and what its tidying kept of that."""
    bases = {job.course_id: job for job in reversed(warehouse.read(history.with_input, courses))}
    for number in range(1, count + 1):
        at = datetime.now(UTC) + timedelta(days=number)
        for start in range(0, len(courses), GROUP):
            _pass(warehouse, [bases[each] for each in courses[start : start + GROUP]], number, at)
        left = warehouse.read(kept)
        warehouse.commit(maintenance.purge, now=at)
        maintenance.compact(warehouse, keep=timedelta(0))
        yield left, warehouse.read(kept)


def _pass(warehouse: Warehouse, bases: list[Job], number: int, at: datetime) -> None:
    """Commit what a night's group of unchanged courses commits, at its begin and at its end."""
    names = {job.course_id: f"night{number}-{job.course_id}" for job in bases}
    begun = [
        Begun(job_id=job_id, course_id=course_id, type="nightly", posted_by="district", at=at)
        for course_id, job_id in names.items()
    ]
    warehouse.commit(record.begin, begun)
    ended = [Ended.alike(job, job_id=names[job.course_id], at=at) for job in bases]
    warehouse.commit(record.progress, [], ended)


def kept(session: Connection) -> Kept:
    counts = (
        f"FROM {METADATA}.ducklake_data_file WHERE end_snapshot IS NULL",
        f"FROM {METADATA}.ducklake_snapshot",
        "FROM warehouse.main.jobs",
    )
    files, snapshots, jobs = (session.execute(f"SELECT count(*) {each}").fetchall()[0][0] for each in counts)
    return Kept(files, snapshots, jobs, _size(Path()) // 2**20)


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
