"""One course's sync, stage by stage: the only place where Canvas, SIS, rules and warehouse meet.

It reads the warehouse; its writes are writing.py's, the commit of what came of it, the course's lock and the
many courses at once stream.py's. No Dagster, no terminal, no rule here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from pandera.typing import DataFrame

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.completeness import require_assignments, require_somebody
from gpb_pipeline.canvas.courses import Head
from gpb_pipeline.canvas.errors import ShortReadError as CanvasShortReadError
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.errors import PermanentError, PipelineError
from gpb_pipeline.passback.course import (
    CanvasRead,
    Course,
    Policy,
    Selection,
    SisRead,
)
from gpb_pipeline.passback.forgotten import NOBODY, Forgotten
from gpb_pipeline.passback.frames import CategoryMapping, Enrollments
from gpb_pipeline.passback.holdings.absent import unanswered, with_these, without
from gpb_pipeline.passback.holdings.adopt import Places, places_of
from gpb_pipeline.passback.holdings.answers import without_unwanted
from gpb_pipeline.passback.holdings.chosen import (
    held_back,
    only_mended,
    only_retracted,
    told_of_course,
    unread_told,
)
from gpb_pipeline.passback.holdings.died import nobody_deleted, nobody_edited
from gpb_pipeline.passback.holdings.differences import (
    Cause,
    CourseNow,
    Differences,
    differences,
    orphaned,
    told_again,
)
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, SURE, Bare, Holdings
from gpb_pipeline.passback.holdings.lacking import without_categories, without_students
from gpb_pipeline.passback.holdings.look import believed, classes_left, short_classes, to_look_up
from gpb_pipeline.passback.holdings.moved import taken_over
from gpb_pipeline.passback.holdings.plan import Planned, plan, without_grades
from gpb_pipeline.passback.holdings.supposed import found_of, supposed
from gpb_pipeline.passback.rows.assignments import out_of_scope
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.judge import judge
from gpb_pipeline.passback.sync_types import READ_BACK, SyncType
from gpb_pipeline.settings import CanvasSettings, PassbackSettings, SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import Answer, ShortReadError
from gpb_pipeline.sis.halt import Halt
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline.warehouse import category_choices, frames, holdings, student_list, tables, unsure, which_sis
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.holdings import Change
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline.writing import Eyes, Writing

NOT_THERE = "canvas_not_found"
GRADEBOOK = "gradebook of class"


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
    anew: bool = False  # judged although nothing has changed: Dagster waits for each asset of a partition
    confirm: bool = False  # releases what is held (docs/decisions.md §8.10)
    believes: frozenset[str] | None = None  # of the lists without rows, by name; None: all where `confirm`
    mend: frozenset[Cause] = frozenset()  # of a reconcile: the causes whose differences are written
    retract: frozenset[str] = frozenset()  # of a retract: the sourcedIds that are taken back


def may_write(request: SyncRequest) -> bool:
    """Whether anything may be written because of it; a reconcile and a retract only look unless told what."""
    if request.type in READ_BACK:
        return bool(request.mend or request.retract)
    return request.posting is not Posting.NOTHING


def kept_out(request: SyncRequest, course: Course) -> PermanentError | None:
    """Say why a course is not synced as it is; what only looks, or works from holdings, takes any."""
    if request.posting is Posting.NOTHING or request.type in READ_BACK:
        return None
    return refusal(course, request.type)


def refusal(course: Course, sync_type: SyncType) -> PermanentError | None:
    """Say why no sync of that type takes it: unpublished, a blueprint, concluded (decisions.md §6.1)."""
    item = f"course {course.course_id}"
    if course.blueprint:
        return PermanentError(
            "it is a blueprint, and has no students of its own",
            item=item,
            remedy="Sync the courses that are made from it.",
            code="course_blueprint",
        )
    if course.workflow_state == "unpublished":
        return PermanentError(
            "it is not published", item=item, remedy="Publish it in Canvas first.", code="course_unpublished"
        )
    if sync_type == "nightly" and course.concluded:
        return PermanentError(
            "it is concluded",
            item=item,
            remedy="Sync it by hand if it should still go.",
            code="course_concluded",
        )
    return None


@dataclass(frozen=True, kw_only=True)
class Connections:
    """What a sync talks to, and what the district decided."""

    canvas: CanvasClient
    sis: OneRosterClient
    warehouse: Warehouse
    policy: Policy
    zone: ZoneInfo  # the account's, for times that people see
    restored_at: datetime | None = None  # when the warehouse was found to be older than what was sent
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))  # of history and holdings
    pulse: Callable[[], None] = field(
        default=lambda: None
    )  # when nothing else is told, and both sides answer


@contextmanager
def open_connections() -> Iterator[Connections]:
    """Connect as the settings say.

    Raises SettingsError, OtherSisError where another address holds what was sent, or TransientError for a
    warehouse out of reach.
    """
    sis, passback = SisSettings.load(), PassbackSettings.load()
    policy = Policy(
        tenant=passback.tenant,
        title_max=sis.title_max,
        long_names=passback.long_names,
        everyone_else=passback.everyone_else,
        due_date=sis.due_date,
        withdraw_share=passback.withdraw_share,
        withdraw_count=passback.withdraw_count,
        on_edit=sis.on_edit,
    )
    with (
        CanvasClient(CanvasSettings.load()) as canvas,
        OneRosterClient(sis) as sis_client,
        open_warehouse() as warehouse,
    ):
        which_sis.require_same(warehouse, sis.host)
        yield Connections(
            canvas=canvas,
            sis=sis_client,
            warehouse=warehouse,
            policy=policy,
            zone=passback.zone,
            restored_at=warehouse.read(unsure.noticed_at),
        )


@dataclass(frozen=True, kw_only=True)
class CourseRead:
    """A course as both sides have it."""

    canvas: CanvasRead
    sis: SisRead
    forgotten: Forgotten = NOBODY  # who was left out


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A course as read and judged, with what would be written; nothing is posted yet."""

    read: CourseRead
    judgement: Rows
    plan: Rows
    on_record: Holdings  # as the warehouse has them
    holdings: Holdings  # as known now
    eyes: Eyes
    differences: DataFrame[Differences] | None = None  # of a reconcile or a retract

    @property
    def canvas(self) -> CanvasRead:
        return self.read.canvas

    @property
    def sis(self) -> SisRead:
        return self.read.sis


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What came of a plan; `stopped_by` is why some of its rows were never tried.

    `quiet`: nothing was written, or tried to be, and nothing was doubted, so that no class was read back.
    """

    outcome: Rows
    quiet: bool
    held: Change
    stopped_by: PipelineError | None


@dataclass(frozen=True, kw_only=True)
class CourseSync:
    """The stages of one sync, called in order by one thread; `reached` is told of each as it begins."""

    connections: Connections
    request: SyncRequest
    head: Head | None = None  # of the course, where it was read before
    reached: Callable[[Stage], None]
    writes: Executor
    brake: Brake  # pulled from outside: no further write
    assure: Callable[[], None] = lambda: None  # raises where the course's lock is lost: no further write

    def read(self) -> CourseRead:
        """Read both sides."""
        self.reached(Stage.GET_ASSIGNMENTS)
        forgotten = self.connections.warehouse.read(student_list.everybody)
        canvas = forgotten.out_of_canvas(self._canvas())
        people = canvas.columns[Enrollments]
        sis = forgotten.out_of_sis(read_sis(self.connections.sis, canvas.sections, people))
        return CourseRead(canvas=canvas, sis=sis, forgotten=forgotten)

    def judged(self, read: CourseRead, *, interrupted: bool) -> Judged:
        """Judge what was read, and plan. `interrupted`: its last sync stopped while it could post."""
        self.reached(Stage.FILTER)
        places = self._places(read.canvas, read.sis)
        mapping, on_record, strangers, bare = self.connections.warehouse.read(_known, places)
        empty = self._believed_rows(read, on_record)
        held = taken_over(on_record, places)
        eyes = replace(self._eyes(places, strangers), forgotten=read.forgotten, bare=bare)
        whole = interrupted or self.request.type in READ_BACK
        class_ids = places.class_ids if whole else to_look_up(held, places) | bare.class_ids
        left = classes_left(held, places) if self.request.type in READ_BACK else frozenset[str]()
        lost = interrupted and eyes.provider and self.connections.restored_at is not None
        if lost:
            rows = self._planned(self._judgement(read, mapping, held), held, self.request.type).rows
            held = supposed(held, rows, job_id=self.request.job_id, at=self.connections.clock())
        if class_ids or left:
            held, gradebooks = self._looked_up(held, class_ids, left, eyes)
            empty |= gradebooks
        if interrupted:
            held = nobody_edited(nobody_deleted(held), read.canvas.submissions)
        if lost:
            held = found_of(held, self.request.job_id)
        released = NO_HOLDINGS
        if "unsettled" in self.request.mend:
            released = unanswered(held)
            held = without(held, released)
        judgement = told_of_course(self._judgement(read, mapping, held), Code.EMPTY_LIST_BELIEVED, empty)
        planned = self._planned(judgement, held, self.request.type)
        judged = Judged(
            read=read,
            judgement=judgement,
            plan=planned.rows,
            on_record=on_record,
            holdings=planned.holdings,
            eyes=eyes,
        )
        return self._reconciled(judged, held, released) if self.request.type in READ_BACK else judged

    def posted(self, judged: Judged) -> Posted:
        """Write what the plan says, line items first, and hold what the SIS shows against what it took."""
        halt = Halt(self.brake, self.assure)
        writing = Writing(
            eyes=judged.eyes,
            warehouse=self.connections.warehouse,
            writes=self.writes,
            halt=halt,
            zone=judged.canvas.course.time_zone,
            on_record=judged.on_record,
        )
        self.reached(Stage.POST_ASSIGNMENTS)
        written = writing.written(judged.plan, judged.holdings, lambda: self.reached(Stage.POST_GRADES))
        self.reached(Stage.VERIFY)
        outcome, held = writing.verified(written, lambda seen: self._again(judged, seen))
        unsaid = out_of_scope(judged.canvas.sections, judged.sis.classes, self.request.selection)
        held = without_unwanted(held, outcome, unsaid)
        return Posted(
            outcome=outcome,
            quiet=not (written.items or written.grades or judged.eyes.looked),
            held=writing.change(held),
            stopped_by=halt.error,
        )

    def _canvas(self) -> CanvasRead:
        """Read the course; of one that Canvas no longer has, what the last sync left, if that will do."""
        try:
            return read_course(
                self.connections.canvas,
                self.head or self.request.course_id,
                lambda: self.reached(Stage.GET_GRADES),
            )
        except PermanentError as gone:
            if self.request.type not in READ_BACK or gone.code != NOT_THERE:
                raise
            left = self.connections.warehouse.read(frames.without_canvas, self.request.course_id)
            if left is None:
                raise
            return left

    def _reconciled(self, judged: Judged, held: Holdings, released: Holdings) -> Judged:
        """Find every difference, and leave of the plan what was asked for; no edit unless it is named.

        What was `released` to be made anew, and the guard holds, stays unsettled.
        """
        policy = replace(self.connections.policy, on_edit="overwrite")
        held = told_again(held)
        over = plan(judged.judgement, held, policy, "manual", confirm=True)  # told, whatever is held
        agreed, rows = over.holdings, orphaned(over.rows, held)
        told = differences(rows, agreed, self._course_now(judged, held), released)
        looked = frozenset(judged.eyes.looked)
        if self.request.type == "retract":
            rows = only_retracted(rows, held, self.request.retract, looked)
        else:
            rows = only_mended(rows, told, self.request.mend)
        rows = unread_told(rows, classes_left(held, judged.eyes.places) - looked)
        guarded = rows if self.request.confirm else held_back(rows, held, policy)
        holdings = judged.holdings if guarded is rows else with_these(judged.holdings, released)
        return replace(judged, plan=guarded, holdings=holdings, differences=told)

    def _course_now(self, judged: Judged, held: Holdings) -> CourseNow:
        canvas = judged.canvas
        others = frozenset(held.line_items["assignment_id"]) - frozenset(canvas.assignments["assignment_id"])
        in_others = self.connections.warehouse.read(
            frames.in_other_courses, sorted(others), canvas.course.course_id
        )
        return CourseNow.of(canvas, judged.eyes.places, in_others)

    def _judgement(self, read: CourseRead, mapping: DataFrame[CategoryMapping], held: Holdings) -> Rows:
        free = self.request.confirm or self.request.type in READ_BACK  # which hold what they write themselves
        selection, policy = self.request.selection, self.connections.policy
        return judge(read.canvas, read.sis, mapping, held, selection, policy, confirm=free)

    def _planned(self, judgement: Rows, held: Holdings, sync_type: SyncType) -> Planned:
        policy = self.connections.policy
        if self.request.type in READ_BACK:
            policy = replace(policy, on_edit="keep")  # it reports, and writes only what is named
        planned = plan(judgement, held, policy, sync_type, confirm=self.request.confirm)
        if self.request.posting is Posting.LINE_ITEMS:
            return replace(planned, rows=without_grades(planned.rows))
        return planned

    def _again(self, judged: Judged, seen: Holdings) -> Planned:
        """Plan what a read back asks for at once; a reconcile and a retract write only what was asked."""
        if self.request.type in READ_BACK:
            nothing = replace(
                judged.plan, assignments=judged.plan.assignments.iloc[:0], grades=judged.plan.grades.iloc[:0]
            )
            return Planned(rows=nothing, holdings=seen)
        return self._planned(judged.judgement, seen, "manual")

    def _places(self, canvas: CanvasRead, sis: SisRead) -> Places:
        """Say where the course's gradebooks are; for what reads back, of sections that Canvas deleted too."""
        tenant, course_id = self.connections.policy.tenant, canvas.course.course_id
        if self.request.type not in READ_BACK:
            return places_of(canvas, sis, tenant)
        sent_from = self.connections.warehouse.read(holdings.sections_sent_from, course_id)
        return places_of(canvas, sis, tenant, sent_from)

    def _eyes(self, places: Places, strangers: dict[str, str]) -> Eyes:
        return Eyes(
            sis=self.connections.sis,
            places=places,
            policy=self.connections.policy,
            job_id=self.request.job_id,
            clock=self.connections.clock,
            confirmed=self.request.confirm,
            strangers=strangers,
        )

    def _believed_rows(self, read: CourseRead, held: Holdings) -> frozenset[str]:
        """Name the lists without rows by which something of ours stands, and that were asked to be believed.

        Raises a ShortReadError of either side for any other. One that the last whole read was without too was
        confirmed then, and is believed without a word.
        """
        canvas, warehouse = read.canvas, self.connections.warehouse
        course_id = canvas.course.course_id
        empty = frozenset[str]()
        try:
            if self.request.type not in READ_BACK:
                require_somebody(canvas, posted=not held.results.empty)
            is_there = canvas.course.workflow_state != "deleted"
            if is_there and canvas.assignments.empty and held.line_items["certainty"].isin(SURE).any():
                last = warehouse.read(frames.current, tables.CANVAS_ASSIGNMENTS, course_id)
                require_assignments(canvas, before=not last.empty)
        except CanvasShortReadError as short:
            if not self._believes(short.item):
                raise
            empty |= {short.item}
        for what, lacking in (("students", without_students), ("categories", without_categories)):
            class_ids = lacking(read.sis, held)
            if class_ids:
                class_ids -= lacking(warehouse.read(frames.last_sis, course_id), held)
            empty |= self._believed_lists(f"{what} of class", class_ids)
        return empty

    def _believed_lists(self, what: str, class_ids: frozenset[str]) -> frozenset[str]:
        """Name the lists of these classes; raises ShortReadError where one is not to be believed."""
        named = {f"{what} {each}" for each in class_ids}
        if unbelieved := sorted(each for each in named if not self._believes(each)):
            raise ShortReadError(
                Answer(None, "an empty list where grades of ours stood"),
                item=f"course {self.request.course_id}, {', '.join(unbelieved)}",
                remedy="Look at the class in the SIS. The next sync tries again; "
                "--confirm believes it, where the course is named.",
            )
        return frozenset(named)

    def _believes(self, name: str) -> bool:
        asked = self.request.believes
        return self.request.confirm and (asked is None or name in asked)

    def _looked_up(
        self, held: Holdings, class_ids: frozenset[str], left: frozenset[str], eyes: Eyes
    ) -> tuple[Holdings, frozenset[str]]:
        """Read classes back before anything is judged; raises ShortReadError for one that is not whole.

        One that its section has `left` costs the others nothing: it is taken for not read. What is believed
        to be empty is named beside.
        """
        book = eyes.read(class_ids, left)
        short = short_classes(held, book)
        aside = frozenset(each for each in short & left if not self._believes(f"{GRADEBOOK} {each}"))
        empty = self._believed_lists(GRADEBOOK, short - aside)
        book = eyes.disregarded(book, aside)
        return eyes.seen(held, believed(held, book) if empty else book), empty


def _known(
    session: Connection, places: Places
) -> tuple[DataFrame[CategoryMapping], Holdings, dict[str, str], Bare]:
    """Read what the warehouse has of these places, as of one moment."""
    section_ids = places.sections["section_id"].to_list()
    return (
        category_choices.mapping(session, section_ids),
        holdings.of_sections(session, section_ids, sorted(places.class_ids)),
        holdings.strangers(session, sorted(places.class_ids)),
        holdings.bare(session, sorted(places.class_ids)),
    )
