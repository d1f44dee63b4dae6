"""Who a student is to the warehouse, by any of the ids, and the list of those whom no sync reads in.

What is removed of a student is forget.py's.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from gpb_pipeline.passback.forgotten import ID_KINDS, NOBODY, Forgotten, IdKind, mark
from gpb_pipeline.passback.frames import build
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.schemas import ForgottenMarks
from gpb_pipeline.warehouse.table import Table

System = Literal["canvas", "sis"]
_KINDS: dict[System, tuple[IdKind, ...]] = {"canvas": ("user_id",), "sis": ("sis_user_id", "student_id")}
_SALT_BYTES = 32
NAME = "student_name"


@dataclass(frozen=True, kw_only=True)
class KnownStudent:
    """All ids that a student has here, by their kinds, and the names; none of it in a repr."""

    ids: dict[IdKind, frozenset[str]] = field(repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def called(cls, student_id: str, system: System) -> Self:
        """Know a student by one id alone."""
        return cls(ids={kind: frozenset({student_id} if kind in _KINDS[system] else ()) for kind in ID_KINDS})

    def where(self, table: Table[Any]) -> tuple[str, list[list[str]]]:
        """Make the condition, and its values, that chooses the student's rows of a table."""
        kinds = [kind for kind in ID_KINDS if kind in table.columns]
        said = " OR ".join(f"list_contains(${number}, {kind})" for number, kind in enumerate(kinds, start=1))
        return said, [sorted(self.ids[kind]) for kind in kinds]


def with_students() -> Iterator[Table[Any]]:
    """Give each table that has a row a student."""
    return (table for table in tables.ALL if set(ID_KINDS) & set(table.columns))


def named(session: Connection, student_id: str) -> dict[System, KnownStudent]:
    """Find who has this id, as Canvas's and as the SIS's; the same person twice is one, and Canvas's."""
    found = {system: _found(session, KnownStudent.called(student_id, system)) for system in _KINDS}
    known: dict[System, KnownStudent] = {system: each for system, each in found.items() if each is not None}
    if len(known) > 1 and known["canvas"].ids == known["sis"].ids:
        del known["sis"]
    return known


def _found(session: Connection, start: KnownStudent) -> KnownStudent | None:
    """Follow the ids from row to row until there is none that is new."""
    student, ids = start, start.ids
    names: set[str] = set()
    any_row = False
    while True:
        met: dict[IdKind, set[str]] = {kind: set(ids[kind]) for kind in ID_KINDS}
        for table in with_students():
            where, values = student.where(table)
            columns = [name if name in table.columns else f"NULL AS {name}" for name in (*ID_KINDS, NAME)]
            query = f"SELECT DISTINCT {', '.join(columns)} FROM {table.qualified} WHERE {where}"  # noqa: S608
            for *row_ids, name in session.execute(query, values).fetchall():
                any_row = True
                names |= {name} if name else set()
                for kind, each in zip(ID_KINDS, row_ids, strict=True):
                    met[kind] |= {each} if each else set()
        ids = {kind: frozenset(each) for kind, each in met.items()}
        if ids == student.ids:
            return KnownStudent(ids=ids, names=frozenset(names)) if any_row else None
        student = KnownStudent(ids=ids)


def everybody(session: Connection) -> Forgotten:
    """Read the list."""
    if tables.FORGOTTEN.is_new(session):
        return NOBODY
    rows = session.execute(f"SELECT salt, mark FROM {tables.FORGOTTEN.qualified}").fetchall()  # noqa: S608
    return Forgotten(salt=rows[0][0], marks=frozenset(each for _, each in rows)) if rows else NOBODY


def put_on(session: Connection, student: KnownStudent, *, by: str, at: datetime) -> None:
    """Put a student on the list, by every id."""
    present = everybody(session)
    salt = present.salt or secrets.token_hex(_SALT_BYTES)
    marks = sorted(
        {mark(salt, kind, each) for kind, ids in student.ids.items() for each in ids} - present.marks
    )
    rows: dict[str, list[Any]] = {
        "salt": [salt] * len(marks),
        "mark": marks,
        "forgotten_by": [by] * len(marks),
        "forgotten_at": [at] * len(marks),
    }
    tables.FORGOTTEN.insert(session, build(ForgottenMarks, rows))


def moments_of(session: Connection, student_id: str) -> dict[System, datetime]:
    """Say when the student of this id was put on the list, as Canvas's id and as the SIS's; else nothing.

    All ids of a student are put on in one moment, by which they are known: the marks do not tell.
    """
    salt = everybody(session).salt
    found: dict[System, datetime] = {}
    for system, kinds in _KINDS.items():
        marks = [mark(salt, kind, student_id) for kind in kinds]
        query = f"SELECT max(forgotten_at) FROM {tables.FORGOTTEN.qualified} WHERE list_contains($1, mark)"  # noqa: S608
        [(moment,)] = session.execute(query, [marks]).fetchall()
        if moment is not None:
            found[system] = moment
    return found


def count_of(session: Connection, moment: datetime) -> int:
    """Count the ids that were put on in that moment."""
    query = f"SELECT count(*) FROM {tables.FORGOTTEN.qualified} WHERE forgotten_at = $1"  # noqa: S608
    [(count,)] = session.execute(query, [moment]).fetchall()
    return int(count)


def take_off(session: Connection, moment: datetime) -> None:
    """Take off who was put on in that moment; the next sync of each class looks whose the bare ids are."""
    tables.FORGOTTEN.delete_where(session, "forgotten_at = $1", [moment])
    aside = {table.name: its for table, its in tables.ASIDE}
    for bare in (tables.LEFT_IN_SIS, aside[tables.LEFT_IN_SIS.name]):
        session.execute(f"UPDATE {bare.qualified} SET look = true WHERE kind = 'grade'")  # noqa: S608
