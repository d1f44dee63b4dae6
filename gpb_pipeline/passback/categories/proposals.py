"""What last term's course of the same code chose for an assignment group, proposed for this term's. Pure.

A proposal is never more than that: it holds once someone has looked it over and imported it. Nothing is
proposed where someone has chosen already, or where the name says the same.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gpb_pipeline.passback.categories.choice import Category, usable
from gpb_pipeline.passback.categories.window import CategoryList, GroupCategories, SectionCategory
from gpb_pipeline.passback.term import ListedCourse


@dataclass(frozen=True, kw_only=True)
class PastChoice:
    """What holds for an assignment group of a course, in one of its sections; None is Unassociated."""

    course_id: str
    group_name: str
    category_id: str | None
    by: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A row of a course's list, and what last term's course says of it.

    `category` is what is proposed, None for Unassociated; `misfit` says why nothing is, where something was
    chosen; `source` names where it comes from.
    """

    group: GroupCategories
    row: SectionCategory
    category: Category | None
    source: str
    misfit: str | None = None


def last_terms(
    courses: Sequence[ListedCourse], chosen_in: Collection[str]
) -> dict[str, tuple[ListedCourse, ...]]:
    """Find for each course those of its code in the latest term before its own in which anyone chose."""
    by_code: dict[str, list[ListedCourse]] = defaultdict(list)
    for each in courses:
        if each.code and each.course.course_id in chosen_in:
            by_code[each.code].append(each)
    return {
        each.course.course_id: found
        for each in courses
        if (found := _before(each, by_code.get(each.code, [])))
    }


def _before(course: ListedCourse, others: Sequence[ListedCourse]) -> tuple[ListedCourse, ...]:
    began = _began(course)
    earlier = [each for each in others if "" < _began(each) < began]
    latest = max(map(_began, earlier), default=None)
    return tuple(each for each in earlier if _began(each) == latest)


def _began(course: ListedCourse) -> str:
    return (course.term and course.term.starts_at) or ""


def proposals(
    listed: CategoryList, sources: Sequence[ListedCourse], past: Mapping[str, Sequence[PastChoice]]
) -> list[Proposal]:
    """Propose for each row of a list what the sources chose for a group of its name; `past` is by course."""
    by_name: dict[str, list[PastChoice]] = defaultdict(list)
    for source in sources:
        for each in past.get(source.course.course_id, ()):
            by_name[each.group_name.strip()].append(each)
    return [
        proposal
        for group in listed.groups
        for row in group.sections
        if row.choice is None and (chosen := by_name.get(group.group_name.strip()))
        if (proposal := _proposed(listed, group, row, chosen)) is not None
    ]


def _proposed(
    listed: CategoryList, group: GroupCategories, row: SectionCategory, chosen: Sequence[PastChoice]
) -> Proposal | None:
    wanted = {each.category_id for each in chosen}
    courses = ", ".join(sorted({each.course_id for each in chosen}))
    source = f"course {courses}, chosen by {', '.join(sorted({each.by for each in chosen}))}"
    if len(wanted) > 1:
        told = ", ".join(sorted(each or "Unassociated" for each in wanted))
        several = f"sections of it went to several: {told}"
        return Proposal(group=group, row=row, category=None, source=source, misfit=several)
    (category_id,) = wanted
    if row.says(category_id):
        return None
    offered = {each.category_id: each for each in usable(row.section.class_id, listed.categories)}
    category = offered.get(category_id) if category_id is not None else None
    gone = category_id is not None and category is None
    misfit = f"{category_id} is gone, or not active for this class" if gone else None
    return Proposal(group=group, row=row, category=category, source=source, misfit=misfit)
