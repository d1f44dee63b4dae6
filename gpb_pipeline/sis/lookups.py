"""All that a sync looks up in the SIS before it judges, as the frames that the rules read. Reads only.

How Canvas's SIS ids find a class and a student is set by SIS_CLASS_MATCH and SIS_STUDENT_MATCH.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from pandera.typing import DataFrame

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import SisRead
from gpb_pipeline.passback.frames import Unframed
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import AccessError, ForbiddenError, RefusedError
from gpb_pipeline.sis.model import Category, SisClass, Student
from gpb_pipeline.sis.periods import ClassOf, grading_periods

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rostered:
    """A class with its students and, where the SIS tells them by class, its categories."""

    found: SisClass
    students: Collection[Student]
    categories: list[Category] | None


def read_sis(client: OneRosterClient, sections: DataFrame[frames.Sections], enrollments: Unframed) -> SisRead:
    """Read the class, roster, categories and grading periods of each section that has a SIS id.

    What is the district's is read once for courses synced together, what is a school's where that is less. A
    class that the SIS does not have, or does not show, is a row without class_id; every other failed read
    raises. `enrollments`: Canvas's, whose students no roster lacks on the word of a school's lists alone.
    """
    sis_ids = {
        str(section_id): str(sis_id)
        for section_id, sis_id in zip(sections["section_id"], sections["sis_section_id"], strict=True)
        if sis_id is not None
    }
    named = list(dict.fromkeys(sis_ids.values()))
    people = _expected(sis_ids, enrollments)
    found = client.abreast(partial(_rostered, client, sis_id, people[sis_id]) for sis_id in named)
    known = dict(zip(named, found, strict=True))
    of = {section_id: known[sis_id] for section_id, sis_id in sis_ids.items()}
    class_of = {section_id: None if each is None else each.found for section_id, each in of.items()}
    lists = client.district_lists()
    listed = {each.found.sourced_id: each.categories for each in known.values() if each is not None}
    return SisRead(
        columns={
            frames.SisClasses: _classes(class_of),
            frames.SisRoster: _roster(of, by_identifier=client.settings.student_match == "identifier"),
            frames.SisCategories: _categories(course_categories(client, lists.categories, listed)),
            frames.SisGradingPeriods: grading_periods(lists.sessions, class_of, client.settings.period_end),
        }
    )


def _expected(sis_ids: Mapping[str, str], enrollments: Unframed) -> Mapping[str, Set[str]]:
    """Collect by a section's SIS id whom Canvas has in it by a SIS id of their own."""
    expected: dict[str, set[str]] = {sis_id: set() for sis_id in sis_ids.values()}
    columns = ("section_id", "type", "state", "sis_user_id")
    for section_id, kind, state, sis_user_id in zip(*(enrollments[each] for each in columns), strict=True):
        active = kind == "StudentEnrollment" and state == "active"
        if active and section_id in sis_ids and isinstance(sis_user_id, str):
            expected[sis_ids[section_id]].add(sis_user_id)
    return expected


def _rostered(client: OneRosterClient, sis_id: str, expected: Set[str]) -> Rostered | None:
    """Look a class up with what is read of it; one shut to these credentials, or gone, costs itself."""
    try:
        found = class_by_school(client, sis_id) or class_named(client, sis_id)
        if found is None:
            return None
        students = _students(client, found, expected)
        return Rostered(found, students, client.class_categories(found.sourced_id))
    except AccessError:
        raise
    except RefusedError as refused:
        if not isinstance(refused, ForbiddenError) and refused.status != HTTPStatus.NOT_FOUND:
            raise
        logger.warning("%s", refused)
        return None


def class_by_school(client: OneRosterClient, sis_section_id: str) -> SisClass | None:
    """Find a section's class in its school's lists; not by a classCode, which another school may have too."""
    if client.settings.class_match != "sourcedId":
        return None
    listed = client.schools.listed(sis_section_id, client.school_lists)
    return None if listed is None else listed.found


