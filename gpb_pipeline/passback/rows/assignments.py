"""The assignments to be judged: a row for each section with all that the rules look at. No rule stands here.

Sources: docs/decisions.md §6, §8.5 and §8.6; docs/canvas.md §2.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.categories.choice import Category, Chosen, category_for, near_matches
from gpb_pipeline.passback.course import CanvasRead, Policy, Selection, SisRead
from gpb_pipeline.passback.frames import or_else, rows_of, typed
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.rows.frames import AssignmentRows
from gpb_pipeline.passback.rules.due_dates import (
    Assigned,
    Dates,
    SectionOverride,
    due_on_wire,
    section_date,
)
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.names import Census, spellings_of, title_of


def in_scope(sections: DataFrame[frames.Sections], selection: Selection) -> DataFrame[frames.Sections]:
    """Keep the sections with a SIS id that were selected."""
    kept = sections["sis_section_id"].notna()
    if selection.sections is not None:
        kept &= sections["section_id"].isin(list(selection.sections))
    return sections[kept]


def out_of_scope(
    sections: DataFrame[frames.Sections], classes: DataFrame[frames.SisClasses], selection: Selection
) -> frozenset[str]:
    """Name the sections of which no row says what is wanted: not in scope, or without a class just now."""
    with_class = classes.loc[classes["class_id"].notna(), "section_id"]
    asked_for = in_scope(sections, selection)["section_id"]
    return frozenset(sections["section_id"]) - frozenset(asked_for[asked_for.isin(with_class)])


def synced(assignments: DataFrame[frames.Assignments]) -> DataFrame[frames.Assignments]:
    """Keep the published assignments with Sync to SIS."""
    kept = (assignments["workflow_state"] == "published") & assignments["post_to_sis"]
    return assignments[kept]


def candidates(
    canvas: CanvasRead,
    sis: SisRead,
    mapping: DataFrame[frames.CategoryMapping],
    holdings: Holdings,
    selection: Selection,
    policy: Policy,
) -> DataFrame[AssignmentRows]:
    """Make a row for each synced assignment × section in scope that has it (decisions.md §8.5)."""
    sections = in_scope(canvas.sections, selection)
    assignments = list(rows_of(synced(canvas.assignments)))
    facts = _Facts.of(canvas, sis, mapping, policy)
    rows: list[dict[str, Any]] = []
    for section in rows_of(sections):
        assigned = [
            (assignment, found)
            for assignment in assignments
            if (found := section_date(facts.dates[assignment.assignment_id], section.section_id)).assigned
            is not Assigned.NOT
        ]
        census = Census.of(
            spellings_of(each.assignment_name, title_of(each.assignment_name, each.assignment_id, policy))
            for each, found in assigned
            if found.assigned is not Assigned.STUDENTS_ONLY
        )
        rows += [facts.row(section, each, found.assigned, found.due_at, census) for each, found in assigned]
    selected = selection.assignments
    columns = {name: [row.get(name) for row in rows] for name in AssignmentRows.to_schema().columns}
    columns["selected"] = [selected is None or row["assignment_id"] in selected for row in rows]
    columns |= {"state": ["eligible"] * len(rows), "held": [False] * len(rows), "covered": [True] * len(rows)}
    made = typed(AssignmentRows, columns)
    positions = link.of_assignments(made, holdings.line_items)
    item = link.beside(made, holdings.line_items, positions)
    standing = item["certainty"].notna() & (item["certainty"] != "gone")
    # of one that was accepted and that no read has shown, nobody knows: there is nothing to be kept up
    unseen = (item["certainty"] == "unconfirmed") & item["seen_at"].isna()
    covered = made.assign(held=standing & ~unseen, line_item_id=item["line_item_id"].where(standing))
    linked = holdings.line_items.index.isin(positions)
    return _with_orphans(covered, canvas, holdings.line_items[~linked], selection)


def _with_orphans(
    covered: DataFrame[AssignmentRows], canvas: CanvasRead, held: pd.DataFrame, selection: Selection
) -> DataFrame[AssignmentRows]:
    """Put what is held and nothing asks for below, of the sections that were asked for."""
    held = held[held["certainty"] != "gone"]
    if selection.sections is not None:
        held = held[held["section_id"].isin(list(selection.sections))]
    if held.empty:
        return covered
    rows = held.merge(canvas.sections[["section_id", "sis_section_id"]], how="left", on="section_id")
    names = canvas.assignments[["assignment_id", "assignment_name", "grading_type"]]
    rows = rows.merge(names, how="left", on="assignment_id")
    rows = rows.assign(
        assignment_name=or_else(rows["assignment_name"], rows["title"]),
        **{name: rows[name].fillna("") for name in ("sis_section_id", "grading_type")},
        group_name="",
        assigned=Assigned.NOT.value,
        **dict.fromkeys(("covered", "sections_named", "everyone_else_undated"), False),
        omit_from_final_grade=False,
        **dict.fromkeys(("twins", "folded_twins"), 1),
        **dict.fromkeys(("selected", "held"), True),
        state="eligible",
    )
    columns = list(AssignmentRows.to_schema().columns)
    rest = typed(AssignmentRows, rows.reindex(columns=columns).astype(object))
    return typed(AssignmentRows, pd.concat([covered, rest], ignore_index=True))


@dataclass(frozen=True, kw_only=True)
class _Period:
    period_id: str
    start: date
    end: date
    stated_end: date  # the day after, or the end itself, as the SIS means it
    closed: bool

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What is known of the course by key, so that a row is looked up and not joined."""

    canvas: CanvasRead
    policy: Policy
    dates: Mapping[str, Dates]
    groups: Mapping[str, str]
    classes: Mapping[str, tuple[str | None, str | None]]
    categories: list[Category]
    chosen: Mapping[tuple[str, str], Chosen]
    periods: Mapping[str, list[_Period]]

    @classmethod
    def of(
        cls, canvas: CanvasRead, sis: SisRead, mapping: DataFrame[frames.CategoryMapping], policy: Policy
    ) -> "_Facts":
        active = sis.categories[sis.categories["active"]]
        periods: dict[str, list[_Period]] = defaultdict(list)
        for each in rows_of(sis.grading_periods):
            periods[each.section_id].append(
                _Period(
                    period_id=each.period_id,
                    start=each.start_date.date(),
                    end=each.end_date.date(),
                    stated_end=each.stated_end.date(),
                    closed=each.closed,
                )
            )
        return cls(
            canvas=canvas,
            policy=policy,
            dates=_dates(canvas),
            groups=dict(
                zip(canvas.assignment_groups["group_id"], canvas.assignment_groups["group_name"], strict=True)
            ),
            classes={each.section_id: (each.class_id, each.school_id) for each in rows_of(sis.classes)},
            categories=[
                Category(category_id=each.category_id, title=each.title, class_id=each.class_id)
                for each in rows_of(active)
            ],
            chosen={
                (each.section_id, each.group_id): Chosen(category_id=each.category_id)
                for each in rows_of(mapping)
            },
            periods=periods,
        )

    def row(
        self, section: Any, assignment: Any, assigned: Assigned, due_at: datetime | None, census: Census
    ) -> dict[str, Any]:
        class_id, school_id = self.classes.get(section.section_id, (None, None))
        group_name = self.groups.get(assignment.group_id, "")
        category = self._category(section.section_id, assignment.group_id, group_name, class_id)
        period = self._period(section.section_id, due_at)
        title = title_of(assignment.assignment_name, assignment.assignment_id, self.policy)
        spellings = spellings_of(assignment.assignment_name, title)
        dates = self.dates[assignment.assignment_id]
        due = due_at and due_on_wire(due_at, self.canvas.course.time_zone, self.policy.due_date)
        return {
            "title": title,
            "category_id": category.category_id if isinstance(category, Category) else None,
            "class_id": class_id,
            "period_id": period.period_id if isinstance(period, _Period) else None,
            "points_possible": assignment.points_possible,
            "assigned_at": _not_after(due, _first_time(assignment.unlock_at, assignment.created_at, due)),
            "due_on_wire": due,
            "section_id": section.section_id,
            "sis_section_id": section.sis_section_id,
            "assignment_id": assignment.assignment_id,
            "assignment_name": assignment.assignment_name,
            "group_name": group_name,
            "category": category.title if isinstance(category, Category) else None,
            "school_id": school_id,
            "due_at": due_at,
            "assigned": assigned.value,
            "sections_named": dates.names_sections,
            "everyone_else_undated": assignment.due_date_required
            and dates.due_at is None
            and dates.names_sections
            and not dates.only_visible_to_overrides,
            "twins": census.twins(spellings),
            "folded_twins": census.folded_twins(spellings),
            "grading_type": assignment.grading_type,
            "omit_from_final_grade": assignment.omit_from_final_grade,
            "category_code": category.value if isinstance(category, Code) else None,
            "period_code": period.value if isinstance(period, Code) else None,
            "detail": self._detail(section, group_name, class_id, category)
            or self._end_of_period(section.section_id, due_at, period),
        }

    def _category(
        self, section_id: str, group_id: str, group_name: str, class_id: str | None
    ) -> Category | Code | None:
        """Find the category; None where the class is unknown, which is a cause of its own."""
        chosen = self.chosen.get((section_id, group_id))
        if class_id is None:
            unassociated = chosen is not None and chosen.category_id is None
            return Code.CATEGORY_UNASSOCIATED if unassociated else None
        return category_for(group_name, class_id, self.categories, chosen)

    def _period(self, section_id: str, due_at: datetime | None) -> _Period | Code | None:
        """Find the shortest grading period of the local due day; None where the SIS has none at all."""
        periods = self.periods.get(section_id, [])
        if due_at is None or not periods:
            return None
        day = self._day(due_at)
        around = [each for each in periods if each.start <= day <= each.end]
        if not around:
            return Code.PERIOD_MISSING
        found = min(around, key=lambda each: (each.length, each.period_id))
        return Code.PERIOD_CLOSED if found.closed else found

    def _day(self, due_at: datetime) -> date:
        return due_at.astimezone(self.canvas.course.time_zone).date()

    def _end_of_period(
        self, section_id: str, due_at: datetime | None, period: _Period | Code | None
    ) -> str | None:
        """Name the setting where a period would hold the day if its end date belonged to it."""
        if period is not Code.PERIOD_MISSING or due_at is None:
            return None
        ends = [each for each in self.periods[section_id] if each.stated_end == self._day(due_at)]
        if not ends:
            return None
        return (
            f"due on the end date of {ends[0].period_id}: where that is its last day, "
            "set SIS_PERIOD_END=inclusive"
        )

    def _detail(
        self, section: Any, group_name: str, class_id: str | None, category: Category | Code | None
    ) -> str | None:
        if class_id is None:
            return f"SIS id {section.sis_section_id}"
        if category is not Code.CATEGORY_NOT_FOUND:
            return None
        near = near_matches(group_name, class_id, self.categories)
        return f"{group_name}; near: {', '.join(near)}" if near else group_name


