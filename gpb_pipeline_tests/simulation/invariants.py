"""What must hold after each night, and what when all is quiet again: each check names what it finds broken.

The SIS's own log and contents are held against what wishes.py says, and the pipeline's report against both.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from operator import attrgetter
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.identity import DESCRIBED
from gpb_pipeline.passback.rows.frames import FINAL
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.sis.model import LineItem, Result
from gpb_pipeline_tests.simulation.night import Night
from gpb_pipeline_tests.simulation.school import case_of
from gpb_pipeline_tests.simulation.sis import Place, Sis, Write
from gpb_pipeline_tests.simulation.wishes import Column, Grade

ACCEPTED = {"created", "updated"}
WRITTEN = {*ACCEPTED, "unchanged", "failed"}
NOT_SEEN = {"assignment_not_shown", "not_shown"}
LIKE_ROUNDED = {"assignment_kept_otherwise", "kept_otherwise"}  # or not taken, where rounding explains it
BLIND = {"not_verified", "never_shown"}
ASKS = {"assignment_two_candidates", "two_candidates", "assignment_edited_in_sis", "edited_in_sis"}


@dataclass(frozen=True, order=True)
class Broken:
    """An invariant that did not hold for a case."""

    case: int
    night: int
    what: str


Check = Callable[[Sis, Night], Iterator[tuple[int, str]]]


def broken(sis: Sis, night: Night) -> list[Broken]:
    """Hold a night against every invariant."""
    return [Broken(case, night.asked.number, what) for check in CHECKS for case, what in check(sis, night)]


def each_row_ends_in_one_state(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    for row in [*_rows(night, "assignments"), *_rows(night, "grades")]:
        case = case_of(row.section_id)
        if row.state not in FINAL:
            yield case, f"a row ends as {row.state}"
        if (row.code is not None) != (row.state in {"skipped", "failed"}):
            yield case, f"{row.state} with the code {row.code}"


def nothing_that_was_read_is_lost(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    wished = {key for key in night.wishes.columns if case_of(key[0]) in night.cases}
    yield from _exactly(
        Counter((row.section_id, row.assignment_id) for row in _rows(night, "assignments") if row.covered),
        wished,
        wished,
        "an assignment",
    )
    grades = {key: each for key, each in night.wishes.grades.items() if case_of(key[0]) in night.cases}
    held = {(row.section_id, row.assignment_id, row.user_id) for row in rows_of(night.before.results)}
    held |= {(row.section_id, row.assignment_id, row.student_id) for row in rows_of(night.before.results)}
    told = {key for key, each in grades.items() if each.told}
    may = told | {key for key, each in grades.items() if key in held or (*key[:2], each.student_id) in held}
    counted = Counter(
        (row.section_id, row.assignment_id, row.user_id) for row in _rows(night, "grades") if row.covered
    )
    yield from _exactly(counted, told, may, "a grade")


def nothing_is_told_twice_for_want_of_a_class(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    """What a section holds that has no class now is its one row's; of two that it holds nobody could tell."""
    for name, held, key in (
        ("assignments", night.before.line_items, ("section_id", "assignment_id")),
        ("grades", night.before.results, ("section_id", "assignment_id", "user_id")),
    ):
        of = attrgetter(*key)
        once = {each for each, count in Counter(of(row) for row in rows_of(held)).items() if count == 1}
        rows = _rows(night, name)
        without = {of(row) for row in rows if row.covered and not isinstance(row.class_id, str)}
        for row in rows:
            if not row.covered and of(row) in without & once:
                yield case_of(row.section_id), "what stands in a class that is not there has two rows"


def _exactly(counted: Counter[Any], must: set[Any], may: set[Any], what: str) -> Iterator[tuple[int, str]]:
    for key in must - set(counted):
        yield case_of(key[0]), f"{what} has no row"
    for key in set(counted) - may:
        yield case_of(key[0]), f"{what} has a row that nothing asks for"
    for key, count in counted.items():
        if count > 1:
            yield case_of(key[0]), f"{what} has {count} rows"


