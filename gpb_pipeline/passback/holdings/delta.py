"""What must be written: the judged rows against the ledger, so that an unchanged course sends nothing.

Which rows may go at all, judge.py has said; what came of the writes, settle.py says.
"""

import pandas as pd

from gpb_pipeline.passback.course import Judgement, Plan, Remembered, SyncType
from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.rows import judged
from gpb_pipeline.passback.rows.grades import KEY
from gpb_pipeline.passback.rules.causes import course_issue, joined
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.judge import ITEM

MASS = 0.5  # share of a course's posted grades whose change at once is worth a word (design.md §8.10)


def plan(judgement: Judgement, remembered: Remembered, sync_type: SyncType) -> Plan:
    """Compare what may go with what the SIS holds because of us; a remaster sends it all the same."""
    assignments = _against_ledger(
        judgement.assignments, remembered.line_items, ITEM, ["payload_hash"], sync_type
    )
    compared = ["payload_hash", "line_item_id"]
    grades = _against_ledger(judgement.grades, remembered.results, KEY, compared, sync_type)
    changed = _changed(judgement, remembered)
    posted = len(remembered.results)
    many = changed > MASS * posted
    return Plan(
        assignments=derived(judged.PlannedAssignments, judgement.assignments, state=assignments),
        grades=derived(judged.PlannedGrades, judgement.grades, state=grades),
        issues=joined(judgement.issues, _mass_change(changed, posted)) if many else judgement.issues,
        extracted=judgement.extracted,
    )


def without_grades(planned: Plan) -> Plan:
    """Plan the assignments alone: the grades that would be written wait for another run."""
    waiting = planned.grades["state"].isin(["create", "update", "withdraw"])
    told = pd.DataFrame([course_issue(Code.GRADES_NOT_ASKED, f"{waiting.sum()} grades")] * int(waiting.any()))
    return Plan(
        assignments=planned.assignments,
        grades=derived(
            judged.PlannedGrades,
            planned.grades,
            state=planned.grades["state"].mask(waiting, "skipped"),
            code=planned.grades["code"].mask(waiting, Code.GRADES_NOT_ASKED.value),
        ),
        issues=joined(planned.issues, told),
        extracted=planned.extracted,
    )


def _against_ledger(
    rows: pd.DataFrame, ledger: pd.DataFrame, key: list[str], compared: list[str], sync_type: SyncType
) -> "pd.Series[str]":
    """Give each row its planned state."""
    held = rows[key].merge(ledger[key + compared], how="left", on=key).set_index(rows.index)
    is_held = held["payload_hash"].notna()
    same = (held[compared] == rows[compared]).all(axis=1) & (sync_type != "remaster")
    written = pd.Series("create", index=rows.index, dtype=object).mask(is_held, "update")
    return rows["state"].where(rows["state"] != "eligible", written.mask(is_held & same, "unchanged"))


def _changed(judgement: Judgement, remembered: Remembered) -> int:
    """Count what the SIS holds and will hold otherwise, or no longer; a remaster alone changes nothing."""
    compared = _against_ledger(judgement.grades, remembered.results, KEY, ["payload_hash"], "manual")
    return int(compared.isin(["update", "withdraw"]).sum())


def _mass_change(changed: int, posted: int) -> pd.DataFrame:
    return pd.DataFrame([course_issue(Code.MASS_CHANGE, f"{changed} of {posted}")])
