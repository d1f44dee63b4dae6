"""One course's sync, stage by stage: the only place where Canvas, SIS, rules and warehouse meet.

It reads the warehouse and commits intents; all other commits, the course's lock and the many courses at once
are stream.py's. No Dagster, no terminal, no rule here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from threading import Event as Flag
from zoneinfo import ZoneInfo

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.course import (
    CanvasRead,
    Judgement,
    Outcome,
    Plan,
    Policy,
    Remembered,
    Selection,
    SisRead,
    SyncType,
)
from gpb_pipeline.passback.holdings import delta, verify
from gpb_pipeline.passback.holdings.adoption import Adopted, adopt, brought_up
from gpb_pipeline.passback.rows.settle import Answer, GradeKey, ItemKey, after_assignments, settle
from gpb_pipeline.passback.rules.judge import judge
from gpb_pipeline.settings import CanvasSettings, PassbackSettings, SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.held import read_held
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline.sis.posting import Halt, Poster
from gpb_pipeline.warehouse import intents, ledger, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.intents import Intents


class Stage(StrEnum):
    """The steps of a sync, in the manual's words and order."""

    GET_ASSIGNMENTS = "Get Assignments"
    GET_GRADES = "Get Grades"
    FILTER = "Filter"
    POST_ASSIGNMENTS = "Post Assignments"
    POST_GRADES = "Post Grades"
    VERIFY = "Verify"


class Posting(StrEnum):
    """How far a sync goes."""

    NOTHING = "nothing"  # a preview
    LINE_ITEMS = "line items"
    GRADES = "grades"  # and the line items that they need


@dataclass(frozen=True, kw_only=True)
class SyncRequest:
    """One course's sync, as asked for."""

    job_id: str
    course_id: str
    type: SyncType = "manual"
    posted_by: str
    selection: Selection = field(default_factory=Selection)
    posting: Posting = Posting.GRADES
    confirm: bool = False  # releases withdrawals that are held (design.md §8.10)


@dataclass(frozen=True, kw_only=True)
class Connections:
    """What a sync talks to, and what the district decided."""

    canvas: CanvasClient
    sis: OneRosterClient
    warehouse: Warehouse
    policy: Policy
    zone: ZoneInfo  # the account's, for times that people see
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))  # of history and ledger


