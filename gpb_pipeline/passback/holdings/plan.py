"""What must be written: what may go against what the SIS holds, so that an unchanged course sends nothing.

Which rows may go at all, rules/ has said; what a read shows, see.py; what came of the writes, answers.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from gpb_pipeline.passback import keys
from gpb_pipeline.passback.course import Policy
from gpb_pipeline.passback.frames import derived, or_else
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.frames import ITEM_KEY, SURE, Holdings
from gpb_pipeline.passback.holdings.identity import line_item_id, result_id
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.holdings.same import same_line_item, same_result
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Rows
from gpb_pipeline.passback.rules.assignments import PERIOD_CODES, RULES
from gpb_pipeline.passback.rules.causes import course_issue, joined, of_rows, once_an_assignment, with_more
from gpb_pipeline.passback.rules.issues import BARS, CATALOGUE, Code
from gpb_pipeline.passback.sync_types import SyncType


class Codes(NamedTuple):
    """What keeps back a row of a kind, where the SIS itself is the cause."""

    unknown_outcome: Code
    two_candidates: Code
    edited: Code


OF_ASSIGNMENT = Codes(
    Code.ASSIGNMENT_UNKNOWN_OUTCOME, Code.ASSIGNMENT_TWO_CANDIDATES, Code.ASSIGNMENT_EDITED_IN_SIS
)
OF_GRADE = Codes(Code.SIS_UNKNOWN_OUTCOME, Code.TWO_CANDIDATES, Code.EDITED_IN_SIS)
MASS = 0.5  # share of a course's posted grades whose change at once is worth a word (docs/decisions.md §8.10)
TO_WRITE = ["create", "update", "withdraw"]
TOLD = ["kept_otherwise", "edited", "missing", "gone"]
"""The findings that are told beside a row, by whichever sync meets them."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The rows with what is to be written, and the holdings as agreed with what a read showed."""

    rows: Rows
    holdings: Holdings


def plan(rows: Rows, holdings: Holdings, policy: Policy, sync_type: SyncType, *, confirm: bool) -> Planned:
    """Hold the judged rows against the holdings; a remaster sends all that may go, whatever is held."""
    holdings = _agreed(rows, holdings, policy)
    items: Any = rows.assignments
    grades: Any = rows.grades
    item = link.beside(items, holdings.line_items, link.of_assignments(items, holdings.line_items))
    result = link.beside(grades, holdings.results, link.of_grades(grades, holdings.results))
    item_ids = item["line_item_id"].where(item["certainty"] != "gone")
    edited = item["finding"] == "edited"
    same_item = same_line_item(items, item, policy.due_date)
    items = _written(items, item, same_item, policy, sync_type, OF_ASSIGNMENT)
    grades = grades.assign(line_item_id=_of_assignment(grades, items, item_ids))
    same_grade = same_result(grades, result)
    same_place = (
        (result["line_item_id"] == grades["line_item_id"])
        | grades["line_item_id"].isna()
        | (result["certainty"] == "gone")
    )
    grades = _written(grades, result, same_grade & same_place, policy, sync_type, OF_GRADE)
    items = _with_columns_for(grades, items, item)
    changed = _changed(grades, result, same_grade)
    items, grades = _held_back(items, grades, item, result, holdings, policy, confirm=confirm)
    items, grades, told = _barred(items, grades, policy, edited)
    items, grades = _with_ids(items, grades, item_ids, result, policy.tenant)
    posted = int((holdings.results["certainty"] != "gone").sum())
    mass = [_mass_change(changed, posted)] if changed > MASS * posted else []
    issues = with_more(
        rows.issues,
        *told,
        *mass,
        *_newly_kept_back(rows, items, grades),
    )
    planned = replace(
        rows,
        assignments=derived(AssignmentRows, items),
        grades=derived(GradeRows, grades),
        issues=issues,
    )
    told_of = with_more(issues, *findings_told(planned, holdings))
    return Planned(rows=replace(planned, issues=told_of), holdings=holdings)


def without_grades(planned: Rows) -> Rows:
    """Plan the assignments alone: the grades that would be written wait for another run."""
    waiting = planned.grades["state"].isin(TO_WRITE)
    told = pd.DataFrame([course_issue(Code.GRADES_NOT_ASKED, f"{waiting.sum()} grades")] * int(waiting.any()))
    return replace(
        planned,
        grades=derived(
            GradeRows,
            planned.grades,
            state=planned.grades["state"].mask(waiting, "skipped"),
            code=planned.grades["code"].mask(waiting, Code.GRADES_NOT_ASKED.value),
        ),
        issues=with_more(planned.issues, told),
    )


