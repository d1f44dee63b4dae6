"""What a preview shows: what would become of each assignment × section and its grades, and each cause.

Pure; made of an outlook that has only what was chosen, so that all counts are of that and add up. How it
looks is asked.html's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gpb_pipeline.outlook import Offer, Outlook
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code, Issue
from gpb_pipeline.warehouse.details import meaning
from gpb_pipeline.warehouse.failed_before import FailedBefore

Before = Mapping[tuple[str, str], Sequence[FailedBefore]]
"""What failed in the last sync, by assignment and section."""

WOULD = {
    "create": "Would be created",
    "update": "Would be updated",
    "withdraw": "Would be withdrawn",
    "unchanged": "Unchanged",
    "skipped": "Would be skipped",
    "failed": "Would fail",
}
"""What a preview's states say, in the order that they are shown."""
KEPT_BACK = ("skipped", "failed")
GOES = ("create", "update", "withdraw")


@dataclass(frozen=True, kw_only=True)
class PreviewLine:
    """An assignment in a section: what would become of it, of its grades by state, and what keeps them back.

    `before`: why what is to go failed in the last sync; it is tried again.
    `would` is None where the section does not have the assignment any more and the SIS holds grades of it.
    """

    assignment_name: str
    section_name: str
    would: str | None
    grades: Mapping[str, int]
    why: tuple[Issue, ...]
    before: tuple[FailedBefore, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PreviewCause:
    """A cause in a preview: of how many assignments by section and grades, what it means, who can mend it."""

    meaning: Issue
    assignments: int
    grades: int


def going(found: Outlook) -> list[str]:
    """Name the assignments that a preview showed as going in some section."""
    return sorted({each.assignment_id for each in found.offers if each.selectable})


def lines(found: Outlook, before: Before) -> list[PreviewLine]:
    """List what was chosen, by assignment and section; `before` has what failed in the last sync."""
    offers, again = _offers(found), tried_again(found, before)
    names = {each.assignment_id: each.assignment_name for each in found.offers}
    grades: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    codes: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for place, offer in offers.items():
        if offer.state in KEPT_BACK and offer.code:
            codes[place][offer.code] = None
    for each in found.grades:
        place = (each.assignment_id, each.section_id)
        grades[place][each.state] += each.count
        if each.state in KEPT_BACK and each.code:
            codes[place][_own(each.code, offers.get(place))] = None
    return [
        PreviewLine(
            assignment_name=names.get(assignment_id, f"Assignment {assignment_id}"),
            section_name=found.sections.get(section_id, f"Section {section_id}"),
            would=WOULD.get(offers[assignment_id, section_id].state)
            if (assignment_id, section_id) in offers
            else None,
            grades=grades[assignment_id, section_id],
            why=tuple(CATALOGUE[Code(code)] for code in codes[assignment_id, section_id]),
            before=again.get((assignment_id, section_id), ()),
        )
        for assignment_id, section_id in dict.fromkeys([*offers, *grades])
    ]


def tried_again(found: Outlook, before: Before) -> dict[tuple[str, str], tuple[FailedBefore, ...]]:
    """Take of what failed before what is seen here and would go now, by assignment and section."""
    goes = {place for place, offer in _offers(found).items() if offer.state in GOES}
    grades = {(each.assignment_id, each.section_id) for each in found.grades if each.state in GOES}
    told = {
        place: tuple(each for each in failed if place in (grades if each.grades else goes))
        for place, failed in before.items()
    }
    return {place: failed for place, failed in told.items() if failed}


def by_assignment(found: Outlook, before: Before) -> dict[str, list[FailedBefore]]:
    """The same of an assignment in all its sections: each cause once, its grades added up."""
    grades: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for (assignment_id, _), failed in tried_again(found, before).items():
        for each in failed:
            grades[assignment_id][each.code, each.grades > 0] += each.grades
    return {
        assignment_id: [
            FailedBefore(code=code, meaning=meaning(code), grades=count)
            for (code, _), count in counts.items()
        ]
        for assignment_id, counts in grades.items()
    }


def assignment_states(found: Outlook) -> list[tuple[str, int]]:
    return _counted(Counter(each.state for each in found.offers))


def grade_states(found: Outlook) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for each in found.grades:
        counts[each.state] += each.count
    return _counted(counts)


def states(found: Outlook) -> list[str]:
    """Name the states that some grade would have, in their order."""
    met = {each.state for each in found.grades}
    return [state for state in WOULD if state in met]


def causes(found: Outlook) -> list[PreviewCause]:
    """List what keeps things back, each counted once under the cause that it carries, and what is told.

    What is skipped or fails adds up to the counts by state: a grade whose assignment is not sent counts under
    the assignment's cause. The gravest and most frequent come first.
    """
    offers = _offers(found)
    assignments: Counter[str] = Counter()
    grades: Counter[str] = Counter()
    for offer in found.offers:
        if offer.state in KEPT_BACK and offer.code:
            assignments[offer.code] += 1
    for each in found.grades:
        if each.state in KEPT_BACK and each.code:
            grades[_own(each.code, offers.get((each.assignment_id, each.section_id)))] += each.count
    for cause in found.causes:
        meaning = CATALOGUE[Code(cause.code)]
        if meaning.effect == "none":
            (grades if meaning.kind == "grade" else assignments)[cause.code] += cause.count
    told = [
        PreviewCause(meaning=CATALOGUE[Code(code)], assignments=assignments[code], grades=grades[code])
        for code in dict.fromkeys([*assignments, *grades])
    ]
    grave = ("error", "warning", "info")
    return sorted(
        told, key=lambda each: (grave.index(each.meaning.severity), -each.assignments - each.grades)
    )


def _offers(found: Outlook) -> dict[tuple[str, str], Offer]:
    return {(each.assignment_id, each.section_id): each for each in found.offers}


def _own(code: str, offer: Offer | None) -> str:
    """Say what keeps a grade back: its assignment's cause, where that is not sent."""
    return offer.code if code == Code.ASSIGNMENT_NOT_SENT and offer and offer.code else code


def _counted(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(label, counts[state]) for state, label in WOULD.items() if counts[state]]
