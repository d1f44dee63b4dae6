"""What both sandbox servers hold: the records of a district's Canvas and of its SIS.

Only frozen records and the district that gathers them belong here; how they are served, changed or made up
is elsewhere. Canvas ids are ints and SIS ids strings, as on the wire; every datetime is aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Literal

EnrollmentState = Literal[
    "active", "invited", "creation_pending", "inactive", "completed", "rejected", "deleted"
]
EnrollmentType = Literal["StudentEnrollment", "StudentViewEnrollment", "TeacherEnrollment"]
GradingType = Literal["points", "percent", "letter_grade", "gpa_scale", "pass_fail", "not_graded"]
SubmissionState = Literal["submitted", "unsubmitted", "graded", "pending_review"]
LatePolicyStatus = Literal["late", "missing", "none", "extended"]
CourseState = Literal["unpublished", "available", "completed", "deleted"]
SessionType = Literal["gradingPeriod", "semester", "schoolYear", "term"]


class DueDate(Enum):
    """The due date of an override that has none of its own: its key is absent on the wire, not null."""

    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class Person:
    """A Canvas user; `sis_id` is None for someone the SIS does not know by that login."""

    id: int
    given_name: str
    family_name: str
    sis_id: str | None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def sortable_name(self) -> str:
        return f"{self.family_name}, {self.given_name}"


@dataclass(frozen=True, slots=True)
class Course:
    """A Canvas course without its content. `concluded` is by date; its workflow state stays available."""

    id: int
    name: str
    code: str
    sis_id: str | None
    term_id: int
    workflow_state: CourseState = "available"
    concluded: bool = False
    blueprint: bool = False
    access_restricted_by_date: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section under the course it is in now; `nonxlist_course_id` is where it was cross-listed from."""

    id: int
    course_id: int
    name: str
    sis_id: str | None
    nonxlist_course_id: int | None = None


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A person's enrollment in a section; without a SIS import the `post_to_sis` filter drops the student."""

    id: int
    user_id: int
    section_id: int
    type: EnrollmentType = "StudentEnrollment"
    state: EnrollmentState = "active"
    sis_imported: bool = True


@dataclass(frozen=True, slots=True)
class AssignmentGroup:
    """An assignment group; `integration_data` is what a sync leaves there to show the group as aligned."""

    id: int
    name: str
    position: int
    weight: float = 0.0
    sis_source_id: str | None = None
    integration_data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Override:
    """A date for a section, some students, a group or the course: exactly one is set.

    A group's `student_ids` are its members. With `module_id` the override is one of the assignment's module.
    """

    id: int
    title: str
    due_at: datetime | DueDate | None
    section_id: int | None = None
    student_ids: tuple[int, ...] = ()
    course_id: int | None = None
    group_id: int | None = None
    module_id: int | None = None
    unassign_item: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One of a checkpointed discussion's two parts."""

    tag: Literal["reply_to_topic", "reply_to_entry"]
    points_possible: float
    due_at: datetime | None
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment with its base due date and its overrides."""

    id: int
    name: str
    group_id: int
    points_possible: float | None
    due_at: datetime | None
    position: int = 1
    grading_type: GradingType = "points"
    submission_types: tuple[str, ...] = ("online_upload",)
    published: bool = True
    post_to_sis: bool = True
    only_visible_to_overrides: bool = False
    overrides: tuple[Override, ...] = ()
    omit_from_final_grade: bool = False
    post_manually: bool = False
    quiz_id: int | None = None
    is_new_quiz: bool = False
    group_category_id: int | None = None
    anonymous_grading: bool = False
    moderated_grading: bool = False
    grades_published: bool = False  # of moderated work; until then nobody's score shows
    checkpoints: tuple[Checkpoint, ...] = ()

    @property
    def for_everyone(self) -> bool:
        """Whether students whom no override names have it: a module assigned to some takes it away."""
        by_module = any(each.module_id is not None and each.course_id is None for each in self.overrides)
        return not self.only_visible_to_overrides and not by_module


@dataclass(frozen=True, slots=True)
class Submission:
    """A stored submission row. `score` is net of the late deduction; late and missing are computed."""

    assignment_id: int
    user_id: int
    score: float | None = None
    grade: str | None = None
    excused: bool | None = None
    workflow_state: SubmissionState = "unsubmitted"
    submitted_at: datetime | None = None
    graded_at: datetime | None = None
    posted_at: datetime | None = None
    grader_id: int | None = None
    attempt: int | None = None
    submission_type: str | None = None
    grade_matches_current_submission: bool = True
    late_policy_status: LatePolicyStatus | None = None
    points_deducted: float | None = None
    custom_grade_status_id: int | None = None


@dataclass(frozen=True, slots=True)
class CourseContent:
    """Everything inside one course. Students without a stored submission still have a row in Canvas."""

    course: Course
    sections: tuple[Section, ...]
    people: Mapping[int, Person]
    enrollments: tuple[Enrollment, ...]
    groups: tuple[AssignmentGroup, ...]
    assignments: tuple[Assignment, ...]
    submissions: Mapping[tuple[int, int], Submission]  # keyed by (assignment id, user id)


@dataclass(frozen=True, slots=True)
class Term:
    """An enrollment term of Canvas."""

    id: int
    name: str
    sis_id: str | None
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class GradingPeriod:
    """A grading period of Canvas; it holds what is due after `start_at` and no later than `end_at`."""

    id: int
    title: str
    start_at: datetime
    end_at: datetime
    close_at: datetime


@dataclass(frozen=True, slots=True)
class SisPerson:
    """A student or teacher as the SIS knows them; `identifier` is the number printed on the card."""

    sourced_id: str
    identifier: str
    given_name: str
    family_name: str


@dataclass(frozen=True, slots=True)
class SisCourse:
    """What a class is a class of."""

    sourced_id: str
    title: str
    code: str


@dataclass(frozen=True, slots=True)
class SisClass:
    """A class of the SIS with the sourcedIds of the students on its roster and of its teachers."""

    sourced_id: str
    title: str
    code: str
    course: SisCourse
    roster: frozenset[str] = frozenset()
    teachers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Category:
    """A grading category; with `class_id` it belongs to that class alone (`metadata.classId`)."""

    sourced_id: str
    title: str
    class_id: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class AcademicSession:
    """A term or grading period of the SIS: from `start` up to, and without, `end`."""

    sourced_id: str
    title: str
    type: SessionType
    start: date
    end: date
    parent_id: str | None = None
    closed: bool = False

    def covers(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True)
class Sis:
    """The SIS side: one school of a district, its people, classes, categories and academic sessions."""

    district_id: str
    school_id: str
    school_name: str
    students: Mapping[str, SisPerson]
    teachers: Mapping[str, SisPerson]
    classes: Mapping[str, SisClass]
    categories: Mapping[str, Category]
    sessions: Mapping[str, AcademicSession]


@dataclass(frozen=True)
class District:
    """A district seen on `today`. `contents` may make a course up each time that it is looked up."""

    name: str
    time_zone: str
    today: date
    account_id: int
    terms: tuple[Term, ...]
    grading_periods: tuple[GradingPeriod, ...]
    courses: Mapping[int, Course]
    contents: Mapping[int, CourseContent]
    sis: Sis
