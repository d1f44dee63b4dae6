"""The SIS's half of a district, from its Canvas half: the class of each section, and its roster.

Which categories there are, and where the two halves differ, the districts say (school.py, generator.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from gpb_pipeline.sandbox.district import (
    AcademicSession,
    Category,
    Course,
    Enrollment,
    Person,
    Section,
    Sis,
    SisClass,
    SisStudent,
)

SisIds = Literal["shared", "own"]


def student_of(person: Person) -> SisStudent:
    assert person.sis_id is not None
    return SisStudent(person.sis_id, person.sis_id.lstrip("S"), person.given_name, person.family_name)


def class_of(
    course: Course,
    section: Section,
    enrollments: Iterable[Enrollment],
    people: Mapping[int, Person],
    *,
    off_roster: frozenset[str] = frozenset(),
) -> SisClass:
    """The class with the section's SIS id: its active students whom the SIS knows, but for those off it."""
    assert section.sis_id is not None
    roster = {
        people[each.user_id].sis_id
        for each in enrollments
        if each.section_id == section.id and each.type == "StudentEnrollment" and each.state == "active"
    }
    known = frozenset(each for each in roster if each is not None)
    return SisClass(section.sis_id, section.name, course.code, known - off_roster)


def sis_of(
    school_name: str,
    people: Iterable[Person],
    classes: Iterable[SisClass],
    categories: Iterable[Category],
    sessions: Mapping[str, AcademicSession],
) -> Sis:
    students = [student_of(each) for each in people if each.sis_id is not None]
    return Sis(
        school_id="SCHOOL-1",
        school_name=school_name,
        students={each.sourced_id: each for each in students},
        classes={each.sourced_id: each for each in classes},
        categories={each.sourced_id: each for each in categories},
        sessions=sessions,
    )


def with_own_ids(sis: Sis) -> Sis:
    """The same SIS with sourcedIds of its own: Canvas's ids are then only classCode and identifier."""
    classes = [
        replace(
            each,
            sourced_id=_own(each.sourced_id),
            code=each.sourced_id,
            roster=frozenset(_own(student) for student in each.roster),
        )
        for each in sis.classes.values()
    ]
    students = [
        replace(each, sourced_id=_own(each.sourced_id), identifier=each.sourced_id)
        for each in sis.students.values()
    ]
    categories = {
        key: replace(each, class_id=_own(each.class_id) if each.class_id else None)
        for key, each in sis.categories.items()
    }
    return replace(
        sis,
        classes={each.sourced_id: each for each in classes},
        students={each.sourced_id: each for each in students},
        categories=categories,
    )


def _own(canvas_id: str) -> str:
    return f"own-{canvas_id}"
