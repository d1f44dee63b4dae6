"""All that a sync looks up in the SIS before it judges, as the frames that the rules read. Reads only.

How Canvas's SIS ids find a class and a student is set by SIS_CLASS_MATCH and SIS_STUDENT_MATCH.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pandera.typing import DataFrame

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import SisRead
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.model import AcademicSession, Category, SisClass, Student

LONG_AGO, FAR_OFF = date(1700, 1, 1), date(2200, 1, 1)  # what a SIS has for "always" no frame could hold

ClassOf = Mapping[str, SisClass | None]  # by Canvas section id


def read_sis(client: OneRosterClient, sections: DataFrame[frames.Sections]) -> SisRead:
    """Read the class, roster, categories and grading periods of each section that has a SIS id.

    What is the district's is read once for courses synced together. A class that the SIS does not have is a
    row without class_id; every other failed read raises.
    """
    class_of = {
        str(section_id): class_named(client, str(sis_id))
        for section_id, sis_id in zip(sections["section_id"], sections["sis_section_id"], strict=True)
        if sis_id is not None
    }
    lists = client.district_lists()
    return SisRead(
        classes=_classes(class_of),
        roster=_roster(client, class_of),
        categories=_categories(lists.categories, class_of),
        grading_periods=_grading_periods(lists.sessions, class_of),
    )


def class_named(client: OneRosterClient, sis_section_id: str) -> SisClass | None:
    """Look up a section's class as SIS_CLASS_MATCH says; a classCode need not be unique in OneRoster."""
    if client.settings.class_match == "sourcedId":
        return client.find_class(sis_section_id)
    found = client.classes_of_code(sis_section_id)
    return found[0] if len(found) == 1 else None  # never a guess


def _classes(class_of: ClassOf) -> DataFrame[frames.SisClasses]:
    found = class_of.values()
    return frames.build(
        frames.SisClasses,
        {
            "section_id": list(class_of),
            "class_id": [each and each.sourced_id for each in found],
            "school_id": [each and each.school_id for each in found],
        },
    )


def _roster(client: OneRosterClient, class_of: ClassOf) -> DataFrame[frames.SisRoster]:
    by_identifier = client.settings.student_match == "identifier"
    students = {
        class_id: _by_canvas_id(client.class_students(class_id), by_identifier=by_identifier)
        for class_id in {each.sourced_id for each in class_of.values() if each is not None}
    }
    rows = [
        (section_id, canvas_id, student_id)
        for section_id, found in class_of.items()
        if found is not None
        for canvas_id, student_id in students[found.sourced_id].items()
    ]
    return frames.build(
        frames.SisRoster,
        {
            "section_id": [row[0] for row in rows],
            "sis_user_id": [row[1] for row in rows],
            "student_id": [row[2] for row in rows],
        },
    )


def _by_canvas_id(students: Iterable[Student], *, by_identifier: bool) -> dict[str, str]:
    """Map the ids that Canvas has to sourcedIds; an identifier that two students share finds neither."""
    if not by_identifier:
        return {each.sourced_id: each.sourced_id for each in students}
    named = {
        (each.identifier, each.sourced_id): each.sourced_id
        for each in students
        if each.identifier is not None
    }
    shared = Counter(identifier for identifier, _ in named)
    return {identifier: found for (identifier, _), found in named.items() if shared[identifier] == 1}


def _categories(categories: Iterable[Category], class_of: ClassOf) -> DataFrame[frames.SisCategories]:
    """Keep those that the course's classes may use."""
    ours = {each.sourced_id for each in class_of.values() if each is not None} | {None}
    kept = {each.sourced_id: each for each in categories if each.class_id in ours}.values()
    return frames.build(
        frames.SisCategories,
        {
            "category_id": [each.sourced_id for each in kept],
            "title": [each.title for each in kept],
            "active": [each.active for each in kept],
            "class_id": [each.class_id for each in kept],
        },
    )


def _grading_periods(
    sessions: Iterable[AcademicSession], class_of: ClassOf
) -> DataFrame[frames.SisGradingPeriods]:
    """Keep the periods that are, or lie within, a term of the section's class.

    OneRoster excludes the end date from a session; the frame's last day belongs to it. OneRoster has no word
    for a closed period either: one that is marked to be deleted takes no more grades.
    """
    by_id = {each.sourced_id: each for each in sessions}
    rows = [
        (section_id, period)
        for section_id, found in class_of.items()
        if found is not None
        for period in by_id.values()
        if period.kind == "gradingPeriod" and period.start < period.end
        if found.term_ids & _lineage(period, by_id)
    ]
    return frames.build(
        frames.SisGradingPeriods,
        {
            "section_id": [section_id for section_id, _ in rows],
            "period_id": [period.sourced_id for _, period in rows],
            "start_date": [max(period.start, LONG_AGO).isoformat() for _, period in rows],
            "end_date": [(min(period.end, FAR_OFF) - timedelta(days=1)).isoformat() for _, period in rows],
            "closed": [not period.active for _, period in rows],
        },
    )


def _lineage(session: AcademicSession, by_id: Mapping[str, AcademicSession]) -> set[str]:
    """Collect its id and those of all that it lies within; a circle in the data ends the walk."""
    lineage: set[str] = set()
    current: AcademicSession | None = session
    while current is not None and current.sourced_id not in lineage:
        lineage.add(current.sourced_id)
        if current.parent_id is None:
            break
        lineage |= {current.parent_id} if current.parent_id not in by_id else set()
        current = by_id.get(current.parent_id)
    return lineage
