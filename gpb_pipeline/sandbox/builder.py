"""Puts one course's content together, giving out ids as Canvas does: ascending, unique in the district.

Which courses there are and what is in them is said in school.py and generator.py.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from gpb_pipeline.sandbox.district import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseContent,
    DueDate,
    Enrollment,
    EnrollmentState,
    EnrollmentType,
    Override,
    Person,
    Section,
    Submission,
)

IDS_PER_COURSE = 10_000


class CourseBuilder:
    """Collects a course's sections, people, assignments and submissions in the order they are added."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._ids = itertools.count(course.id * IDS_PER_COURSE + 1)
        self._sections: list[Section] = []
        self._people: dict[int, Person] = {}
        self._enrollments: list[Enrollment] = []
        self._groups: list[AssignmentGroup] = []
        self._assignments: list[Assignment] = []
        self._submissions: dict[tuple[int, int], Submission] = {}

    def next_id(self) -> int:
        return next(self._ids)

    def section(self, name: str, sis_id: str | None, *, nonxlist_course_id: int | None = None) -> Section:
        section = Section(self.next_id(), self.course.id, name, sis_id, nonxlist_course_id)
        self._sections.append(section)
        return section

    def enroll(
        self,
        section: Section,
        *people: Person,
        type: EnrollmentType = "StudentEnrollment",
        state: EnrollmentState = "active",
        sis_imported: bool = True,
    ) -> None:
        for person in people:
            self._people[person.id] = person
            self._enrollments.append(
                Enrollment(self.next_id(), person.id, section.id, type, state, sis_imported)
            )

    def group(self, name: str, *, weight: float = 0.0, sis_source_id: str | None = None) -> AssignmentGroup:
        group = AssignmentGroup(self.next_id(), name, len(self._groups) + 1, weight, sis_source_id)
        self._groups.append(group)
        return group

    def assignment(
        self, group: AssignmentGroup, name: str, points: float | None, due_at: datetime | None, **fields: Any
    ) -> Assignment:
        """Add an assignment; `fields` are further fields of `Assignment`."""
        assignment = Assignment(
            self.next_id(), name, group.id, points, due_at, position=len(self._assignments) + 1, **fields
        )
        self._assignments.append(assignment)
        return assignment

    def section_date(self, section: Section, due_at: datetime | DueDate | None) -> Override:
        return Override(self.next_id(), section.name, due_at, section_id=section.id)

    def group_date(self, title: str, due_at: datetime | DueDate | None, *members: Person) -> Override:
        ids = tuple(each.id for each in members)
        return Override(self.next_id(), title, due_at, student_ids=ids, group_id=self.next_id())

    def module_date(self, section: Section, due_at: datetime | DueDate | None) -> Override:
        """A section's date from the module that the assignment is in."""
        dated = self.section_date(section, due_at)
        return replace(dated, module_id=self.next_id())

    def student_dates(self, due_at: datetime | DueDate | None, *students: Person) -> Override:
        title = f"{len(students)} student" + ("s" if len(students) > 1 else "")
        return Override(self.next_id(), title, due_at, student_ids=tuple(each.id for each in students))

    def row(self, assignment: Assignment, person: Person, *acts: Callable[[Submission], Submission]) -> None:
        """Store the row that the acts, in turn, make of the student's empty one."""
        key = (assignment.id, person.id)
        submission = self._submissions.get(key) or Submission(*key)
        for act in acts:
            submission = act(submission)
        self._submissions[key] = submission

    def content(self) -> CourseContent:
        return CourseContent(
            self.course,
            tuple(self._sections),
            self._people,
            tuple(self._enrollments),
            tuple(self._groups),
            tuple(self._assignments),
            self._submissions,
        )
