"""A course being taught: what a teacher does over the weeks, in the words that the school's cases use.

It adds to a course builder; the cases themselves are in school_*.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from gpb_pipeline.sandbox import grading, people
from gpb_pipeline.sandbox.builder import CourseBuilder
from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.district import Assignment, Course, LatePolicyStatus, Person, Submission


class Classroom(CourseBuilder):
    """A course builder with a calendar. Days count from today, negative ones before it."""

    def __init__(self, calendar: Calendar, course: Course) -> None:
        super().__init__(course)
        self.calendar = calendar

    def staffed(self) -> "Classroom":
        """With its teacher and the test student, in the section that was added first."""
        first = self._sections[0]
        self.enroll(first, people.TEACHER, type="TeacherEnrollment")
        self.enroll(first, people.TEST_STUDENT, type="StudentViewEnrollment", sis_imported=False)
        return self

    def graded(
        self, assignment: Assignment, students: Sequence[Person], *scores: float, on: int = -4
    ) -> None:
        """Everyone handed in and was graded, a quiz by itself; the scores repeat over the students."""
        for n, student in enumerate(students):
            self.handed_in(assignment, student, on=on - 3)
            self.score(assignment, student, scores[n % len(scores)], on=on)

    def handed_in(self, assignment: Assignment, student: Person, *, on: int) -> None:
        at = self.calendar.afternoon(on)
        self.row(assignment, student, partial(grading.submit, assignment=assignment, at=at))

    def score(
        self,
        assignment: Assignment,
        student: Person,
        points: float,
        *,
        on: int = -4,
        deducted: float | None = None,
    ) -> None:
        at = self.calendar.afternoon(on)
        grader_id = grading.TEACHER_ID if assignment.quiz_id is None else -assignment.quiz_id
        self.row(
            assignment,
            student,
            partial(
                grading.score,
                assignment=assignment,
                points=points,
                at=at,
                grader_id=grader_id,
                deducted=deducted,
            ),
        )

    def scored_by_policy(self, assignment: Assignment, student: Person, points: float) -> None:
        """Missing work that the missing policy graded: nobody is its grader."""
        at = self.calendar.afternoon(-4)
        self.row(
            assignment,
            student,
            partial(grading.score, assignment=assignment, points=points, at=at, grader_id=None),
        )

    def excused(self, assignment: Assignment, student: Person) -> None:
        self.row(assignment, student, partial(grading.excuse, at=self.calendar.afternoon(-4)))

    def cleared(self, assignment: Assignment, student: Person) -> None:
        self.row(assignment, student, grading.clear)

    def hidden(self, assignment: Assignment, student: Person) -> None:
        self.row(assignment, student, grading.hide)

    def marked(self, assignment: Assignment, student: Person, status: LatePolicyStatus) -> None:
        self.row(assignment, student, partial(grading.mark, status=status, at=self.calendar.afternoon(-4)))

    def noted(self, assignment: Assignment, student: Person, text: str) -> None:
        """A grade in words, without a score."""
        at = self.calendar.afternoon(-4)
        self.row(assignment, student, partial(_noted, text=text), partial(grading.post, at=at))

    def partly_graded(self, assignment: Assignment, student: Person, points: float) -> None:
        """Some of it is still to be reviewed by hand, and the score so far is not posted."""
        self.handed_in(assignment, student, on=-5)
        text = grading.displayed_grade(assignment, points)
        self.row(assignment, student, partial(_pending, points=points, text=text))


def _noted(row: Submission, text: str) -> Submission:
    return replace(row, grade=text, workflow_state="graded")


def _pending(row: Submission, points: float, text: str | None) -> Submission:
    return replace(row, score=points, grade=text, workflow_state="pending_review")
