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
    EnrollmentType,
    Person,
    Section,
    Sis,
    SisClass,
    SisCourse,
    SisPerson,
)

SisIds = Literal["shared", "own"]


def person_of(person: Person) -> SisPerson:
    assert person.sis_id is not None
    return SisPerson(person.sis_id, person.sis_id.lstrip("ST"), person.given_name, person.family_name)


def class_of(
    course: Course,
    section: Section,
    enrollments: Iterable[Enrollment],
    people: Mapping[int, Person],
    *,
    off_roster: frozenset[str] = frozenset(),
) -> SisClass:
    """The class with the section's SIS id: its active people whom the SIS knows, but for those off it."""
    assert section.sis_id is not None

    def active(type: EnrollmentType) -> frozenset[str]:
        ids = {
            people[each.user_id].sis_id
            for each in enrollments
            if each.section_id == section.id and each.type == type and each.state == "active"
        }
        return frozenset(each for each in ids if each is not None)

    return SisClass(
        section.sis_id,
        section.name,
        course.code,
        SisCourse(f"COURSE-{course.id}", course.name, course.code),
        active("StudentEnrollment") - off_roster,
        active("TeacherEnrollment"),
    )


def sis_of(
    school_name: str,
    students: Iterable[Person],
    teachers: Iterable[Person],
    classes: Iterable[SisClass],
    categories: Iterable[Category],
    sessions: Mapping[str, AcademicSession],
) -> Sis:
    return Sis(
        district_id="DISTRICT-1",
        school_id="SCHOOL-1",
        school_name=school_name,
        students=_known(students),
        teachers=_known(teachers),
        classes={each.sourced_id: each for each in classes},
        categories={each.sourced_id: each for each in categories},
        sessions=sessions,
    )


def _known(people: Iterable[Person]) -> dict[str, SisPerson]:
    """Those whom the SIS knows."""
    return {each.sis_id: person_of(each) for each in people if each.sis_id is not None}


def with_own_ids(sis: Sis) -> Sis:
    """The same SIS with sourcedIds of its own: Canvas's ids are then only classCode and identifier."""
    classes = [
        replace(
            each,
            sourced_id=_own(each.sourced_id),
            code=each.sourced_id,
            roster=frozenset(_own(student) for student in each.roster),
            teachers=frozenset(_own(teacher) for teacher in each.teachers),
        )
        for each in sis.classes.values()
    ]
    categories = {
        key: replace(each, class_id=_own(each.class_id) if each.class_id else None)
        for key, each in sis.categories.items()
    }
    return replace(
        sis,
        classes={each.sourced_id: each for each in classes},
        students=_with_own_ids(sis.students),
        teachers=_with_own_ids(sis.teachers),
        categories=categories,
    )


def _with_own_ids(people: Mapping[str, SisPerson]) -> dict[str, SisPerson]:
    return {_own(key): replace(each, sourced_id=_own(key), identifier=key) for key, each in people.items()}


def _own(canvas_id: str) -> str:
    return f"own-{canvas_id}"
