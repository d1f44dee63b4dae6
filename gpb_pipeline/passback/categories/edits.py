"""Edits of Sync SIS Categories: what a list becomes by them, and what may not be asked for. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.categories.choice import near_categories, nearest, usable
from gpb_pipeline.passback.categories.window import (
    CategoryList,
    Choice,
    GroupCategories,
    SectionCategory,
    section_category,
)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What someone asks for: a category for a section and group, or None to remove the association."""

    group_id: str
    section_id: str
    category_id: str | None


def edited(listed: CategoryList, edits: Iterable[Edit]) -> CategoryList:
    """Make the list as it will be once these are saved, their rows Changed.

    Raises UsageError as row_of and require_offered do.
    """
    by_place: dict[tuple[str, str], Edit] = {}
    for edit in edits:
        require_offered(listed, row_of(listed, edit), edit.category_id)
        by_place[edit.group_id, edit.section_id] = edit

    def row(group: GroupCategories, old: SectionCategory) -> SectionCategory:
        edit = by_place.get((group.group_id, old.section.section_id))
        if edit is None:
            return old
        choice = Choice(category_id=edit.category_id)
        return replace(
            section_category(group.group_name, old.section, listed.categories, choice), changed=True
        )

    groups = (
        replace(group, sections=tuple(row(group, each) for each in group.sections)) for group in listed.groups
    )
    return replace(listed, groups=tuple(groups))


def saved(listed: CategoryList, *, by: str, at: datetime) -> CategoryList:
    """Make an edited list as it is once saved: what was Changed is chosen, by whom and when."""

    def row(old: SectionCategory) -> SectionCategory:
        if not old.changed:
            return old
        return replace(old, changed=False, choice=Choice(category_id=old.held, by=by, at=at))

    groups = (replace(group, sections=tuple(map(row, group.sections))) for group in listed.groups)
    return replace(listed, groups=tuple(groups))


def changes(listed: CategoryList, edits: Iterable[Edit]) -> list[Edit]:
    """Keep once the edits that ask for something else than what holds.

    Raises UsageError as row_of and one_a_row do.
    """
    return [edit for edit in one_a_row(edits) if not row_of(listed, edit).says(edit.category_id)]


def one_a_row(edits: Iterable[Edit]) -> list[Edit]:
    """Keep each edit once; raises UsageError for two that differ about one row."""
    asked: dict[tuple[str, str], Edit] = {}
    for edit in edits:
        if asked.setdefault((edit.group_id, edit.section_id), edit) != edit:
            raise UsageError(
                "is given two categories",
                item=f"edits: section {edit.section_id}, assignment group {edit.group_id}",
                remedy="Keep one of the two.",
            )
    return list(asked.values())


def row_of(listed: CategoryList, edit: Edit) -> SectionCategory:
    """Find the row that an edit is about; raises UsageError, with what is near, where there is none."""
    rows = next((group.sections for group in listed.groups if group.group_id == edit.group_id), None)
    if rows is None:
        groups = [
            (name, f"{each.group_name} ({each.group_id})")
            for each in listed.groups
            for name in (each.group_id, each.group_name)
        ]
        what = f"course {listed.course_id} has no such assignment group"
        raise _refused(listed, what, f"assignment group {edit.group_id}", nearest(edit.group_id, groups))
    for row in rows:
        if row.section.section_id == edit.section_id:
            return row
    sections = [
        (name, f"{each.section_name} ({each.section_id})")
        for each in listed.sections
        for name in (each.section_id, each.section_name, each.sis_section_id)
    ]
    what = f"course {listed.course_id} has no such section with a SIS id"
    raise _refused(listed, what, f"section {edit.section_id}", nearest(edit.section_id, sections))


def require_offered(listed: CategoryList, row: SectionCategory, category_id: str | None) -> None:
    """Raise UsageError, with what is near, for a category that the section's class may not use."""
    offered = usable(row.section.class_id, listed.categories)
    if category_id is None or category_id in {each.category_id for each in offered}:
        return
    near = near_categories(category_id, row.section.class_id, listed.categories)
    what = f"the SIS has no such active category that section {row.section.section_id} may use"
    raise _refused(listed, what, f"category {category_id}", [str(each) for each in near])


def _refused(listed: CategoryList, what: str, item: str, near: Sequence[str]) -> UsageError:
    if near:
        remedy = f"Near it: {', '.join(near)}."
    else:
        remedy = f"See what there is with `gpb categories show {listed.course_id}`."
    return UsageError(what, item=item, remedy=remedy)
