"""The grading periods of a course's classes, from the SIS's sessions, and where they end.

Which of them a due date finds is a rule's.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Literal

from gpb_pipeline.passback.frames import Unframed
from gpb_pipeline.sis.model import AcademicSession, SisClass

LONG_AGO, FAR_OFF = date(1700, 1, 1), date(2200, 1, 1)  # what a SIS has for "always" no frame could hold
PeriodEnd = Literal["exclusive", "inclusive"]  # whether a session's end date still belongs to it
ClassOf = Mapping[str, SisClass | None]  # by Canvas section id


def seen_end(sessions: Iterable[AcademicSession]) -> PeriodEnd | None:
    """Tell from periods that follow one another how the SIS means their end; None where none shows it.

    Where the next begins on the end date, that day is the next one's; where it begins the day after, the end
    date would be in neither.
    """
    periods = [each for each in sessions if each.kind == "gradingPeriod" and each.active]
    starts = {(each.parent_id, each.start) for each in periods}
    ends = [(each.parent_id, each.end) for each in periods if each.end < date.max]
    touching = sum(each in starts for each in ends)
    apart = sum((parent_id, end + timedelta(days=1)) in starts for parent_id, end in ends)
    if touching == apart:
        return None
    return "exclusive" if touching > apart else "inclusive"


def grading_periods(sessions: Iterable[AcademicSession], class_of: ClassOf, end_date: PeriodEnd) -> Unframed:
    """Keep the periods that are, or lie within, a term of the section's class.

    The frame's last day belongs to the period; the SIS's `end_date` is the day after, or it. OneRoster has no
    word for a closed period: one that is marked to be deleted takes no more grades.
    """
    beyond = timedelta(days=1 if end_date == "exclusive" else 0)
    by_id = {each.sourced_id: each for each in sessions}
    rows = [
        (section_id, period.sourced_id, first, end - beyond, end, not period.active)
        for section_id, found in class_of.items()
        if found is not None
        for period in by_id.values()
        if period.kind == "gradingPeriod" and found.term_ids & _lineage(period, by_id)
        for first, end in [(max(period.start, LONG_AGO), min(max(period.end, LONG_AGO), FAR_OFF))]
        if first <= end - beyond
    ]
    return {
        "section_id": [row[0] for row in rows],
        "period_id": [row[1] for row in rows],
        "start_date": [row[2].isoformat() for row in rows],
        "end_date": [row[3].isoformat() for row in rows],
        "stated_end": [row[4].isoformat() for row in rows],
        "closed": [row[5] for row in rows],
    }


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
