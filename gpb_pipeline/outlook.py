"""What a look at a course found, as the desk shows it and the warehouse keeps it. No student stands in it.

Made of a preview's rows: each assignment × section with what would become of it, grades and causes counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd

from gpb_pipeline.passback.categories.choice import Category, told_apart, usable
from gpb_pipeline.passback.categories.window import CategoryList, Label, SectionCategory
from gpb_pipeline.passback.rules.issues import Code

SELECTABLE = frozenset({None, Code.NO_GRADES_YET.value, Code.NOT_SELECTED.value})
"""They go, or wait for a score or for being chosen; any other cause keeps an assignment back."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An assignment in a section; times are ISO 8601 in UTC, `code` says what keeps it back."""

    assignment_id: str
    assignment_name: str
    section_id: str
    due_at: str | None
    last_sync: str | None
    state: str
    code: str | None

    @property
    def selectable(self) -> bool:
        return self.code in SELECTABLE


@dataclass(frozen=True, kw_only=True)
class GradeCount:
    """How many grades of an assignment in a section would end alike."""

    assignment_id: str
    section_id: str
    state: str
    code: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class CauseCount:
    """How often a cause was met, of an assignment in a section; both are None where it is the course's."""

    code: str
    section_id: str | None
    assignment_id: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class SectionRow:
    """A section under an assignment group; `category_id` is what it goes to, `offered` what it may.

    `apart` tells those of one title from one another. `code` says why it goes to none.
    """

    section_id: str
    section_name: str
    sis_section_id: str
    category_id: str | None
    offered: tuple[str, ...]
    apart: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """An assignment group of Sync SIS Categories."""

    group_id: str
    group_name: str
    sections: tuple[SectionRow, ...]

    @property
    def unassociated(self) -> int:
        """How many sections go to no category."""
        return sum(each.category_id is None for each in self.sections)

    @property
    def label(self) -> str:
        associated = self.sections and not self.unassociated
        return (Label.SYNCHRONIZED if associated else Label.UNASSOCIATED).value

    def of_sections(self, only: Collection[str]) -> GroupRow:
        return replace(self, sections=tuple(each for each in self.sections if each.section_id in only))


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A course as a sync would find it now; `sections` and `categories` are names by id.

    `stop` is the code of what a sync refuses the course for (rules/stops.py).
    """

    sections: Mapping[str, str]
    offers: tuple[Offer, ...]
    grades: tuple[GradeCount, ...]
    causes: tuple[CauseCount, ...]
    groups: tuple[GroupRow, ...]
    categories: Mapping[str, str]
    note: str | None = None
    stop: str | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    def of_sections(self, only: Collection[str]) -> Outlook:
        """Leave out what is not of these sections, as if the course had no others."""
        return replace(
            self,
            sections={key: name for key, name in self.sections.items() if key in only},
            offers=tuple(each for each in self.offers if each.section_id in only),
            grades=tuple(each for each in self.grades if each.section_id in only),
            causes=tuple(each for each in self.causes if each.section_id in only),
            groups=tuple(each.of_sections(only) for each in self.groups),
        )

    def of_assignments(self, chosen: Collection[str]) -> Outlook:
        """Leave out what is of other assignments; what is the course's stays."""
        kept = {None, *chosen}
        return replace(
            self,
            offers=tuple(each for each in self.offers if each.assignment_id in chosen),
            grades=tuple(each for each in self.grades if each.assignment_id in chosen),
            causes=tuple(each for each in self.causes if each.assignment_id in kept),
        )


def outlook(
    sections: pd.DataFrame,
    assignments: pd.DataFrame,
    grades: pd.DataFrame,
    issues: pd.DataFrame,
    *,
    last_sync: Mapping[tuple[str, str], datetime],
    listed: CategoryList | None,
    note: str | None = None,
    stop: str | None = None,
) -> Outlook:
    """Make it of a preview's frames; `last_sync` by section and assignment."""
    rows = assignments.sort_values(["assignment_name", "assignment_id", "section_id"], kind="stable")
    ends = (grades[name] for name in ("assignment_id", "section_id", "state"))
    counted = Counter(zip(*ends, map(_text, grades["code"]), strict=True))
    places = (map(_text, issues[name]) for name in ("section_id", "assignment_id"))
    met = Counter(zip(issues["code"], *places, strict=True))
    return Outlook(
        sections=dict(zip(sections["section_id"], sections["section_name"], strict=True)),
        offers=tuple(_offer(row, last_sync) for row in rows.itertuples()),
        grades=tuple(
            GradeCount(
                assignment_id=assignment_id, section_id=section_id, state=state, code=code, count=count
            )
            for (assignment_id, section_id, state, code), count in counted.items()
        ),
        causes=tuple(
            CauseCount(code=code, section_id=section_id, assignment_id=assignment_id, count=count)
            for (code, section_id, assignment_id), count in met.items()
        ),
        groups=_groups(listed) if listed else (),
        categories={each.category_id: each.title for each in listed.categories} if listed else {},
        note=note,
        stop=stop,
    )


def read(text: str) -> Outlook:
    """Read what `as_json` wrote."""
    held: dict[str, Any] = json.loads(text)
    groups = tuple(
        GroupRow(**each | {"sections": tuple(_section(row) for row in each["sections"])})
        for each in held["groups"]
    )
    made = {
        "offers": tuple(Offer(**each) for each in held["offers"]),
        "grades": tuple(GradeCount(**each) for each in held["grades"]),
        "causes": tuple(CauseCount(**each) for each in held["causes"]),
        "groups": groups,
    }
    return Outlook(**held | made)


def _offer(row: Any, last_sync: Mapping[tuple[str, str], datetime]) -> Offer:
    return Offer(
        assignment_id=row.assignment_id,
        assignment_name=row.assignment_name,
        section_id=row.section_id,
        due_at=_moment(row.due_at),
        last_sync=_moment(last_sync.get((row.section_id, row.assignment_id))),
        state=row.state,
        code=_text(row.code),
    )


def _groups(listed: CategoryList) -> tuple[GroupRow, ...]:
    return tuple(
        GroupRow(
            group_id=group.group_id,
            group_name=group.group_name,
            sections=tuple(_row(row, listed.categories) for row in group.sections),
        )
        for group in listed.groups
    )


def _row(row: SectionCategory, categories: Sequence[Category]) -> SectionRow:
    offered = usable(row.section.class_id, categories)
    return SectionRow(
        section_id=row.section.section_id,
        section_name=row.section.section_name,
        sis_section_id=row.section.sis_section_id,
        category_id=row.category.category_id if row.category else None,
        offered=tuple(each.category_id for each in offered),
        apart=told_apart(offered),
        code=row.code.value if row.code else None,
    )


def _section(row: dict[str, Any]) -> SectionRow:
    return SectionRow(**row | {"offered": tuple(row["offered"])})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> str | None:
    return None if pd.isna(value) else value.isoformat(timespec="seconds")