def _not_after(due: datetime | None, assigned: datetime | None) -> datetime | None:
    """Keep an assignDate from lying after its dueDate, which SISs refuse."""
    return min(assigned, due) if due is not None and assigned is not None else assigned


def _first_time(*times: Any) -> datetime | None:
    return next((each for each in times if not pd.isna(each)), None)


def _dates(canvas: CanvasRead) -> dict[str, Dates]:
    """Collect each assignment's base and overrides."""
    overrides: dict[str, list[SectionOverride]] = defaultdict(list)
    students: Counter[str] = Counter()
    for each in rows_of(canvas.overrides):
        if each.target in {"section", "course"}:
            overrides[each.assignment_id].append(
                SectionOverride(
                    section_id=each.target_id if each.target == "section" else None,
                    due_at_overridden=each.due_at_overridden,
                    due_at=_first_time(each.due_at),
                    unassign_item=each.unassign_item,
                )
            )
        elif each.target in {"student", "group"}:
            students[each.assignment_id] += 1
    return {
        each.assignment_id: Dates(
            due_at=_first_time(each.due_at),
            only_visible_to_overrides=each.only_visible_to_overrides,
            overrides=overrides[each.assignment_id],
            student_overrides=students[each.assignment_id] > 0,
        )
        for each in rows_of(canvas.assignments)
    }
