"""A list that Canvas gave, sifted: columns of the rows that can be carried, and a reject for each other one.

What a value should be is readings.py's; which keys make which frame is course_frames.py's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.readings import ABSENT, UNFIT, Reading, ident_if_any, shape
from gpb_pipeline.passback.course import Reject, RejectKind
from gpb_pipeline.passback.rules.issues import Code

Columns = dict[str, list[Any]]


class Field(NamedTuple):
    """The key that a column is read from, and how."""

    key: str
    reading: Reading


@dataclass(frozen=True, kw_only=True)
class Sieve:
    """What each row of a list must have, and what a row without it is told as.

    `unique`: columns that two rows must not share, for then neither is believed. `matters`: whether anybody
    misses a row that is laid aside.
    """

    kind: RejectKind
    code: Code
    fields: Mapping[str, Field]
    unique: tuple[str, ...] = ()
    matters: Callable[[Json], bool] = lambda _: True

    def sift(self, rows: Sequence[Json]) -> tuple[Columns, list[Reject]]:
        """Read the columns of every row that has what it must, in order; each other row is a reject."""
        columns = {
            column: [reading(row.get(key, ABSENT)) for row in rows]
            for column, (key, reading) in self.fields.items()
        }
        unfit = self._unfit(rows, columns)
        unfit |= {n: "another row is of the same item" for n in self._twice(columns) if n not in unfit}
        if not unfit:
            return columns, []
        kept = {
            column: [value for n, value in enumerate(values) if n not in unfit]
            for column, values in columns.items()
        }
        told = [
            reject(self.kind, self.code, rows[n], met) for n, met in unfit.items() if self.matters(rows[n])
        ]
        return kept, told

    def _unfit(self, rows: Sequence[Json], columns: Columns) -> dict[int, str]:
        """Find the rows with a value that does not fit, each with what was met there first."""
        unfit: dict[int, str] = {}
        for column, (key, _) in self.fields.items():
            if UNFIT not in columns[column]:
                continue
            for n, value in enumerate(columns[column]):
                if value is UNFIT:
                    unfit.setdefault(n, f"{key}: {shape(rows[n].get(key, ABSENT))}")
        return unfit

    def _twice(self, columns: Columns) -> list[int]:
        keys = list(zip(*(columns[column] for column in self.unique), strict=True))
        if len(set(keys)) == len(keys):
            return []
        rows_of = Counter(keys)
        return [n for n, key in enumerate(keys) if rows_of[key] > 1 and UNFIT not in key]


def reject(kind: RejectKind, code: Code, row: Json, met: str) -> Reject:
    """Tell that a row is laid aside, by those of its ids that can be read."""
    own = ident_if_any(row.get("id"))
    return Reject(
        kind=kind,
        item_id=own,
        code=code,
        met=met,
        assignment_id=own if kind == "assignment" else ident_if_any(row.get("assignment_id")),
        section_id=own if kind == "section" else ident_if_any(row.get("course_section_id")),
        user_id=ident_if_any(row.get("user_id")),
    )


def joined(*parts: Mapping[str, Iterable[Any]]) -> Columns:
    """Put columns of the same names after one another."""
    return {column: [value for part in parts for value in part[column]] for column in parts[0]}
