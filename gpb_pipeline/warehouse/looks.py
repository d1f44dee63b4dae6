"""Who looked at pages that show students, and when: of which course or job, never at whom.

A look is a line appended to a file, so that looking meets no lock of a sync. Each hour and process has a file
of its own, which maintenance folds into the table `looks` once the hour is over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.frames import build
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.schemas import Looks

SETTLED = timedelta(minutes=5)
"""After its hour, before a file is folded in: a line on its way into it has long arrived."""
_HOUR = "%Y-%m-%dT%H"
_PROCESS = uuid4().hex[:12]


@dataclass(frozen=True, kw_only=True)
class Look:
    """Someone looked at a page of a course, or of one of its syncs."""

    looked_at: datetime
    who: str
    page: str
    course_id: str
    job_id: str | None


def note(folder: Path, look: Look) -> None:
    """Put a look on record; raises PermanentError where that cannot be done, so that nothing is shown."""
    line = json.dumps(asdict(look) | {"looked_at": look.looked_at.isoformat()}) + "\n"
    path = folder / f"{look.looked_at.astimezone(UTC):{_HOUR}}-{_PROCESS}.jsonl"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    except OSError as refused:
        raise PermanentError(
            f"cannot be written ({refused.strerror}), and pages that show students are not shown without it",
            item="the record of looks",
            remedy="Let the pages write into the folder of GPB_LOOKS, or name another.",
            code="looks_unwritable",
        ) from None


def fold(warehouse: Warehouse, *, keep: timedelta, now: datetime) -> int:
    """Take the files of hours that are over into the table, each once, and drop what is past its age."""
    folded = 0
    for path in _over(warehouse.settings.looks_folder, now):
        folded += warehouse.commit(_taken, path)
        path.unlink()
    if warehouse.read(_old, now - keep):
        warehouse.commit(_drop, now - keep)
    return folded


def _over(folder: Path, now: datetime) -> Iterator[Path]:
    for path in sorted(folder.glob("*.jsonl")):
        began = datetime.strptime(path.stem.rpartition("-")[0], _HOUR).replace(tzinfo=UTC)
        if now - began > timedelta(hours=1) + SETTLED:
            yield path


def _taken(session: Connection, path: Path) -> int:
    """Insert a file's lines, unless a fold that was interrupted has done so."""
    known = "SELECT count(*) FROM warehouse.main.looks WHERE source = $1"
    ((present,),) = session.execute(known, [path.stem]).fetchall()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if present or not lines:
        return 0
    columns = {name: [line[name] for line in lines] for name in ("who", "page", "course_id", "job_id")}
    at = [datetime.fromisoformat(line["looked_at"]) for line in lines]
    rows = build(Looks, {"looked_at": at, **columns, "source": [path.stem] * len(lines)})
    tables.LOOKS.insert(session, rows)
    return len(lines)


def _old(session: Connection, before: datetime) -> bool:
    query = "SELECT count(*) FROM warehouse.main.looks WHERE looked_at < $1"
    ((count,),) = session.execute(query, [before]).fetchall()
    return bool(count)


def _drop(session: Connection, before: datetime) -> None:
    session.execute("DELETE FROM warehouse.main.looks WHERE looked_at < $1", [before])