def _agreed(rows: Rows, holdings: Holdings, policy: Policy) -> Holdings:
    """Take what was edited for held where it is what is wanted, or where it is to be overwritten.

    So a write that is refused is tried again, and one that a dead sync made is not. Of what nothing asks for
    any more, and in a period that is over, an edit stays one, whatever the policy: nobody overwrites it.
    """
    items, results = holdings.line_items, holdings.results
    edited_items, edited_results = _edited(LINE_ITEM, items), _edited(RESULT, results)
    if not (edited_items.any() or edited_results.any()):
        return holdings
    item = link.beside(
        rows.assignments, _seen(LINE_ITEM, items), link.of_assignments(rows.assignments, items)
    )
    result = link.beside(rows.grades, _seen(RESULT, results), link.of_grades(rows.grades, results))
    wanted_item = same_line_item(rows.assignments, item, policy.due_date)
    wanted_result = same_result(rows.grades, result)
    past = rows.assignments[rows.assignments["bar"].isin(PERIOD_CODES)]
    items_open, grades_open = (~keys.among(each, past, ITEM_KEY) for each in (rows.assignments, rows.grades))
    return Holdings(
        line_items=_taken(LINE_ITEM, items, edited_items, rows.assignments, wanted_item, items_open, policy),
        results=_taken(RESULT, results, edited_results, rows.grades, wanted_result, grades_open, policy),
    )


def _edited(kind: HoldingKind, holdings: pd.DataFrame) -> pd.Series[bool]:
    return (holdings["finding"] == "edited") | kind.edited(holdings)


def _seen(kind: HoldingKind, holdings: pd.DataFrame) -> pd.DataFrame:
    return holdings.assign(**{name: holdings[seen] for name, seen in kind.seen.items()})


def _taken(
    kind: HoldingKind,
    holdings: pd.DataFrame,
    edited: pd.Series[bool],
    rows: pd.DataFrame,
    alike: pd.Series[bool],
    is_open: pd.Series[bool],
    policy: Policy,
) -> Any:
    """Take what was `edited` as rows want it (`alike`); what is to be flagged is told until someone acts.

    What is to be overwritten is by the first sync that looks at it and wants it: an earlier look may have met
    it while nothing asked for it. A mere reading leaves it as it is.
    """
    looked_at = holdings["finding"].notna()
    covered = rows["covered"]
    wanted = edited & holdings.index.isin(kind.link(rows[covered & alike], holdings))
    asked_for = holdings.index.isin(kind.link(rows[covered & is_open], holdings))
    over = edited & ~wanted & looked_at & asked_for & (policy.on_edit == "overwrite")
    flagged = edited & ~wanted & (policy.on_edit == "flag")
    changes = {name: holdings[name].mask(wanted | over, holdings[seen]) for name, seen in kind.seen.items()}
    finding = holdings["finding"].mask(wanted & looked_at, "same").mask(flagged | over, "edited")
    return derived(kind.schema, holdings, **changes, finding=finding)


def _written(
    rows: pd.DataFrame,
    held: pd.DataFrame,
    same: pd.Series[bool],
    policy: Policy,
    sync_type: SyncType,
    codes: Codes,
) -> pd.DataFrame:
    """Give each row that may go what is to be done about it.

    What someone edited or deleted in the SIS is overwritten, kept or asked about, until Canvas changes it or
    a remaster sends it.
    """
    goes, leaves = rows["state"] == "eligible", rows["state"] == "withdraw"
    certainty, finding = held["certainty"], held["finding"]
    absent = certainty.isna() | (certainty == "gone")
    unsure = certainty == "unknown"
    # what no read has shown since it was last sent, nobody deleted
    deleted = (certainty == "gone") & held["seen_at"].notna() & (held["unshown"] == 0)
    edited = finding.isin(["edited", "missing"]) | deleted
    stays = edited & same & (sync_type != "remaster")
    asks = stays & (policy.on_edit == "flag")
    again = (certainty == "unconfirmed") | (sync_type == "remaster") | ~same | edited
    state = pd.Series("unchanged", rows.index, object).mask(again, "update").mask(absent, "create")
    state = state.mask(stays & (policy.on_edit == "keep"), "unchanged").mask(unsure | asks, "failed")
    code = rows["code"].mask(goes & asks, codes.edited.value)
    ambiguous = unsure & (finding == "ambiguous")
    code = code.mask((goes | leaves) & unsure, codes.unknown_outcome.value)
    code = code.mask((goes | leaves) & ambiguous, codes.two_candidates.value)
    leaving = pd.Series("withdraw", rows.index, object).mask(unsure, "failed").mask(absent, "unchanged")
    return rows.assign(state=rows["state"].mask(goes, state).mask(leaves, leaving), code=code)


