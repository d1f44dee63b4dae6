"""Faults planted in the rules, one at a time, to prove that the simulation can fail: each must be found.

Each is a small patch of the real rule, as a slip of the hand would make it. What finds it is invariants.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gpb_pipeline import writing
from gpb_pipeline.passback import keys
from gpb_pipeline.passback.categories.choice import category_for
from gpb_pipeline.passback.holdings import answers, link, look, plan, same, see, verify
from gpb_pipeline.passback.holdings.identity import line_item_id
from gpb_pipeline.passback.rows import assignments as assignment_rows
from gpb_pipeline.passback.rows import grades as grade_rows
from gpb_pipeline.passback.rows import settle as settling
from gpb_pipeline.passback.rules import assignments as assignment_rules
from gpb_pipeline.passback.rules import grades as grade_rules
from gpb_pipeline.passback.rules.due_dates import due_on_wire, section_date
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.sis import posting
from gpb_pipeline_tests.simulation.history import History
from gpb_pipeline_tests.simulation.invariants import Broken

Plant = Callable[[pytest.MonkeyPatch], None]
CASES, SEEDS = 60, range(2, 9)


@dataclass(frozen=True, kw_only=True)
class Found:
    """How a fault showed first, and after how many cases."""

    cases: int
    seed: int
    broken: Broken


def hunted(plant: Plant) -> Found | None:
    """Plant a fault and simulate until an invariant breaks; a TypeError is the patch's own."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        for count, seed in enumerate(SEEDS, start=1):
            first = next(History(seed=seed, cases=CASES).broken(), None)
            if first is not None:
                assert "TypeError(" not in first.what, f"planted otherwise than it is called: {first.what}"
                return Found(cases=count * CASES, seed=seed, broken=first)
    return None


def _no(*_: Any, **__: Any) -> Any:
    return frozenset()


def _never(rows: pd.DataFrame, *_: Any) -> "pd.Series[bool]":
    return pd.Series(data=False, index=rows.index)


def _rule(rules: Any, code: Code) -> Plant:
    """Leave a rule out."""
    return lambda patch: patch.setitem(rules, code, _never)


def _students_by_place(patch: pytest.MonkeyPatch) -> None:
    """Join the roster by its order and not by the student."""
    real = grade_rows._covered

    def wrong(*given: Any) -> pd.DataFrame:
        rows = real(*given)
        students = rows.groupby(["section_id", "assignment_id"])["student_id"]
        return rows.assign(student_id=students.transform(lambda each: np.roll(each.to_numpy(), 1)))

    patch.setattr(grade_rows, "_covered", wrong)


def _half_of_a_join(patch: pytest.MonkeyPatch) -> None:
    real = grade_rows._covered
    patch.setattr(grade_rows, "_covered", lambda *given: real(*given).iloc[::2].reset_index(drop=True))


def _line_items_by_section_alone(patch: pytest.MonkeyPatch) -> None:
    real = plan._of_assignment

    def wrong(grades: pd.DataFrame, items: pd.DataFrame, ids: Any) -> Any:
        found = real(grades, items, ids)
        return found.groupby(grades["section_id"]).transform("first").where(found.notna(), found)

    patch.setattr(plan, "_of_assignment", wrong)


def _key_without_student(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "result_id", lambda tenant, *key: "r" + "".join(key[:3]))


def _key_without_class(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "line_item_id", lambda tenant, *key: line_item_id(tenant, "", "", key[-1]))


def _id_of_the_sis_not_kept(patch: pytest.MonkeyPatch) -> None:
    real = answers._answered

    def wrong(kind: Any, held: Any, rows: Any, said: Any, *rest: Any) -> Any:
        return real(
            kind, held, rows, {row: replace(each, sourced_id=None) for row, each in said.items()}, *rest
        )

    patch.setattr(answers, "_answered", wrong)


def _lost_answers_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "UNANSWERED", ())


def _intents_not_on_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing, "intended", lambda held, *_, **__: held)


def _holdings_of_columns_lost(patch: pytest.MonkeyPatch) -> None:
    real = answers.answered_items

    def wrong(held: Any, *given: Any, **named: Any) -> Any:
        found = real(held, *given, **named)
        return replace(found, line_items=found.line_items.iloc[1:].reset_index(drop=True))

    patch.setattr(writing, "answered_items", wrong)


def _an_empty_read_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(look, "short_classes", _no)
    real = see.see
    patch.setattr(writing, "see", lambda held, book, *a, **k: real(held, look.believed(held, book), *a, **k))


def _stale_score_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "same_result", lambda one, other: one["score"].notna() & other["score"].notna())


def _old_score_sent(patch: pytest.MonkeyPatch) -> None:
    real = posting.Poster._result

    def wrong(self: Any, row: Any) -> Any:
        made = real(self, row)
        return replace(made, score=float(int(made.score or 0)))

    patch.setattr(posting.Poster, "_result", wrong)