def _students(client: OneRosterClient, found: SisClass, expected: Set[str]) -> Collection[Student]:
    """Take the class's students from its school's lists; ask the class where these lack any, or are none."""
    listed = client.schools.listed(found.sourced_id, client.school_lists)
    if listed is not None and listed.found == found:
        by_identifier = client.settings.student_match == "identifier"
        if expected <= _by_canvas_id(listed.students, by_identifier=by_identifier).keys():
            return listed.students
    students = client.class_students(found.sourced_id)
    client.schools.read_alone(found, students)
    return students


def class_named(client: OneRosterClient, sis_section_id: str) -> SisClass | None:
    """Look up a section's class as SIS_CLASS_MATCH says; a classCode need not be unique in OneRoster."""
    if client.settings.class_match == "sourcedId":
        return client.find_class(sis_section_id)
    found = client.classes_of_code(sis_section_id)
    return found[0] if len(found) == 1 else None  # never a guess


def _classes(class_of: ClassOf) -> Unframed:
    found = class_of.values()
    return {
        "section_id": list(class_of),
        "class_id": [each and each.sourced_id for each in found],
        "school_id": [each and each.school_id for each in found],
    }


def _roster(of: Mapping[str, Rostered | None], *, by_identifier: bool) -> Unframed:
    students = {
        each.found.sourced_id: _by_canvas_id(each.students, by_identifier=by_identifier)
        for each in of.values()
        if each is not None
    }
    rows = [
        (section_id, canvas_id, student_id)
        for section_id, each in of.items()
        if each is not None
        for canvas_id, student_id in students[each.found.sourced_id].items()
    ]
    return {
        "section_id": [row[0] for row in rows],
        "sis_user_id": [row[1] for row in rows],
        "student_id": [row[2] for row in rows],
    }


def _by_canvas_id(students: Iterable[Student], *, by_identifier: bool) -> dict[str, str]:
    """Map the ids that Canvas has to sourcedIds; an identifier that two students share finds neither.

    In an order of its own: the SIS's tells nothing, and differs by what was asked.
    """
    if not by_identifier:
        return {each: each for each in sorted({each.sourced_id for each in students})}
    named = {(each.identifier, each.sourced_id) for each in students if each.identifier is not None}
    shared = Counter(identifier for identifier, _ in named)
    return {identifier: found for identifier, found in sorted(named) if shared[identifier] == 1}


def course_categories(
    client: OneRosterClient, district: Collection[Category], listed: Mapping[str, list[Category] | None]
) -> list[Category]:
    """Keep what a course's classes may use: as the SIS tells by class, else as each category says itself.

    Asked once every class of the course was: what one has says what another's 404 means.
    """
    told = {class_id: of_class for class_id, of_class in listed.items() if of_class is not None}
    if client.tells_class_categories and told and len(told) == len(listed):
        return _told_by_class(told, {each.sourced_id for each in district})
    kept = {each.sourced_id: each for each in district if each.class_id in {*listed, None}}
    return list(kept.values())


def _told_by_class(told: Mapping[str, list[Category]], district: Collection[str]) -> list[Category]:
    """Give a category to each class that lists it; what all list, or one and the district, is everybody's."""
    listing: dict[str, dict[str, Category]] = defaultdict(dict)
    for class_id, listed in told.items():
        for each in listed:
            listing[each.sourced_id][class_id] = each
    kept: list[Category] = []
    for category_id, classes in listing.items():
        [first, *_] = classes.values()
        if len(classes) == len(told) and (len(told) > 1 or category_id in district):
            kept.append(first)
        else:
            kept += [replace(each, class_id=class_id) for class_id, each in classes.items()]
    return kept


def _categories(kept: Collection[Category]) -> Unframed:
    return {
        "category_id": [each.sourced_id for each in kept],
        "title": [each.title for each in kept],
        "active": [each.active for each in kept],
        "class_id": [each.class_id for each in kept],
    }
