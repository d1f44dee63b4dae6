"""The students whom no sync reads in any more, and how they are left out of what was read. No I/O.

They are known by keyed marks of their ids: a list of these tells of an id that one has whether it is on it,
and names nobody by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

import pandas as pd

from gpb_pipeline.passback.course import CanvasRead, SisRead
from gpb_pipeline.passback.frames import (
    Enrollments,
    Overrides,
    SisRoster,
    Submissions,
    Unframed,
    derived,
)
from gpb_pipeline.passback.holdings.frames import Gradebook, Holdings, SisResults

IdKind = Literal["user_id", "sis_user_id", "student_id"]
"""Canvas's id of a student, the SIS id that Canvas has, and the sourcedId: named as their columns are."""
ID_KINDS: tuple[IdKind, ...] = ("user_id", "sis_user_id", "student_id")


def mark(salt: str, kind: IdKind, value: str) -> str:
    """Make the mark by which an id stands on the list."""
    told = f"{kind}:{value}".encode("utf-8", "surrogatepass")
    return blake2b(told, key=bytes.fromhex(salt), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """The list: its salt, and a mark for each id of each student."""

    salt: str = ""
    marks: frozenset[str] = frozenset()

    def has(self, kind: IdKind, value: str | None) -> bool:
        """Whether the student of this id is on it."""
        return value is not None and mark(self.salt, kind, value) in self.marks

    def out_of_canvas(self, read: CanvasRead) -> CanvasRead:
        """Leave these students out, with their grades; an override of theirs stays, and names nobody."""
        if not self.marks:
            return read
        people, submissions, overrides = (
            read.columns[each] for each in (Enrollments, Submissions, Overrides)
        )
        gone = self._users(people)
        told = [each.user_id for each in read.rejects]
        gone |= {each for each in {*submissions["user_id"], *told} if self.has("user_id", each)}
        if not gone and not any(self.has("user_id", each) for each in overrides["target_id"]):
            return read
        columns = dict(read.columns)
        columns[Enrollments] = _kept(people, [each not in gone for each in people["user_id"]])
        columns[Submissions] = _kept(submissions, [each not in gone for each in submissions["user_id"]])
        columns[Overrides] = self._unnamed(overrides, gone)
        rejects = tuple(each for each in read.rejects if each.user_id not in gone)
        return replace(read, columns=columns, rejects=rejects)

    def out_of_sis(self, read: SisRead) -> SisRead:
        """Leave these students out of the rosters."""
        roster = read.columns[SisRoster]
        keep = [
            not (self.has("sis_user_id", known_as) or self.has("student_id", student))
            for known_as, student in zip(roster["sis_user_id"], roster["student_id"], strict=True)
        ]
        if not self.marks or all(keep):
            return read
        return replace(read, columns={**read.columns, SisRoster: _kept(roster, keep)})

    def out_of_gradebook(self, book: Gradebook, held: Holdings) -> Gradebook:
        """Leave out their results but those that are on record as ours, which they are until forgotten."""
        if not self.marks:
            return book
        ours = book.results["result_id"].isin(held.results["result_id"])
        keep = ours | ~book.results["student_id"].isin(self._students(set(book.results["student_id"])))
        return replace(book, results=derived(SisResults, book.results[keep].reset_index(drop=True)))

    def _students(self, student_ids: Iterable[str]) -> list[str]:
        return [each for each in student_ids if self.has("student_id", each)]

    def _users(self, people: Unframed) -> set[str]:
        pairs: Iterator[tuple[str, str | None]] = zip(people["user_id"], people["sis_user_id"], strict=True)
        return {user for user, sis in pairs if self.has("user_id", user) or self.has("sis_user_id", sis)}

    def _unnamed(self, overrides: Unframed, gone: set[str]) -> Unframed:
        of_them = [
            target == "student" and (each in gone or self.has("user_id", each))
            for target, each in zip(overrides["target"], overrides["target_id"], strict=True)
        ]
        named = ["" if its else each for its, each in zip(of_them, overrides["target_id"], strict=True)]
        if isinstance(overrides, pd.DataFrame):
            return overrides.assign(target_id=named)
        return {**overrides, "target_id": named}


NOBODY = Forgotten()


def _kept(columns: Unframed, keep: Sequence[bool]) -> Unframed:
    if isinstance(columns, pd.DataFrame):
        return columns[list(keep)].reset_index(drop=True)
    return {
        name: [value for value, stays in zip(values, keep, strict=True) if stays]
        for name, values in columns.items()
    }
