"""The SIS's half of a district, from its Canvas half: the class of each section, and its roster.

Which categories there are, and where the two halves differ, the districts say (school.py, generator.py).
"""

from collections.abc import Iterable, Mapping

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
