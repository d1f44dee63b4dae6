"""Where a district's syncs are asked for in tests, and what the two sides are asked about them afterwards."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from gpb_pipeline.events import CourseFailed, CourseSynced, Event
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, Posting, SyncRequest, open_connections

ALGEBRA, ENGLISH, BIOLOGY, HISTORY, EARTH, SPANISH = "1001", "1002", "1003", "1004", "1005", "1006"
SCHOOL = (ALGEBRA, ENGLISH, BIOLOGY, HISTORY, EARTH, SPANISH)
JOBS = count(1)


@dataclass
class Desk:
    """Syncs the sandbox's courses, `hours` from now; each call has its own connections, as commands have."""

    sandbox: Sandbox
    hours: float = 0.0
    numbers: Iterator[int] = field(default=JOBS, repr=False)

    def request(
        self,
        course_id: str,
        sync_type: SyncType = "manual",
        *,
        posting: Posting = Posting.GRADES,
        selection: Selection | None = None,
        anew: bool = True,  # an outcome is what most tests look at
        confirm: bool = False,
    ) -> SyncRequest:
        return SyncRequest(
            job_id=f"job{next(self.numbers)}-{course_id}",
            course_id=course_id,
            type=sync_type,
            posted_by="a test",
            posting=posting,
            selection=selection or Selection(),
            anew=anew,
            confirm=confirm,
        )

    @contextmanager
    def connected(self) -> Iterator[Connections]:
        with open_connections() as connections:
            yield replace(connections, clock=lambda: datetime.now(UTC) + timedelta(hours=self.hours))

    def next_night(self) -> None:
        self.hours += 24

    def events(self, *requests: SyncRequest) -> list[Event]:
        with self.connected() as connections:
            return list(sync_courses(connections, requests))

    def sync(self, *course_ids: str, sync_type: SyncType = "manual", **asked: Any) -> dict[str, CourseSynced]:
        """Sync courses that must not fail; their ends by course."""
        requests = [self.request(each, sync_type, **asked) for each in course_ids]
        ends = [each for each in self.events(*requests) if isinstance(each, CourseSynced | CourseFailed)]
        failed = [each.error for each in ends if isinstance(each, CourseFailed)]
        assert not failed
        return {each.request.course_id: each for each in ends if isinstance(each, CourseSynced)}

    def sync_one(self, course_id: str, **asked: Any) -> CourseSynced:
        return self.sync(course_id, **asked)[course_id]

    def fails(self, course_id: str, **asked: Any) -> CourseFailed:
        """Sync a course that must fail."""
        failed = [
            each for each in self.events(self.request(course_id, **asked)) if isinstance(each, CourseFailed)
        ]
        assert len(failed) == 1
        return failed[0]

    def written(self) -> Counter[str]:
        """How many line items and results the SIS says that it accepted, deletions too."""
        return Counter(write["object"] for write in self.sandbox.writes())

    def kinds(self) -> Counter[tuple[str, str]]:
        """How many objects of each name it created, replaced and deleted."""
        return Counter((write["object"], write["kind"]) for write in self.sandbox.writes())

    def held(self) -> list[tuple[str, str, float, str]]:
        """What the SIS holds: line item's title, student, score and status of each active result."""
        state = self.sandbox.state()
        titles = {item["sourced_id"]: (item["class_id"], item["title"]) for item in state["line_items"]}
        return sorted(
            (str(titles[each["line_item_id"]]), each["student_id"], each["score"], each["score_status"])
            for each in state["results"]
            if each["status"] == "active"
        )