@contextmanager
def open_connections() -> Iterator[Connections]:
    """Connect as the settings say; raises SettingsError, or TransientError for a warehouse out of reach."""
    sis, passback = SisSettings.load(), PassbackSettings.load()
    policy = Policy(
        tenant=passback.tenant,
        title_max=sis.title_max,
        long_names=passback.long_names,
        everyone_else=passback.everyone_else,
        due_date=sis.due_date,
        withdraw_share=passback.withdraw_share,
        withdraw_count=passback.withdraw_count,
    )
    with (
        CanvasClient(CanvasSettings.load()) as canvas,
        OneRosterClient(sis) as sis_client,
        tables.open_warehouse() as warehouse,
    ):
        yield Connections(
            canvas=canvas, sis=sis_client, warehouse=warehouse, policy=policy, zone=passback.zone
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A course as read and judged, with what would be written; nothing is posted yet."""

    canvas: CanvasRead
    sis: SisRead
    judgement: Judgement
    plan: Plan
    adopted: Adopted | None


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What came of a plan; `stopped_by` is why some of its rows were never tried."""

    outcome: Outcome
    unknown: Intents
    stopped_by: PipelineError | None


@dataclass(frozen=True, kw_only=True)
class CourseSync:
    """The stages of one sync, called in order by one thread; `reached` is told of each as it begins."""

    connections: Connections
    request: SyncRequest
    reached: Callable[[Stage], None]
    writes: Executor
    ended: Flag  # set from outside: no further write

    def judged(self, *, interrupted: bool, intents_open: bool) -> Judged:
        """Read both sides, judge, and plan.

        `interrupted`: the course's last sync stopped while it could post; `intents_open`: there may be writes
        on record whose outcome is unknown (warehouse/intents.py).
        """
        request, policy = self.request, self.connections.policy
        self.reached(Stage.GET_ASSIGNMENTS)
        canvas = read_course(
            self.connections.canvas, request.course_id, lambda: self.reached(Stage.GET_GRADES)
        )
        sis = read_sis(self.connections.sis, canvas.sections)
        self.reached(Stage.FILTER)
        section_ids = canvas.sections["section_id"].to_list()
        remembered, open_intents = self.connections.warehouse.read(
            _known, section_ids, intents_open=intents_open
        )
        adopted = None
        if interrupted or not open_intents.empty:
            adopted = self._adopted(canvas, sis, remembered, open_intents)
            remembered = brought_up(remembered, adopted)
        judgement = judge(canvas, sis, remembered, request.selection, policy, confirm=request.confirm)
        plan = delta.plan(judgement, remembered, request.type)
        if request.posting is Posting.LINE_ITEMS:
            plan = delta.without_grades(plan)
        return Judged(canvas=canvas, sis=sis, judgement=judgement, plan=plan, adopted=adopted)

    def posted(self, judged: Judged) -> Posted:
        """Write what the plan says, line items first, and hold what the SIS has against what it took."""
        halt = Halt(self.ended)
        poster = Poster(
            client=self.connections.sis, pool=self.writes, halt=halt, zone=judged.canvas.course.time_zone
        )
        self.reached(Stage.POST_ASSIGNMENTS)
        self._intend(intents.for_line_items, judged.plan)
        items = poster.line_items(judged.plan)
        plan = after_assignments(judged.plan, items)
        self.reached(Stage.POST_GRADES)
        self._intend(intents.for_results, plan)
        grades = poster.results(plan)
        outcome = self._verified(poster, plan, items, grades)
        unknown = intents.of_unknown_outcomes(outcome, self.request.job_id)
        return Posted(outcome=outcome, unknown=unknown, stopped_by=halt.error)

    def _verified(
        self,
        poster: Poster,
        plan: Plan,
        items: dict[ItemKey, Answer],
        grades: dict[GradeKey, Answer],
    ) -> Outcome:
        """Read the classes that were written to once, and settle every row."""
        self.reached(Stage.VERIFY)
        class_ids = _classes_written(plan, items, grades)
        if poster.halt.now() or not class_ids:
            return settle(plan, items, grades)
        try:
            held = read_held(self.connections.sis, class_ids, line_items=bool(items))
        except PipelineError as error:  # what was accepted must be remembered all the same
            return settle(plan, items, grades, verify.not_verified(error.code))
        items = items | verify.line_items_not_held(plan, items, held, class_ids)
        grades = grades | verify.results_not_held(plan, grades, held, class_ids)
        edited = verify.edited(plan, held, class_ids)
        match self.connections.sis.settings.on_edit:
            case "overwrite":
                grades = grades | poster.results(plan, edited)
            case "flag":
                grades = grades | verify.flagged(edited)
            case "keep":
                pass
        return settle(plan, items, grades, verify.told_of(edited))

    def _adopted(
        self, canvas: CanvasRead, sis: SisRead, remembered: Remembered, open_intents: Intents
    ) -> Adopted:
        """Read back what the SIS holds of ours where the ledger may not know it."""
        known = sis.classes[sis.classes["class_id"].notna()]
        held = read_held(self.connections.sis, known["class_id"].unique().tolist())
        return adopt(
            canvas,
            remembered,
            held,
            open_intents.line_items,
            open_intents.results,
            sections=known["section_id"].to_list(),
            tenant=self.connections.policy.tenant,
            job_id=self.request.job_id,
            at=self.connections.clock(),
        )

    def _intend(self, first_writes: Callable[[Plan, str], Intents], plan: Plan) -> None:
        """Put first writes on record before they are made, where the SIS chooses the sourcedIds."""
        if self.connections.sis.settings.id_mode != "provider":
            return
        writes = first_writes(plan, self.request.job_id)
        if not writes.empty:
            self.connections.warehouse.commit(intents.intend, [writes])


def _known(session: Connection, section_ids: list[str], *, intents_open: bool) -> tuple[Remembered, Intents]:
    """Read what the warehouse has of these sections, as of one moment."""
    looked_for = section_ids if intents_open else []
    return ledger.remembered(session, section_ids), intents.unsettled(session, looked_for)


def _classes_written(
    plan: Plan, items: dict[ItemKey, Answer], grades: dict[GradeKey, Answer]
) -> frozenset[str]:
    """Find the classes in whose gradebook something was written."""
    sections = {key[0] for key in items} | {key[0] for key in grades}
    written = plan.assignments[plan.assignments["section_id"].isin(list(sections))]
    withdrawn = plan.grades[plan.grades["section_id"].isin(list(sections))]
    return frozenset([*written["class_id"].dropna(), *withdrawn["class_id"].dropna()])