def _with_columns_for(grades: pd.DataFrame, items: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Make a column again that someone deleted, and that was left so, where a grade is to go onto it."""
    going = grades[grades["state"].isin(["create", "update"])]
    left = (held["certainty"] == "gone") & (items["state"] == "unchanged")
    needed = left & keys.among(items, going, ITEM_KEY)
    return items.assign(state=items["state"].mask(needed, "create"))


def _of_assignment(grades: pd.DataFrame, items: pd.DataFrame, ids: pd.Series[str]) -> pd.Series[str]:
    """Name the line item of each grade: that of its row, else the one that its own holding stands on."""
    return or_else(keys.matched(grades, items, ITEM_KEY, ids), grades["line_item_id"])


def _changed(grades: pd.DataFrame, held: pd.DataFrame, same: pd.Series[bool]) -> int:
    """Count what the SIS holds and will hold otherwise, or no longer; a remaster alone changes nothing."""
    standing = held["certainty"].isin(SURE)
    return int(
        ((grades["state"] == "update") & standing & ~same).sum() + (grades["state"] == "withdraw").sum()
    )


def _held_back(
    items: pd.DataFrame,
    grades: pd.DataFrame,
    item: pd.DataFrame,
    result: pd.DataFrame,
    holdings: Holdings,
    policy: Policy,
    *,
    confirm: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold what would be made anew at once beyond the guard's share, until someone confirms."""
    if confirm:
        return items, grades
    posted = len(holdings.results)
    for item_rows, grade_rows, item_code, code in (
        (_vanished(items, item), _vanished(grades, result), Code.ASSIGNMENT_GONE_HELD, Code.GONE_HELD),
        (
            _moving(items, holdings.line_items),
            _moving(grades, holdings.results),
            Code.ASSIGNMENT_MOVE_HELD,
            Code.MOVE_HELD,
        ),
    ):
        too_many = policy.too_many(int(grade_rows.sum()), posted)
        if too_many or policy.too_many(int(item_rows.sum()), len(holdings.line_items)):
            items = _failing(items, item_rows, item_code)
            grades = _failing(grades, grade_rows, code)
    return items, grades


def _vanished(rows: pd.DataFrame, held: pd.DataFrame) -> pd.Series[bool]:
    """Mark what the SIS once showed and no longer does."""
    lost = (held["certainty"] == "gone") | (
        (held["certainty"] == "unconfirmed") & held["seen_at"].notna() & held["missed_at"].notna()
    )
    return rows["state"].isin(TO_WRITE) & lost


def _moving(rows: pd.DataFrame, holdings: pd.DataFrame) -> pd.Series[bool]:
    """Mark what would be created in a class that its section came to, from one where it still stands."""
    new = rows["state"] == "create"
    if not new.any():
        return new
    key = ["section_id", "assignment_id", *(["user_id"] if "user_id" in rows else [])]
    return new & keys.among(rows, holdings, key) & ~_there(rows, holdings)


def _there(rows: pd.DataFrame, holdings: pd.DataFrame) -> pd.Series[bool]:
    """Mark the rows of a section in whose class something of it stands already."""
    return keys.among(rows, holdings, ["section_id", "class_id"])


def _failing(rows: pd.DataFrame, which: pd.Series[bool], code: Code) -> pd.DataFrame:
    return rows.assign(state=rows["state"].mask(which, "failed"), code=rows["code"].mask(which, code.value))


def _detail(rows: pd.DataFrame, code: Code) -> pd.Series[str] | None:
    """Give what a person needs beside a bar; a row has one detail, and the category's comes first."""
    of_category = rows["category_code"] == Code.CATEGORY_NOT_FOUND.value
    if code is Code.CATEGORY_NOT_FOUND:
        return rows["detail"]
    return rows["detail"].mask(of_category, None) if code is Code.PERIOD_MISSING else None


def _barred(
    items: pd.DataFrame, grades: pd.DataFrame, policy: Policy, edited: pd.Series[bool]
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Keep back what would be written and may not: a closed period, a twin, a missing category.

    What is held exactly so is unchanged all the same (decisions.md §6.1). A grade follows its assignment; not
    that of a column which stands, and only was `edited` in the SIS.
    """
    writes = items["state"].isin(TO_WRITE)
    barred = writes & items["bar"].notna()
    items = items.assign(
        state=items["state"].mask(barred, items["bar"].map(_EFFECTS)),
        code=items["code"].mask(barred, items["bar"]),
    )
    bar = keys.matched(grades, items, ITEM_KEY, items["bar"])
    stops = items["state"].mask(edited & (items["code"] == Code.ASSIGNMENT_EDITED_IN_SIS.value))
    state = keys.matched(grades, items, ITEM_KEY, stops)
    follows = grades["state"].isin(["create", "update"]) & state.isin(["failed", "skipped"])
    stopped = follows | (grades["state"].isin(TO_WRITE) & bar.notna())
    grades = grades.assign(
        state=grades["state"].mask(stopped, or_else(bar.map(_EFFECTS), state)),
        code=grades["code"].mask(stopped, Code.ASSIGNMENT_NOT_SENT.value),
    )
    kept_back = keys.among(items, grades[stopped & bar.notna()], ITEM_KEY)
    bars: Any = items[barred | (items["bar"].notna() & kept_back)]
    found = {code: bars[RULES[code](bars, policy)] for code in BARS}
    told = [of_rows(each, code.value, _detail(each, code)) for code, each in found.items() if len(each)]
    return items, grades, told


_EFFECTS: dict[object, str] = {code.value: issue.effect for code, issue in CATALOGUE.items()}


def _with_ids(
    items: pd.DataFrame, grades: pd.DataFrame, item_ids: pd.Series[str], result: pd.DataFrame, tenant: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name what is held, and choose the sourcedIds of what is to be created; the rest has none."""
    key = ["class_id", "section_id", "assignment_id"]
    ids = _chosen(items, item_ids, lambda *each: line_item_id(tenant, *each), key)
    items = items.assign(line_item_id=ids)
    held = result["result_id"].where(result["certainty"] != "gone")
    result_ids = _chosen(grades, held, lambda *each: result_id(tenant, *each), [*key, "student_id"])
    return items, grades.assign(line_item_id=_of_assignment(grades, items, ids), result_id=result_ids)


def _chosen(
    rows: pd.DataFrame, held: pd.Series[str], make: Callable[..., str], key: list[str]
) -> pd.Series[str]:
    new = rows[rows["state"] == "create"]
    made = [make(*each) for each in zip(*(new[name] for name in key), strict=True)]
    return or_else(pd.Series(made, new.index, object).reindex(rows.index), held)


def _newly_kept_back(before: Rows, items: pd.DataFrame, grades: pd.DataFrame) -> list[pd.DataFrame]:
    """Tell of what the holdings keep back: held, asked and never answered, two candidates."""
    told = []
    for old, new in ((before.assignments, items), (before.grades, grades)):
        went = old["state"].isin(["eligible", "withdraw"]) & new["state"].isin(["failed", "skipped"])
        told.append(of_rows(new[went], new["code"][went]))
    return [told[0], once_an_assignment(joined(told[1]))]


def findings_told(rows: Rows, holdings: Holdings) -> list[pd.DataFrame]:
    """Tell of what a read showed otherwise than it was sent, and of what is gone and is left so."""
    told = []
    for frame, kind, holding, kept, edited in (
        (
            rows.assignments,
            LINE_ITEM,
            holdings.line_items,
            Code.ASSIGNMENT_KEPT_OTHERWISE,
            Code.ASSIGNMENT_EDITED_IN_SIS,
        ),
        (rows.grades, RESULT, holdings.results, Code.KEPT_OTHERWISE, Code.EDITED_IN_SIS),
    ):
        if not holding["finding"].isin(TOLD).any():
            continue
        held = link.beside(frame, holding, kind.link(frame, holding))
        told.append(of_rows(frame[held["finding"] == "kept_otherwise"], kept.value))
        left = (held["finding"] == "gone") & frame["state"].isin(["unchanged", "failed"])
        told.append(of_rows(frame[held["finding"].isin(["edited", "missing"]) | left], edited.value))
    waits = sum(_waits_for_lists(each) for each in (holdings.line_items, holdings.results))
    if waits:
        told.append(pd.DataFrame([course_issue(Code.NEVER_SHOWN, f"{waits} items without an answer")]))
    return told


def _waits_for_lists(holdings: pd.DataFrame) -> int:
    return int(((holdings["certainty"] == "unknown") & (holdings["finding"] == "never_shown")).sum())


def _mass_change(changed: int, posted: int) -> pd.DataFrame:
    return pd.DataFrame([course_issue(Code.MASS_CHANGE, f"{changed} of {posted}")])