def states_are_what_the_rules_say(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    for row in _rows(night, "assignments"):
        column = night.wishes.columns.get((row.section_id, row.assignment_id))
        if row.covered and column is not None and not _column_may(row, column):
            yield case_of(row.section_id), f"an assignment is {row.state} ({row.code})"
        if not row.covered and row.state != "skipped":
            yield case_of(row.section_id), f"a column that nothing asks for is {row.state}"
    for row in _rows(night, "grades"):
        grade = night.wishes.grades.get((row.section_id, row.assignment_id, row.user_id))
        if row.covered and grade is not None and not _grade_may(row, grade):
            yield case_of(row.section_id), f"a grade that {grade.wish} is {row.state} ({row.code})"
        if not row.covered and row.state != "skipped":
            yield case_of(row.section_id), f"a grade that was not read is {row.state}"


def _column_may(row: Any, column: Column) -> bool:
    if column.blocked:
        return row.code in column.blocked
    if column.barred:
        return (
            row.state == "unchanged" or row.code in {*column.barred, "no_grades_yet"} or row.state == "failed"
        )
    return row.state in WRITTEN or (row.code == "no_grades_yet" and not column.wanted)


def _grade_may(row: Any, grade: Grade) -> bool:
    if grade.wish == "goes":
        return row.state in WRITTEN
    if grade.wish == "cleared":
        return row.state in {"withdrawn", "unchanged", "failed"} or row.code in {
            "missing_without_score",
            "late_without_score",
            "text_grade",
            "student_without_sis_id",
        }
    return row.state in {"skipped", "failed"} or (
        row.state == "unchanged" and "assignment_not_sent" in grade.why
    )


def only_what_may_go_is_written(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    """Hold each write of the SIS's log against Canvas as it is: place, student, value."""
    for write in sis.log:
        if not isinstance(write.body.sourced_id, str):
            yield write.case, "what has no sourcedId is written"
        elif write.body.sourced_id.startswith("theirs"):
            yield write.case, "somebody else's is written over"
        elif isinstance(write.body, LineItem):
            if write.verb == "delete":
                yield write.case, "a column is taken back"
            elif (wrong := _wrong_column(sis, night, write.body)) is not None:
                yield write.case, f"a column is written with another {wrong}"
        elif write.body.line_item_id in sis.items:
            yield from _wrong_result(sis, night, write)


def _wrong_column(sis: Sis, night: Night, body: LineItem) -> str | None:
    about = (body.description or "").removeprefix(DESCRIBED)
    column = night.wishes.column_in.get((body.class_id, about))
    if column is None or not column.writable:
        return "right than Canvas gives"
    if not column.wanted and (body.class_id, about) not in sis.known:
        return "reason than a grade"
    due = body.due_date.astimezone(UTC).date() if body.due_date else None
    pairs = {
        "title": (body.title, column.title),
        "category": (body.category_id, column.category_id),
        "period": (body.grading_period_id, column.period_id),
        "maximum": (body.result_value_max, column.points),
        "due day": (due, column.due),
    }
    return next((name for name, (sent, wanted) in pairs.items() if sent != wanted), None)


def _wrong_result(sis: Sis, night: Night, write: Write) -> Iterator[tuple[int, str]]:
    body = write.body
    assert isinstance(body, Result)
    item = sis.items[body.line_item_id]
    about = sis.about(body.line_item_id)
    if about is None:
        yield write.case, "a grade goes into somebody else's column"
        return
    place = (item.class_id, about, body.student_id)
    grade = night.wishes.grade_in.get(place)
    if write.verb == "delete":
        if place not in night.wishes.cleared_in:
            yield write.case, "a grade is taken back that Canvas has not cleared"
    elif grade is None:
        yield write.case, "a grade goes to a student who has none there"
    elif grade.wish != "goes":
        yield write.case, "a grade goes that may not"
    elif (body.exempt, body.score) != (grade.exempt, grade.score):
        yield write.case, "a grade goes with another score than Canvas has"


def nothing_stands_twice(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    columns = Counter(
        (each.class_id, each.description)
        for key, each in sis.items.items()
        if key in sis.ours and each.status == "active"
    )
    results = Counter(
        (each.class_id, each.line_item_id, each.student_id)
        for key, each in sis.results.items()
        if key in sis.ours and each.status == "active"
    )
    for name, counted in (("column", columns), ("grade", results)):
        for (class_id, *_), count in counted.items():
            if count > 1:
                yield case_of(class_id), f"a {name} stands twice"


GONE_HELD = {Code.ASSIGNMENT_GONE_HELD, Code.GONE_HELD}


def the_report_says_what_the_sis_received(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    accepted = {(write.verb, write.answered) for write in sis.log}
    said: dict[tuple[str, str], int] = {}
    failed: set[str] = set()
    held: set[int] = set()  # cases with what is shown to be gone, which waits for a word: it has no id
    for rows, name in ((_rows(night, "assignments"), "line_item_id"), (_rows(night, "grades"), "result_id")):
        for row in rows:
            verb = {"created": "put", "updated": "put", "withdrawn": "delete"}.get(row.state)
            if verb is not None:
                said[verb, getattr(row, name)] = case_of(row.section_id)
            elif row.code in GONE_HELD:
                held.add(case_of(row.section_id))
            elif row.state == "failed" and getattr(row, name) is not None:
                failed.add(getattr(row, name))
    for key, case in said.items():
        if key not in accepted:
            yield case, "the report says sent what the SIS never accepted"
    told = {
        (write.verb, write.body.sourced_id)  # of a write that was made twice, the second is told
        for write in sis.log
        if (write.verb, write.answered) in said or write.answered in failed or write.body.sourced_id in failed
    }
    for write in sis.log:
        known = (write.verb, write.body.sourced_id) in told or write.case in held
        if write.answered and write.kept and write.case in night.cases and not known:
            yield write.case, "the SIS accepted what the report does not say"


def what_is_said_to_stand_stands(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    """Look up in the SIS each row that ended well and of which no doubt is told."""
    codes = set(night.outcome.issues["code"])
    if night.halted or codes & BLIND or sis.nature.lists_nothing:
        return
    told = {code: set[tuple[Any, ...]]() for code in codes}
    for each in rows_of(night.outcome.issues):
        told[each.code].add((each.section_id, each.assignment_id, each.user_id))
    doubts = NOT_SEEN | LIKE_ROUNDED if sis.nature.deaf else NOT_SEEN
    doubted = {row for code in doubts for row in told.get(code, ())}
    like_rounded = told.get(Code.KEPT_OTHERWISE.value, set())
    for row in _rows(night, "assignments"):
        if row.state in ACCEPTED and (row.section_id, row.assignment_id, None) not in doubted:
            column = night.wishes.columns[row.section_id, row.assignment_id]
            if not _stands(sis, row.line_item_id, column) and not sis.temper.spoils(row.line_item_id):
                yield case_of(row.section_id), "a column is said to stand and does not"
    for row in _rows(night, "grades"):
        if (row.section_id, row.assignment_id, row.user_id) in doubted or sis.temper.spoils(
            row.result_id or ""
        ):
            continue
        held = sis.results.get(row.result_id)
        there = held is not None and held.status == "active"
        if row.state == "withdrawn" and there:
            yield case_of(row.section_id), "a grade is said to be taken back and stands"
        grade = night.wishes.grades.get((row.section_id, row.assignment_id, row.user_id))
        believed = (row.section_id, row.assignment_id, row.user_id) in like_rounded
        if row.state in ACCEPTED and not (
            grade and there and (_is(sis, held, grade) or (believed and _is_like_rounded(sis, held, grade)))
        ):
            yield case_of(row.section_id), "a grade is said to stand and does not"


def _stands(sis: Sis, line_item_id: str, column: Column) -> bool:
    item = sis.items.get(line_item_id)
    return (
        item is not None
        and item.status == "active"
        and item.class_id == column.class_id
        and item.title == sis.spelt(column.title)
        and item.result_value_max == column.points
        and item.category_id == column.category_id
        and item.due_date is not None
        and item.due_date.date() == column.due
    )


def _is(sis: Sis, held: Any, grade: Grade) -> bool:
    if grade.exempt or held.exempt:
        return bool(grade.exempt == held.exempt)
    return bool(held.score == sis.rounded(grade.score))


def _is_like_rounded(sis: Sis, held: Any, grade: Grade) -> bool:
    """Whether rounding explains what is held, for all that the class shows: nobody could tell then."""
    shown = [
        each.score
        for key, each in sis.results_in(held.class_id)
        if not each.exempt and each.score is not None and key not in sis.touched
    ]
    finest = max(map(_decimals, shown), default=0)
    if grade.exempt or held.exempt or held.score is None or grade.score is None:
        return False
    off = abs(held.score - grade.score)
    return any(
        finest <= digits and _decimals(held.score) <= digits and off <= 0.5 * 10**-digits + 1e-9
        for digits in (0, 1, 2)
    )


def _decimals(score: float) -> int:
    return next((digits for digits in (0, 1) if abs(score - round(score, digits)) < 1e-9), 2)


def a_mass_withdrawal_waits_for_a_word(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    policy, posted = night.asked.policy, len(night.before.results)
    taken = sum(write.verb == "delete" for write in sis.log)
    if not night.asked.confirm and policy.too_many(taken, posted):
        yield 0, f"{taken} of {posted} grades are taken back without a word"


def the_order_of_rows_decides_nothing(sis: Sis, night: Night) -> Iterator[tuple[int, str]]:
    if not night.replanned:
        yield 0, "the same holdings in another order give another plan"


CHECKS: tuple[Check, ...] = (
    each_row_ends_in_one_state,
    nothing_that_was_read_is_lost,
    nothing_is_told_twice_for_want_of_a_class,
    states_are_what_the_rules_say,
    only_what_may_go_is_written,
    nothing_stands_twice,
    the_report_says_what_the_sis_received,
    what_is_said_to_stand_stands,
    a_mass_withdrawal_waits_for_a_word,
    the_order_of_rows_decides_nothing,
)


def at_rest(sis: Sis, night: Night) -> list[Broken]:
    """Hold the SIS, after quiet nights, against all that it should hold, and no more."""
    if sis.nature.deaf or sis.nature.lists_nothing:
        return []
    rest = _Rest(sis, night)
    found = [*rest.columns_wrong(), *rest.grades_wrong()]
    return [Broken(case, night.asked.number, what) for case, what in found if case in night.cases]


class _Rest:
    """The SIS after quiet nights: what stands in it, what waits for a word, what people there may keep."""

    def __init__(self, sis: Sis, night: Night) -> None:
        self.sis, self.wishes = sis, night.wishes
        self.waits = {
            (row.section_id, row.assignment_id, getattr(row, "user_id", None))
            for row in [*_rows(night, "assignments"), *_rows(night, "grades")]
            if row.code in ASKS
        }
        theirs = night.asked.policy.on_edit != "overwrite"
        self.kept = sis.touched if theirs else set[str]()
        self.removed = sis.removed if theirs else set[Place]()
        self.columns = {
            (each.class_id, sis.about(key)): key
            for key, each in sis.items.items()
            if key in sis.ours and each.status == "active"
        }
        self.results = {
            (each.line_item_id, each.student_id): each
            for key, each in sis.results.items()
            if key in sis.ours and each.status == "active"
        }

    def columns_wrong(self) -> Iterator[tuple[int, str]]:
        for column in self.wishes.columns.values():
            where = (column.section_id, column.assignment_id)
            if column.writable and column.wanted and (*where, None) not in self.waits:
                yield from ((case_of(column.section_id), wrong) for wrong in self._column_wrong(column))

    def _column_wrong(self, column: Column) -> Iterator[str]:
        place = (column.class_id or "", column.assignment_id)
        key = self.columns.get(place)
        if key is None:
            if (*place, None) not in self.removed:
                yield "a column that should stand does not"
        elif key not in self.kept and not _stands(self.sis, key, column):
            yield "a column stands otherwise than Canvas has it"

    def grades_wrong(self) -> Iterator[tuple[int, str]]:
        for grade in self.wishes.grades.values():
            where = (grade.section_id, grade.assignment_id)
            if not {(*where, None), (*where, grade.user_id)} & self.waits:
                yield from ((case_of(grade.section_id), wrong) for wrong in self._grade_wrong(grade))

    def _grade_wrong(self, grade: Grade) -> Iterator[str]:
        place = (grade.class_id or "", grade.assignment_id)
        held = self.results.get((self.columns.get(place, ""), grade.student_id or ""))
        if held is None:
            left_out = {(*place, None), (*place, grade.student_id)} & self.removed
            if grade.wish == "goes" and not left_out:
                yield "a grade that should stand does not"
        elif grade.wish == "cleared" and not grade.twice and held.sourced_id not in self.kept:
            yield "a grade that Canvas has cleared still stands"
        elif (
            grade.wish == "goes"
            and held.sourced_id not in self.kept
            and not (_is(self.sis, held, grade) or _is_like_rounded(self.sis, held, grade))
        ):
            yield "a grade stands otherwise than Canvas has it"


def silent(sis: Sis, night: Night) -> list[Broken]:
    """Name each write of a night on which there was nothing to write."""
    if sis.nature.deaf:
        return []
    return [
        Broken(write.case, night.asked.number, f"a {type(write.body).__name__} is written on a quiet night")
        for write in sis.log
    ]


def _rows(night: Night, name: str) -> list[Any]:
    frame: pd.DataFrame = getattr(night.outcome, name)
    return [row for row in rows_of(frame) if case_of(row.section_id) in night.cases]
