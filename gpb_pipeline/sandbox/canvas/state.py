"""The district as the Canvas server holds it now: the given one with the changes made since.

Looking up and replacing content belong here; what a change means is in control.py and grading.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from gpb_pipeline.sandbox.calendar import now_in
from gpb_pipeline.sandbox.canvas.access import not_found
from gpb_pipeline.sandbox.canvas.due_dates import EffectiveDate, effective_date
from gpb_pipeline.sandbox.district import (
    Assignment,
    Course,
    CourseContent,
    District,
    Enrollment,
    Submission,
)


class CourseView:
    """A course's content indexed for serving; made anew after each change."""

    def __init__(self, content: CourseContent) -> None:
        self.content = content
        self.assignments = {each.id: each for each in content.assignments}
        self.sections = {each.id: each for each in content.sections}
        self.enrollments_of: dict[int, list[Enrollment]] = {}
        for enrollment in content.enrollments:
            if enrollment.state != "deleted" and enrollment.type != "TeacherEnrollment":
                self.enrollments_of.setdefault(enrollment.user_id, []).append(enrollment)
        self._dates: dict[tuple[int, int], EffectiveDate] = {}

    def date_for(self, assignment: Assignment, user_id: int) -> EffectiveDate:
        key = (assignment.id, user_id)
        if key not in self._dates:
            self._dates[key] = effective_date(assignment, user_id, self.enrollments_of.get(user_id, ()))
        return self._dates[key]

    @cached_property
    def rows(self) -> Sequence[Submission]:
        """The rows Canvas has, in order of id: of everyone assigned, and of others whose work it kept."""
        stored = self.content.submissions
        return [
            stored.get((assignment.id, user_id)) or Submission(assignment.id, user_id)
            for assignment in sorted(self.content.assignments, key=lambda each: each.id)
            if assignment.published
            for user_id in sorted(self.enrollments_of)
            if (assignment.id, user_id) in stored or self.date_for(assignment, user_id).assigned
        ]


@dataclass(frozen=True)
class Regraded:
    """A row of a course before and after its grade or its excuse was changed; None: there was no row."""

    course_id: int
    at: datetime
    before: Submission | None
    after: Submission


def graded(row: Submission | None) -> tuple[str | None, bool]:
    """The grade and the excuse, which are what a log of grade changes is about."""
    return (None, False) if row is None else (row.grade, bool(row.excused))


class CanvasState:
    """Finds courses and their content by id, changed ones first."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.reset()

    def reset(self) -> None:
        """Forget every change."""
        self._changed: dict[int, CourseContent] = {}
        self._views: dict[int, CourseView] = {}
        self.spoilt: Sequence[Any] = ()  # spoiling.py's, which ends with every other change
        self.regraded: list[Regraded] = []  # in the order of time

    def now(self) -> datetime:
        return now_in(self.district.today, self.district.time_zone)

    def courses(self) -> list[Course]:
        """Every course in order of id."""
        return [
            self._changed[id].course if id in self._changed else course
            for id, course in sorted(self.district.courses.items())
        ]

    def course(self, course_id: int) -> Course:
        """Raises CanvasRefusal (404)."""
        if course_id in self._changed:
            return self._changed[course_id].course
        if course_id not in self.district.courses:
            raise not_found()
        return self.district.courses[course_id]

    def view(self, course_id: int) -> CourseView:
        """Raises CanvasRefusal (404). The views of the few courses asked for last are kept."""
        self.course(course_id)
        view = self._views.pop(course_id, None)
        if view is None:
            view = CourseView(self._changed.get(course_id) or self.district.contents[course_id])
        self._views[course_id] = view
        while len(self._views) > 64:
            del self._views[next(iter(self._views))]
        return view

    def replace(self, content: CourseContent) -> None:
        """Hold this content from now on, and on record which grades it changes."""
        before = self.view(content.course.id).content.submissions
        self.regraded += [
            Regraded(content.course.id, self.now(), before.get(key), row)
            for key, row in content.submissions.items()
            if before.get(key) is not row and graded(before.get(key)) != graded(row)
        ]
        self._changed[content.course.id] = content
        self._views.pop(content.course.id, None)
