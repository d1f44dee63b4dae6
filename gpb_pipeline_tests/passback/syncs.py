"""A sync without wires: judged, planned, answered by a SIS that takes what it is told to take, remembered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from gpb_pipeline.passback.course import Judgement, Outcome, Plan, Policy, Remembered, Selection, SyncType
from gpb_pipeline.passback.frames import LedgerLineItems, LedgerResults, build, rows_of
from gpb_pipeline.passback.holdings import delta
from gpb_pipeline.passback.rows.grades import KEY
from gpb_pipeline.passback.rows.settle import TO_WRITE, Answer, GradeKey, ItemKey, after_assignments, settle
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.judge import ITEM, judge
from gpb_pipeline_tests.passback.courses import NOTHING, POLICY, SENT_AT, School

ALL = Selection()
Said = tuple[str, str | None]  # state and code


@dataclass(frozen=True, kw_only=True)
class Sis:
    """Takes every write but those it refuses; where it chooses the ids, they begin with `sis-`."""

    refuses_items: frozenset[ItemKey] = frozenset()
    refuses_results: frozenset[GradeKey] = frozenset()
    chooses_ids: bool = False

    def of_item(self, row: Any) -> Answer:
        if (row.section_id, row.assignment_id) in self.refuses_items:
            return Answer(code=Code.ASSIGNMENT_REFUSED, sis_error="422 not so")
        return Answer(sourced_id=self._id(row.line_item_id))

    def of_result(self, row: Any) -> Answer:
        if (row.section_id, row.assignment_id, row.user_id) in self.refuses_results:
            return Answer(code=Code.SIS_REFUSED, sis_error="422 not so")
        return Answer(sourced_id=self._id(row.result_id))

    def _id(self, ours: str) -> str:
        return f"sis-{ours.removeprefix('sis-')}" if self.chooses_ids else ours


WILLING = Sis()


def judged(
    school: School,
    remembered: Remembered = NOTHING,
    *,
    selection: Selection = ALL,
    policy: Policy = POLICY,
    confirm: bool = False,
) -> Judgement:
    return judge(school.canvas, school.sis, remembered, selection, policy, confirm=confirm)


def planned(
    school: School,
    remembered: Remembered = NOTHING,
    sync_type: SyncType = "manual",
    *,
    policy: Policy = POLICY,
    **asked: Any,
) -> Plan:
    return delta.plan(judged(school, remembered, policy=policy, **asked), remembered, sync_type)


def answers_to_items(plan: Plan, sis: Sis = WILLING) -> dict[ItemKey, Answer]:
    rows = plan.assignments[plan.assignments["state"].isin(TO_WRITE)]
    return {(each.section_id, each.assignment_id): sis.of_item(each) for each in rows_of(rows)}


def answers_to_results(plan: Plan, sis: Sis = WILLING) -> dict[GradeKey, Answer]:
    rows = plan.grades[plan.grades["state"].isin(TO_WRITE)]
    return {
        (each.section_id, each.assignment_id, each.user_id): sis.of_result(each) for each in rows_of(rows)
    }


def posted(plan: Plan, sis: Sis = WILLING) -> Outcome:
    """Send what is planned, line items first."""
    items = answers_to_items(plan, sis)
    followed = after_assignments(plan, items)
    return settle(followed, items, answers_to_results(followed, sis))


def after(outcome: Outcome, before: Remembered = NOTHING) -> Remembered:
    """Remember what the SIS took, as the warehouse's ledger does."""
    items, grades = outcome.assignments, outcome.grades
    written = ["created", "updated"]
    return replace(
        before,
        line_items=_ledger(LedgerLineItems, before.line_items, items, items["state"].isin(written), ITEM),
        results=_ledger(
            LedgerResults,
            before.results[~_keys(before.results, KEY).isin(_withdrawn(outcome))],
            grades,
            grades["state"].isin(written),
            KEY,
        ),
    )


def synced(school: School, before: Remembered = NOTHING, **asked: Any) -> Remembered:
    """Sync to a willing SIS, and tell what is remembered."""
    return after(posted(planned(school, before, **asked)), before)


def assignments_of(result: Judgement | Plan | Outcome) -> dict[ItemKey, Said]:
    return {
        (each.section_id, each.assignment_id): (each.state, each.code) for each in rows_of(result.assignments)
    }


def grades_of(result: Judgement | Plan | Outcome) -> dict[GradeKey, Said]:
    return {
        (each.section_id, each.assignment_id, each.user_id): (each.state, each.code)
        for each in rows_of(result.grades)
    }


def the_assignment(result: Judgement | Plan | Outcome) -> Said:
    [said] = assignments_of(result).values()
    return said


def the_grade(result: Judgement | Plan | Outcome) -> Said:
    [said] = grades_of(result).values()
    return said


def codes(result: Judgement | Plan | Outcome) -> list[str]:
    """The codes of all issues, each as often as it was told."""
    return sorted(result.issues["code"])


def writes(plan: Plan) -> Mapping[str, int]:
    """How many rows of both kinds would be written, by state."""
    states = pd.concat([plan.assignments["state"], plan.grades["state"]])
    return {str(state): int(count) for state, count in states.value_counts().items() if state in TO_WRITE}


def _withdrawn(outcome: Outcome) -> pd.MultiIndex:
    return _keys(outcome.grades[outcome.grades["state"] == "withdrawn"], KEY)


def _keys(rows: pd.DataFrame, key: list[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[key])


def _ledger(
    schema: Any, before: pd.DataFrame, rows: pd.DataFrame, sent: "pd.Series[bool]", key: list[str]
) -> Any:
    new = rows[sent].assign(sent_at=SENT_AT, job_id="job")
    kept = before[~_keys(before, key).isin(_keys(new, key))]
    names = list(schema.to_schema().columns)
    merged = pd.concat([kept[names].astype(object), new[names].astype(object)], ignore_index=True)
    return build(schema, {name: merged[name] for name in names})
