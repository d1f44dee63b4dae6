"""The default district: a small high school in which every case of the manual and of Canvas's traps occurs.

Its courses are built in school_*.py; here they become a district, with the SIS beside it and the places
where the SIS differs from Canvas.
"""

from datetime import date

from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.district import Category, Course, CourseContent, District, SisClass
from gpb_pipeline.sandbox.school_assignments import biology
from gpb_pipeline.sandbox.school_audiences import health
from gpb_pipeline.sandbox.school_grades import algebra, english, spanish
from gpb_pipeline.sandbox.school_sections import (
    HISTORY_OF_MR_COLE,
    OFF_ROSTER,
    UNKNOWN_CLASSES,
    earth_science,
    history,
)
from gpb_pipeline.sandbox.sis_side import class_of, sis_of

TIME_ZONE = "America/New_York"
LAST_YEAR, THIS_YEAR = 30, 31  # terms
CATEGORIES = (
    Category("CAT-HW", "Homework"),
    Category("CAT-QUIZ", "Quizzes"),
    Category("CAT-TEST", "Tests"),
    Category("CAT-LAB", "Labs"),
    Category("CAT-CLASSWORK", "Classwork"),
    Category("CAT-DISCUSSION", "Discussions"),
    Category("CAT-PARTICIPATION", "Class Participation"),  # Canvas says Participation: no match, a near one
    Category("CAT-ESSAY", "Essays"),
    Category("CAT-ESSAY-HIST9-1", "Essays", class_id="HIST9-1"),  # the class's own goes before the global one
    Category("CAT-MAPS-HIST9-1", "Map Skills", class_id="HIST9-1"),  # no category of the other classes
    Category("CAT-PROJECT-A", "Projects"),  # the same title twice: ambiguous
    Category("CAT-PROJECT-B", "Projects"),
    Category("CAT-WARMUP", "Warm-Ups", active=False),
)


def school(today: date) -> District:
    """The school as it is on `today`: a closed marking period behind, one open, one ahead."""
    calendar = Calendar(today, TIME_ZONE)
    contents = {
        each.course.id: each
        for each in (
            algebra(calendar),
            english(calendar),
            biology(calendar),
            history(calendar),
            earth_science(calendar),
            spanish(calendar),
            health(calendar),
            *map(_empty, _bystanders()),
        )
    }
    students, teachers = (
        {
            each.user_id: content.people[each.user_id]
            for content in contents.values()
            for each in content.enrollments
            if each.type == type
        }
        for type in ("StudentEnrollment", "TeacherEnrollment")
    )
    return District(
        name="Sandbox Central School District",
        time_zone=TIME_ZONE,
        today=today,
        account_id=12,
        terms=calendar.terms(),
        grading_periods=calendar.grading_periods(),
        courses={id: content.course for id, content in contents.items()},
        contents=contents,
        sis=sis_of(
            "Sandbox High School",
            students.values(),
            teachers.values(),
            [each for content in contents.values() for each in _classes(content)],
            CATEGORIES,
            calendar.sessions(),
        ),
    )


def _classes(content: CourseContent) -> list[SisClass]:
    return [
        class_of(content.course, each, content.enrollments, content.people, off_roster=OFF_ROSTER)
        for each in content.sections
        if each.sis_id is not None and each.sis_id not in UNKNOWN_CLASSES
    ]


def _bystanders() -> list[Course]:
    """Courses that no sync should touch."""
    return [
        HISTORY_OF_MR_COLE,
        Course(1101, "English 9 Blueprint", "ENG9-BP", None, THIS_YEAR, blueprint=True),
        Course(1102, "Algebra I (last year)", "ALG1", "ALG1-OLD", LAST_YEAR, "completed"),
        Course(1103, "Summer Bridge", "BRIDGE", "BRIDGE", LAST_YEAR, concluded=True),
        Course(1104, "Staff Training", "STAFF", None, THIS_YEAR, access_restricted_by_date=True),
        Course(1105, "Chemistry (in preparation)", "CHEM1", "CHEM1", THIS_YEAR, "unpublished"),
    ]


def _empty(course: Course) -> CourseContent:
    return CourseContent(course, (), {}, (), (), (), {})
