"""A made-up district of any size from a seed: ordinary courses, graded with a few of the usual exceptions.

Content is made up course by course when looked up, the same each time, so that thousands of courses cost
little memory. The cases that a passback must get right are gathered in school.py instead.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from gpb_pipeline.sandbox import grading, people
from gpb_pipeline.sandbox.builder import CourseBuilder
from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.district import (
    Assignment,
    Category,
    Course,
    CourseContent,
    District,
    Person,
    SisClass,
)
from gpb_pipeline.sandbox.sis_side import class_of, sis_of

FIRST_COURSE_ID = 10_001
COURSES_PER_STUDENT = 6
TIME_ZONE = "America/New_York"
GROUPS = ("Homework", "Quizzes", "Tests", "Projects")
SUBJECTS = ("Algebra", "Biology", "Chemistry", "English", "French", "Geometry", "History", "Music", "Physics")
Value = TypeVar("Value")


class OnLookup(Mapping[int, Value]):
    """A mapping from course ids to what is made up for the course at each look-up."""

    def __init__(self, ids: range, make: Callable[[int], Value]) -> None:
        self._ids = ids
        self._make = make

    def __getitem__(self, id: int) -> Value:
        if id not in self._ids:
            raise KeyError(id)
        return self._make(id)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


@dataclass(frozen=True)
class _Plan:
    """How big a course is, and the calendar and seed from which its content follows."""

    seed: int
    students: int
    assignments: int
    sections: int
    alike: int
    calendar: Calendar

    def content(self, course_id: int) -> CourseContent:
        return self._course(course_id, graded=True)

    def classes(self, course_id: int) -> list[SisClass]:
        content = self._course(course_id, graded=False)
        return [
            class_of(content.course, each, content.enrollments, content.people) for each in content.sections
        ]

    def cohort(self, course_id: int) -> range:
        """The numbers of the course's students; six courses share the same ones."""
        start = (course_id - FIRST_COURSE_ID) // COURSES_PER_STUDENT * self.students
        return range(start, start + self.students)

    def _course(self, course_id: int, *, graded: bool) -> CourseContent:
        course = course_of(course_id)
        builder = CourseBuilder(course)
        sections = [
            builder.section(f"{course.name} - Section {n}", f"{course.code}-{n}")
            for n in range(1, self.sections + 1)
        ]
        students = [people.student(number) for number in self.cohort(course_id)]
        for n, student in enumerate(students):
            builder.enroll(sections[n % len(sections)], student)
        if graded:
            self._fill(builder, students, random.Random(f"{self.seed}/{self._like(course_id)}"))
        return builder.content()

    def _like(self, course_id: int) -> int:
        """The course whose grades it has: its own, or those of the first `alike` courses over and over."""
        number = course_id - FIRST_COURSE_ID
        return FIRST_COURSE_ID + (number % self.alike if self.alike else number)

    def _fill(self, builder: CourseBuilder, students: list[Person], chance: random.Random) -> None:
        groups = [builder.group(name) for name in GROUPS]
        for n in range(self.assignments):
            group = groups[n % len(groups)]
            due_on = -3 - (n * 2) % 26
            assignment = builder.assignment(
                group,
                f"{group.name} {n + 1}",
                float(chance.choice((10, 20, 50, 100))),
                self.calendar.due(due_on),
            )
            for student in students:
                self._grade(builder, assignment, student, due_on, chance)

    def _grade(
        self,
        builder: CourseBuilder,
        assignment: Assignment,
        student: Person,
        due_on: int,
        chance: random.Random,
    ) -> None:
        """Of a hundred: four without work, three excused, three hidden, the rest graded."""
        luck = chance.random()
        at = self.calendar.afternoon(due_on + 2)
        points = round((assignment.points_possible or 0) * chance.uniform(0.55, 1.0), 1)
        submit = partial(grading.submit, assignment=assignment, at=self.calendar.afternoon(due_on))
        score = partial(grading.score, assignment=assignment, points=points, at=at)
        if luck < 0.04:
            return
        if luck < 0.07:
            builder.row(assignment, student, partial(grading.excuse, at=at))
        elif luck < 0.10:
            builder.row(assignment, student, submit, score, grading.hide)
        else:
            builder.row(assignment, student, submit, score)


def course_of(course_id: int) -> Course:
    number = course_id - FIRST_COURSE_ID
    subject = SUBJECTS[number % len(SUBJECTS)]
    code = f"{subject[:4].upper()}{course_id}"
    return Course(course_id, f"{subject} {course_id}", code, f"{code}-NOW", term_id=31)


def generate(
    *,
    courses: int,
    seed: int,
    students: int = 30,
    assignments: int = 12,
    sections: int = 2,
    alike: int = 0,
    today: date | None = None,
) -> District:
    """A district of so many courses, each with so many students, assignments and sections.

    With `alike` the grades of the first so many are those of the next, and so on.
    """
    calendar = Calendar(today or date.today(), TIME_ZONE)
    plan = _Plan(seed, students, assignments, sections, alike, calendar)
    ids = range(FIRST_COURSE_ID, FIRST_COURSE_ID + courses)
    pool = plan.cohort(ids[-1]).stop if courses else 0
    return District(
        name="Sandbox District",
        time_zone=TIME_ZONE,
        today=calendar.today,
        account_id=12,
        terms=calendar.terms(),
        grading_periods=calendar.grading_periods(),
        courses={id: course_of(id) for id in ids},
        contents=OnLookup(ids, plan.content),
        sis=sis_of(
            "Sandbox District High School",
            (people.student(number) for number in range(pool)),
            (),
            (each for id in ids for each in plan.classes(id)),
            (Category(f"CAT-{name.upper()}", name) for name in GROUPS),
            calendar.sessions(),
        ),
    )
