"""Who looked at pages that show students, and when: of which course or job, never at whom.

A look is a line appended to a file, so that looking meets no lock of a sync. Each hour and process has a file
of its own, which maintenance folds into the table `looks` once the hour is over.
"""

from __future__ import annotations

import errno
import json
import logging
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

logger = logging.getLogger(__name__)

SETTLED = timedelta(minutes=5)
"""After its hour, before a file is folded in: a line on its way into it has long arrived."""
_HOUR = "%Y-%m-%dT%H"
_BEGIN = b'{"looked_at"'
"""Of a line, and nowhere within one: quotes in it are escaped."""
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
    line = json.dumps(asdict(look) | {"looked_at": look.looked_at.isoformat()}).encode() + b"\n"
    path = folder / f"{look.looked_at.astimezone(UTC):{_HOUR}}-{_PROCESS}.jsonl"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
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
    """Name our files of hours that are over; another's is left alone."""
    for path in sorted(folder.glob("*.jsonl")):
        try:
            began = datetime.strptime(path.stem.rpartition("-")[0], _HOUR).replace(tzinfo=UTC)
        except ValueError:
            continue
        if now - began > timedelta(hours=1) + SETTLED:
            yield path


def _taken(session: Connection, path: Path) -> int:
    """Insert a file's looks, unless a fold that was interrupted has done so."""
    known = "SELECT count(*) FROM warehouse.main.looks WHERE source = $1"
    ((present,),) = session.execute(known, [path.stem]).fetchall()
    lines = path.read_bytes().splitlines()
    looks = [look for line in lines if (look := _read(line)) is not None]
    if torn := len(lines) - len(looks):
        logger.warning("%s of the looks in %s cannot be read, and are not on record", torn, path.name)
    if present or not looks:
        return 0
    columns = {name: [getattr(look, name) for look in looks] for name in vars(looks[0])}
    tables.LOOKS.insert(session, build(Looks, columns | {"source": [path.stem] * len(looks)}))
    return len(looks)


def _read(line: bytes) -> Look | None:
    """Read it from where the last look in it begins: a full disk or a power cut may have torn one before."""
    _, begin, rest = line.rpartition(_BEGIN)
    try:
        held = json.loads(begin + rest)
        return Look(**held | {"looked_at": datetime.fromisoformat(held["looked_at"])})
    except (ValueError, TypeError, KeyError):
        return None


def _old(session: Connection, before: datetime) -> bool:
    query = "SELECT count(*) FROM warehouse.main.looks WHERE looked_at < $1"
    ((count,),) = session.execute(query, [before]).fetchall()
    return bool(count)


def _drop(session: Connection, before: datetime) -> None:
    session.execute("DELETE FROM warehouse.main.looks WHERE looked_at < $1", [before])