def _absence_taken_for_cleared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grade_rules, "cleared", lambda rows: rows["held"] & ~grade_rules.has_value(rows))
    patch.setitem(grade_rules.RULES, Code.ORPHAN, _never)


def _hidden_taken_for_cleared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        grade_rules,
        "has_value",
        lambda rows: (rows["canvas_score"].notna() | rows["excused"]) & rows["posted_at"].notna(),
    )


def _cleared_never_withdrawn(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grade_rules, "cleared", _never)


def _excuse_sent_as_score(patch: pytest.MonkeyPatch) -> None:
    real = posting.Poster._result
    patch.setattr(
        posting.Poster, "_result", lambda self, row: replace(real(self, row), score_status="fully graded")
    )


def _read_back_skipped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing.Writing, "verified", lambda self, first, replan: (first.settled, first.held))


def _verdict_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing, "verified", lambda rows, held, **_: rows)


def _failed_said_created(patch: pytest.MonkeyPatch) -> None:
    real = settling.settle

    def wrong(rows: Any, items: Any, grades: Any) -> Any:
        return real(rows, items, {row: replace(each, code=None) for row, each in grades.items()})

    patch.setattr(writing, "settle", wrong)


def _rekeyed_class_not_followed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(see, "relocated", lambda held, book, went: held)


def _new_class_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(look, "to_look_up", _no)


def _rounding_taken_for_an_edit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(same, "rounded", lambda score, kept: pd.Series(data=False, index=score.index))


def _category_by_title_of_any_class(patch: pytest.MonkeyPatch) -> None:

    def wrong(group: str, class_id: str, active: Any, chosen: Any) -> Any:
        return category_for(group, class_id, active, None)

    patch.setattr(assignment_rows, "category_for", wrong)


def _due_day_in_utc(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        assignment_rows, "due_on_wire", lambda due, zone, style: due_on_wire(due, ZoneInfo("UTC"), style)
    )


def _base_date_for_all(patch: pytest.MonkeyPatch) -> None:
    def wrong(dates: Any, section_id: str) -> Any:
        found = section_date(dates, section_id)
        return replace(found, due_at=dates.due_at or found.due_at)

    patch.setattr(assignment_rows, "section_date", wrong)


def _order_decides(patch: pytest.MonkeyPatch) -> None:
    def wrong(rows: pd.DataFrame, held: pd.DataFrame, key: list[str]) -> Any:
        found = keys.positions(rows, held, key)
        found[found == 0] = keys.NONE
        return found

    patch.setattr(link, "positions", wrong)


def _unconfirmed_made_anew(patch: pytest.MonkeyPatch) -> None:
    real = verify.to_repeat
    patch.setattr(writing, "to_repeat", lambda again: replace(real(again), rows=again.rows))


FAULTS: Mapping[str, Plant] = {
    "the roster is joined by place, not by student": _students_by_place,
    "a join drops half of the grades": _half_of_a_join,
    "a grade's column is found by section alone": _line_items_by_section_alone,
    "the student is left out of a result's id": _key_without_student,
    "class and section are left out of a column's id": _key_without_class,
    "the id that the SIS gave is not kept": _id_of_the_sis_not_kept,
    "a write without an answer is forgotten": _lost_answers_forgotten,
    "first writes are not put on record": _intents_not_on_record,
    "the holding of a column is lost": _holdings_of_columns_lost,
    "an empty list is believed": _an_empty_read_believed,
    "a stale score counts as the same": _stale_score_kept,
    "a score is cut to a whole number": _old_score_sent,
    "absence is taken for cleared": _absence_taken_for_cleared,
    "hidden is taken for cleared": _hidden_taken_for_cleared,
    "a cleared grade is never withdrawn": _cleared_never_withdrawn,
    "an excuse goes as a score": _excuse_sent_as_score,
    "hidden grades go": _rule(grade_rules.RULES, Code.HIDDEN),
    "students off the roster go": _rule(grade_rules.RULES, Code.STUDENT_NOT_ON_ROSTER),
    "Everyone Else goes": _rule(assignment_rules.RULES, Code.EVERYONE_ELSE),
    "a closed period bars nothing": _rule(assignment_rules.RULES, Code.PERIOD_CLOSED),
    "twins of a name go": _rule(assignment_rules.RULES, Code.DUPLICATE_NAME),
    "nothing is read back": _read_back_skipped,
    "what the SIS did not take is not told": _verdict_not_told,
    "a refused grade is said to be created": _failed_said_created,
    "a class with a new id is not followed": _rekeyed_class_not_followed,
    "what is unsure is not looked up": _new_class_not_looked_at,
    "rounding is taken for an edit": _rounding_taken_for_an_edit,
    "the category that people chose is ignored": _category_by_title_of_any_class,
    "the due day is taken in UTC": _due_day_in_utc,
    "a section's own date is ignored": _base_date_for_all,
    "the first holding of a frame is overlooked": _order_decides,
    "all is written again after each read back": _unconfirmed_made_anew,
}
