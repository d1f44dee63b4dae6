"""What a SIS says of a whole school at once: its classes, and who is enrolled in each. Reads only.

Whether it is worth its requests, and believed, is schools.py's; that a list is whole, lists.py's.
"""

from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gpb_pipeline.sis import reading
from gpb_pipeline.sis.errors import UNFIT, RefusedError
from gpb_pipeline.sis.lists import PAGE, long_list
from gpb_pipeline.sis.model import SisClass, Student
from gpb_pipeline.sis.reads import Reads
from gpb_pipeline.sis.replies import Reply
from gpb_pipeline.sis.transport import Call
from gpb_pipeline.sis.wire import path

LONG = 1000  # rows that are asked for in one page; a SIS may give fewer
OF_STUDENTS = "role='student' AND status='active'"


class TooDearError(Exception):
    """The lists take more requests than they may: `price`."""

    def __init__(self, price: int) -> None:
        super().__init__(price)
        self.price = price


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """The students of a class: those whose enrollment is of today, and those by its days of another day."""

    today: frozenset[str] = field(repr=False)
    another_day: frozenset[str] = field(repr=False)


class SchoolLists:
    """One school's, as one client reads them: `asked` counts the requests, of which there may be `most`."""

    def __init__(self, reads: Reads, rostering: str, school_id: str, most: int) -> None:
        self.asked = 0
        self.most = most
        self._reads = reads
        self._url = rostering + path("schools", school_id)
        self._school_id = school_id
        self._limit = LONG

    def classes(self) -> dict[str, SisClass]:
        """Read the active classes that say themselves that they are of this school."""
        rows = (row for row in self._rows("classes", "classes") if reading.is_active(row))
        found = reading.listing("class", rows, reading.read_class).items
        return {each.sourced_id: each for each in found if each.school_id == self._school_id}

    def enrolled(self, classes: Container[str], day: date) -> dict[str, Enrolled]:
        """Read who is enrolled in these classes as a student."""
        of_day: dict[str, set[str]] = defaultdict(set)
        others: dict[str, set[str]] = defaultdict(set)
        for row in self._rows("enrollments", "enrollments", OF_STUDENTS):
            if reading.is_active(row) and reading.is_students(row):
                for each in reading.listing("enrollment", [row], reading.read_enrollment).items:
                    if each.class_id in classes:
                        (of_day if each.is_of(day) else others)[each.class_id].add(each.student_id)
        return {
            each: Enrolled(today=frozenset(of_day[each]), another_day=frozenset(others[each] - of_day[each]))
            for each in {*of_day, *others}
        }

    def students(self) -> dict[str, Student | None]:
        """Read the school's students by sourcedId; None for one that is marked to be deleted."""
        people: dict[str, Student | None] = {}
        for row in self._rows("students", "users"):
            for each in reading.listing("student", [row], reading.read_student).items:
                people[each.sourced_id] = each if reading.is_active(row) else None
        return people

    def _rows(self, collection: str, name: str, asked_for: str | None = None) -> Iterator[dict[str, Any]]:
        """Give the list's objects; a limit or filter that is refused, or that finds nobody, is let go."""
        call = Call("GET", self._url + path(collection), f"{collection} of school {self._school_id}")

        def page(offset: int) -> Reply:
            nonlocal asked_for
            while True:
                self.asked += 1
                try:
                    reply = self._reads.page(_paged(call, self._limit, offset, asked_for))
                    if offset or asked_for is None or reply.total:
                        return reply
                except RefusedError as refused:
                    if offset or refused.status not in UNFIT or (asked_for is None and self._limit == PAGE):
                        raise
                if asked_for is None:
                    self._limit = PAGE
                asked_for = None

        for row in long_list(page, name, call.item, self._require_worth):
            if isinstance(row, dict):
                yield row

    def _require_worth(self, more: int) -> None:
        if self.asked + more > self.most:
            raise TooDearError(self.asked + more)


def _paged(call: Call, limit: int, offset: int, asked_for: str | None) -> Call:
    params: dict[str, str | int] = {"limit": limit, "offset": offset}
    return Call("GET", call.url, call.item, params if asked_for is None else params | {"filter": asked_for})
