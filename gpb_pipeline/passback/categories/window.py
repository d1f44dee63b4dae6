"""Sync SIS Categories as the manual shows it: a course's assignment groups, and each section's category.

Pure. Which category holds is judged in categories.py, edits are in category_edits.py, reading and saving in
gpb_pipeline/sync_categories.py.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pandera.typing import DataFrame

from gpb_pipeline.passback.categories.choice import Category, Chosen, category_for, near_categories
from gpb_pipeline.passback.course import Course
from gpb_pipeline.passback.frames import AssignmentGroups
from gpb_pipeline.passback.rules.issues import Code

_TO_BE_CHOSEN = {Code.CATEGORY_NOT_FOUND, Code.CATEGORY_AMBIGUOUS, Code.CATEGORY_GONE}


class Label(StrEnum):
    """The manual's labels; Changed is an edit that is not saved yet."""

    SYNCHRONIZED = "Synchronized"
    UNASSOCIATED = "Unassociated"
    CHANGED = "Changed"


@dataclass(frozen=True, kw_only=True)
class Choice(Chosen):
    """What people chose, with who and when (aware); neither while it is not saved."""

    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section with a SIS id; `class_id` is None where the SIS has no such class."""

    section_id: str
    section_name: str
    sis_section_id: str
    class_id: str | None


@dataclass(frozen=True, kw_only=True)
class SectionCategory:
    """A row under a group: the section's category, or in `code` the cause why it has none."""

    section: Section
    category: Category | None
    code: Code | None
    choice: Choice | None
    changed: bool = False

    @property
    def held(self) -> str | None:
        """The id that was chosen, of a category that is gone too; without a choice, that of the same name."""
        if self.choice is not None:
            return self.choice.category_id
        return self.category.category_id if self.category else None

    def says(self, category_id: str | None) -> bool:
        """Whether it goes there already; a name that matches nothing is no choice of Unassociated."""
        if self.choice is not None:
            return self.choice.category_id == category_id
        return self.category is not None and self.category.category_id == category_id

    @property
    def association(self) -> str | None:
        """How it came about: "chosen" by people, or "by name"."""
        if self.choice is not None:
            return "chosen"
        return "by name" if self.category else None

    @property
    def label(self) -> Label:
        if self.changed:
            return Label.CHANGED
        return Label.SYNCHRONIZED if self.category else Label.UNASSOCIATED


@dataclass(frozen=True, kw_only=True)
class GroupCategories:
    """An assignment group with a row a section; `integration_data` is what Canvas keeps of it for others."""

    group_id: str
    group_name: str
    integration_data: Mapping[str, Any]
    sections: tuple[SectionCategory, ...]

    @property
    def unassociated(self) -> int:
        """How many sections have no category."""
        return sum(each.category is None for each in self.sections)

    @property
    def label(self) -> Label:
        if any(each.changed for each in self.sections):
            return Label.CHANGED
        synchronized = self.sections and not self.unassociated
        return Label.SYNCHRONIZED if synchronized else Label.UNASSOCIATED


@dataclass(frozen=True, kw_only=True)
class CategoryList:
    """A course's assignment groups in their order, and the active categories that its classes may use."""

    course_id: str
    course_name: str
    sections: tuple[Section, ...]
    groups: tuple[GroupCategories, ...]
    categories: tuple[Category, ...]


def category_list(
    course: Course,
    sections: Sequence[Section],
    groups: DataFrame[AssignmentGroups],
    active: Sequence[Category],
    choices: Mapping[tuple[str, str], Choice],
) -> CategoryList:
    """Make a course's list; `choices` by section and group."""
    ours = {each.class_id for each in sections} | {None}
    offered = tuple(each for each in active if each.class_id in ours)
    rows = groups.sort_values(["position", "group_name"], kind="stable")
    return CategoryList(
        course_id=course.course_id,
        course_name=course.name,
        sections=tuple(sections),
        groups=tuple(
            GroupCategories(
                group_id=group_id,
                group_name=name,
                integration_data=_mapping(json.loads(data)),
                sections=tuple(
                    section_category(name, each, offered, choices.get((each.section_id, group_id)))
                    for each in sections
                ),
            )
            for group_id, name, data in zip(
                rows["group_id"], rows["group_name"], rows["integration_data"], strict=True
            )
        ),
        categories=offered,
    )


def section_category(
    group_name: str, section: Section, active: Sequence[Category], choice: Choice | None
) -> SectionCategory:
    """Judge one row. A section without a class has no category, whatever was chosen for it."""
    found: Category | Code
    if section.class_id is not None:
        found = category_for(group_name, section.class_id, active, choice)
    else:
        unassociated = choice is not None and choice.category_id is None
        found = Code.CATEGORY_UNASSOCIATED if unassociated else Code.CLASS_UNKNOWN
    if isinstance(found, Code):
        return SectionCategory(section=section, category=None, code=found, choice=choice)
    return SectionCategory(section=section, category=found, code=None, choice=choice)


def near(listed: CategoryList, group: GroupCategories, row: SectionCategory) -> list[Category]:
    """Offer what the group's name may have meant, where no category is found by it."""
    if row.code not in _TO_BE_CHOSEN:
        return []
    return near_categories(group.group_name, row.section.class_id, listed.categories)


def alignment(group: GroupCategories) -> dict[str, Any] | None:
    """Make the `integration_data` by which Canvas shows a group as aligned; None if it says so already.

    `sistemic.categoryMapping` maps category ids to titles. Canvas merges what is sent and removes no key, so
    an association that is no more is written as null, and the whole mapping once none is left, for Canvas
    takes an empty one alone for not aligned (docs/canvas.md §4). Other keys are kept.
    """
    sistemic = _mapping(group.integration_data.get("sistemic"))
    before = _mapping(sistemic.get("categoryMapping"))
    held = {each.category.category_id: each.category.title for each in group.sections if each.category}
    after = {**dict.fromkeys(before), **held} if held else None
    if (after or {}) == before:
        return None
    return {"sistemic": {**sistemic, "categoryMapping": after}}


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
