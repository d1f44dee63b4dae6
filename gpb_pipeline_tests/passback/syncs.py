"""A sync without wires: judged, planned, answered by a SIS of dictionaries, read back, and remembered.

`night` puts the pure functions together as sync.py and writing.py do; what they say is the tests'.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from gpb_pipeline.passback.course import Policy, Selection
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings import plan as planning
from gpb_pipeline.passback.holdings.answers import (
    answered_items,
    answered_results,
    intended,
)
from gpb_pipeline.passback.holdings.frames import (
    NO_HOLDINGS,
    Gradebook,
    Holdings,
    SisLineItems,
    SisResults,
)
from gpb_pipeline.passback.holdings.identity import description_of
from gpb_pipeline.passback.holdings.look import doubtful, to_look_up
from gpb_pipeline.passback.holdings.moved import taken_over
from gpb_pipeline.passback.holdings.plan import Planned, findings_told
from gpb_pipeline.passback.holdings.see import see
from gpb_pipeline.passback.holdings.verify import as_taken, to_repeat, verified, with_rows
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rows.settle import TO_WRITE, WriteAnswer, after_assignments, settle
from gpb_pipeline.passback.rules.causes import joined
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.judge import judge
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline_tests.passback.courses import POLICY, SENT_AT, Row, School, frame

ALL = Selection()
Key = tuple[str, ...]  # section, assignment, and the student's Canvas id where it is a grade's
Said = tuple[str, str | None]  # state and code
DAY = timedelta(days=1)


@dataclass(kw_only=True)
class Sis:
    """Keeps what it is told in its own way, and shows it; ids that it chooses begin with `sis-`."""

    chooses_ids: bool = False
    refuses: frozenset[Key] = frozenset()
    loses_answers: frozenset[Key] = frozenset()  # of writes that it took
    loses_writes: frozenset[Key] = frozenset()  # they never arrive
    deaf: bool = False  # takes each write, and keeps what it had
    late: bool = False  # lists show what was there before the latest night
    silent: bool = False  # lists show nothing
    decimals: int | None = None
    cuts_dates: bool = False
    respells: bool = False  # escapes & in titles
    serves_ids: bool = False
    keeps_descriptions: bool = False
    line_items: dict[str, Row] = field(default_factory=dict)
    results: dict[str, Row] = field(default_factory=dict)
    writes: list[tuple[str, Key]] = field(default_factory=list)  # state and key of each that was sent
    shown: tuple[dict[str, Row], dict[str, Row]] = field(default=({}, {}))
    unlisted: frozenset[str] = frozenset()  # ids that every list leaves out

    def catch_up(self) -> None:
        """Let the lists show all that has been taken so far."""
        self.shown = (dict(self.line_items), dict(self.results))

    def take_item(self, row: Any) -> WriteAnswer:
        kept = {
            "class_id": row.class_id,
            "title": row.title.replace("&", "&amp;") if self.respells else row.title,
            "description": description_of(row.assignment_id) if self.keeps_descriptions else None,
            "category_id": row.category_id,
            "period_id": row.period_id,
            "points_possible": row.points_possible,
            "assigned_at": row.assigned_at,
            "due_on_wire": row.due_on_wire.floor("D") if self.cuts_dates else row.due_on_wire,
        }
        key = (row.section_id, row.assignment_id)
        return self._take(self.line_items, row, key, row.line_item_id, kept, Code.ASSIGNMENT_REFUSED)

    def take_result(self, row: Any) -> WriteAnswer:
        key = (row.section_id, row.assignment_id, row.user_id)
        if row.line_item_id not in self.line_items and row.state != "withdraw":
            self.writes.append((row.state, key))
            return _refused(Code.SIS_REFUSED, row.line_item_id)
        kept = {
            "class_id": row.class_id,
            "line_item_id": row.line_item_id,
            "student_id": row.student_id,
            "score": row.score if self.decimals is None else round(row.score, self.decimals),
            "exempt": row.exempt,
        }
        return self._take(self.results, row, key, row.result_id, kept, Code.SIS_REFUSED)

    def _take(
        self, held: dict[str, Row], row: Any, key: Key, asked_id: str, kept: Row, refused: Code
    ) -> WriteAnswer:
        of_item = refused is Code.ASSIGNMENT_REFUSED
        unanswered = WriteAnswer(
            code=Code.ASSIGNMENT_UNKNOWN_OUTCOME if of_item else Code.SIS_UNKNOWN_OUTCOME
        )
        self.writes.append((row.state, key))
        if key in self.refuses:
            return WriteAnswer(code=refused, sis_error="422 not so")
        if key in self.loses_writes:
            return unanswered
        if self.chooses_ids and row.state == "update" and asked_id not in held:
            return _refused(refused, asked_id)
        sourced_id = f"sis-{len(self.writes)}" if self.chooses_ids and row.state == "create" else asked_id
        if row.state == "withdraw":
            held.pop(sourced_id, None)
        elif not (self.deaf and sourced_id in held):
            held[sourced_id] = kept
        return unanswered if key in self.loses_answers else WriteAnswer(sourced_id=sourced_id)

    def gradebook(self, class_ids: Collection[str], at: datetime) -> Gradebook:
        """Show these classes, each list whole by its own paging and count."""
        if not self.late:
            self.catch_up()
        items, results = (
            {key: row for key, row in rows.items() if not self.silent and key not in self.unlisted}
            for rows in self.shown
        )
        return Gradebook(
            class_ids=frozenset(class_ids),
            line_items=_shown(SisLineItems, "line_item_id", items, class_ids),
            results=_shown(SisResults, "result_id", results, class_ids),
            at=at,
        )

    def asked_by_id(self, book: Gradebook, doubted: Holdings) -> Gradebook:
        """Answer for each of these by its own id, as far as it serves them so."""
        if not self.serves_ids:
            return book
        asked = {*doubted.line_items["line_item_id"], *doubted.results["result_id"]}
        there = {*self.line_items, *self.results}
        listed = {*book.line_items["line_item_id"], *book.results["result_id"]}
        return replace(
            book, not_found=book.not_found | (asked - there), found=frozenset(asked & there - listed)
        )

    def scores(self) -> dict[Key, tuple[float, bool]]:
        """Say what it holds by class, title and student; a KeyError is a result that hangs on nothing."""
        found: dict[Key, tuple[float, bool]] = {}
        for each in self.results.values():
            item = self.line_items[each["line_item_id"]]
            key = (item["class_id"], item["title"], each["student_id"])
            assert key not in found, "a grade is held twice"
            found[key] = (each["score"], each["exempt"])
        return found


def _shown(schema: Any, name: str, rows: Mapping[str, Row], class_ids: Collection[str]) -> Any:
    here = [row | {name: key} for key, row in rows.items() if row["class_id"] in class_ids]
    return frame(schema, here)


def _refused(code: Code, unknown: str) -> WriteAnswer:
    return WriteAnswer(code=code, sis_error="404 unknown", unknown=frozenset({unknown}))


@dataclass(frozen=True, kw_only=True)
class Night:
    """What came of one sync."""

    plan: Rows
    outcome: Rows
    held: Holdings


def judged(
    school: School,
    held: Holdings = NO_HOLDINGS,
    *,
    selection: Selection = ALL,
    policy: Policy = POLICY,
    confirm: bool = False,
) -> Rows:
    return judge(school.canvas, school.sis, school.chosen, held, selection, policy, confirm=confirm)


def planned(
    school: School,
    held: Holdings = NO_HOLDINGS,
    sync_type: SyncType = "manual",
    *,
    policy: Policy = POLICY,
    confirm: bool = False,
    selection: Selection = ALL,
) -> Rows:
    rows = judged(school, held, policy=policy, confirm=confirm, selection=selection)
    return planning.plan(rows, held, policy, sync_type, confirm=confirm).rows


def answers_to_items(plan: Rows, sis: Sis | None = None) -> dict[int, WriteAnswer]:
    sis = sis or Sis()
    return {number: sis.take_item(row) for number, row in _to_write(plan.assignments)}


def answers_to_results(plan: Rows, sis: Sis) -> dict[int, WriteAnswer]:
    return {number: sis.take_result(row) for number, row in _to_write(plan.grades)}


def _to_write(rows: pd.DataFrame) -> Iterator[tuple[int, Any]]:
    chosen = rows[rows["state"].isin(TO_WRITE)]
    return zip(chosen.index, rows_of(chosen), strict=True)


def posted(plan: Rows, sis: Sis | None = None) -> Rows:
    """Send what is planned, line items first."""
    sis = sis or willing(plan)
    items = answers_to_items(plan, sis)
    followed = after_assignments(plan, items)
    return settle(followed, items, answers_to_results(followed, sis))


def willing(plan: Rows, **temper: Any) -> Sis:
    """Make a SIS that has the line items which the plan takes for held, with a temper."""
    return Sis(line_items={each: {} for each in plan.assignments["line_item_id"].dropna()}, **temper)


def night(
    school: School,
    sis: Sis,
    held: Holdings = NO_HOLDINGS,
    sync_type: SyncType = "manual",
    *,
    at: datetime = SENT_AT,
    interrupted: bool = False,
    policy: Policy = POLICY,
    confirm: bool = False,
) -> Night:
    """Sync once: look up what is not sure, judge, plan, write, read back, and write again what that asks for.

    `interrupted`: the sync before died while it could post.
    """
    places = school.places
    held = taken_over(held, places)
    class_ids = places.class_ids if interrupted else to_look_up(held, places)
    if class_ids:
        held = _seen(held, sis.gradebook(class_ids, at), sis, school, policy)
    judgement = judged(school, held, policy=policy, confirm=confirm)
    first = planning.plan(judgement, held, policy, sync_type, confirm=confirm)
    rows, held, class_ids, unknown = _written(first.rows, first.holdings, sis, at)
    if class_ids:
        seen = _read_back(held, class_ids, unknown, sis, school, policy, at)
        again = planning.plan(judgement, seen, policy, "manual", confirm=confirm)
        settled, borne_out = rows, as_taken(held, seen)
        rows, held = _repeated(settled, again, sis, school, policy, at)
        if borne_out:  # and writing.py leaves all that out
            assert held is seen
            _require_same(rows, settled)
    if sis.late:
        sis.catch_up()
    return Night(plan=first.rows, outcome=rows, held=held)


def _require_same(rows: Rows, others: Rows) -> None:
    for name in ("assignments", "grades", "issues"):
        pd.testing.assert_frame_equal(getattr(rows, name), getattr(others, name))


def _repeated(
    rows: Rows, again: Planned, sis: Sis, school: School, policy: Policy, at: datetime
) -> tuple[Rows, Holdings]:
    repeat, held = to_repeat(again), again.holdings
    rows = verified(with_rows(rows, repeat.asks), held)
    rows = replace(rows, issues=joined(rows.issues, *findings_told(again.rows, held)))
    if repeat.empty:
        return rows, held
    later = at + timedelta(minutes=2)
    more, held, class_ids, unknown = _written(repeat.rows, held, sis, later)
    rows = with_rows(rows, more)
    held = _read_back(held, class_ids, unknown, sis, school, policy, later)
    return with_rows(rows, verified(more, held, repeated=True)), held


def _written(
    rows: Rows, held: Holdings, sis: Sis, at: datetime
) -> tuple[Rows, Holdings, frozenset[str], frozenset[str]]:
    """Settle rows; say what is held by that, which classes were written to, and what the SIS knows not."""
    if sis.chooses_ids:
        held = intended(held, rows, job_id="job", at=at, grades=False)
    items = answers_to_items(rows, sis)
    rows = after_assignments(rows, items)
    held = answered_items(held, rows, items, job_id="job", at=at)
    if sis.chooses_ids:
        held = intended(held, rows, job_id="job", at=at, grades=True)
    grades = answers_to_results(rows, sis)
    held = answered_results(held, rows, grades, job_id="job", at=at)
    class_ids = {*rows.assignments.loc[list(items), "class_id"], *rows.grades.loc[list(grades), "class_id"]}
    unknown = {each for answer in (*items.values(), *grades.values()) for each in answer.unknown}
    return settle(rows, items, grades), held, frozenset(class_ids), frozenset(unknown)


def _read_back(
    held: Holdings,
    class_ids: frozenset[str],
    unknown: frozenset[str],
    sis: Sis,
    school: School,
    policy: Policy,
    at: datetime,
) -> Holdings:
    book = replace(sis.gradebook(class_ids, at + timedelta(minutes=1)), not_found=unknown)
    return _seen(held, book, sis, school, policy, since=at)


def _seen(
    held: Holdings, book: Gradebook, sis: Sis, school: School, policy: Policy, since: datetime | None = None
) -> Holdings:
    doubted = doubtful(held, book)
    count = len(doubted.line_items) + len(doubted.results)
    if count and not policy.too_many(count, len(held.results)):
        book = sis.asked_by_id(book, doubted)
    return see(held, book, school.places, job_id="job", since=since, provider=sis.chooses_ids)


def synced(school: School, held: Holdings = NO_HOLDINGS, sis: Sis | None = None, **asked: Any) -> Holdings:
    """Sync to a SIS, a willing one unless told, and tell what it holds from then on."""
    return answered(planned(school, held, **asked), held, sis)


def answered(plan: Rows, held: Holdings = NO_HOLDINGS, sis: Sis | None = None) -> Holdings:
    """Tell what a SIS holds by its own word of these rows; no read was made."""
    sis = sis or willing(plan)
    _, held, _, _ = _written(plan, held, sis, SENT_AT)
    return held


def assignments_of(rows: Rows) -> dict[Key, Said]:
    """State and code by section and assignment, of what this read covers."""
    covered = rows.assignments[rows.assignments["covered"]]
    return {(each.section_id, each.assignment_id): (each.state, each.code) for each in rows_of(covered)}


def grades_of(rows: Rows) -> dict[Key, Said]:
    """State and code by section, assignment and student; two rows of one key must not be asked for so."""
    found: dict[Key, Said] = {}
    for each in rows_of(rows.grades):
        key = (each.section_id, each.assignment_id, each.user_id)
        assert key not in found
        found[key] = (each.state, each.code)
    return found


def the_assignment(rows: Rows) -> Said:
    [said] = assignments_of(rows).values()
    return said


def the_grade(rows: Rows) -> Said:
    [said] = grades_of(rows).values()
    return said


def codes(rows: Rows) -> list[str]:
    """The codes of all issues, each as often as it was told."""
    return sorted(rows.issues["code"])


def writes(plan: Rows) -> Mapping[str, int]:
    """How many rows of both kinds would be written, by state."""
    states = pd.concat([plan.assignments["state"], plan.grades["state"]])
    return {str(state): int(count) for state, count in states.value_counts().items() if state in TO_WRITE}


def found_items(held: Holdings) -> list[tuple[str, str | None]]:
    """Certainty and finding of each line item."""
    return _found(held.line_items)


def found_results(held: Holdings) -> list[tuple[str, str | None]]:
    """Certainty and finding of each result, by student."""
    return _found(held.results.sort_values(["section_id", "assignment_id", "student_id"]))


def _found(rows: pd.DataFrame) -> list[tuple[str, str | None]]:
    pairs = zip(rows["certainty"], rows["finding"], strict=True)
    return [(certainty, None if pd.isna(finding) else finding) for certainty, finding in pairs]
