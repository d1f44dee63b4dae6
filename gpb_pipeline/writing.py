"""One course's writes: posted, held against a read back, and written once more where that asks for it.

What is to be written is planned before (sync.py); what a read means is passback/holdings'. The warehouse is
touched for first writes alone, which are on record before they are made where the SIS chooses the ids.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.course import Policy
from gpb_pipeline.passback.forgotten import NOBODY, Forgotten
from gpb_pipeline.passback.holdings.adopt import Places
from gpb_pipeline.passback.holdings.answers import answered_items, answered_results, intended
from gpb_pipeline.passback.holdings.columns import deletable
from gpb_pipeline.passback.holdings.frames import NOTHING_BARE, Bare, Gradebook, Holdings
from gpb_pipeline.passback.holdings.look import doubtful, strangers
from gpb_pipeline.passback.holdings.plan import Planned, findings_told
from gpb_pipeline.passback.holdings.see import see
from gpb_pipeline.passback.holdings.verify import as_taken, not_verified, to_repeat, verified, with_rows
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rows.settle import Answers, WriteAnswer, after_assignments, settle
from gpb_pipeline.passback.rules.causes import with_more
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.gradebook import asked_by_id, line_items_of, read_gradebook
from gpb_pipeline.sis.halt import Halt
from gpb_pipeline.sis.posting import Poster
from gpb_pipeline.warehouse import record
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.holdings import Change


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """How a sync looks at the gradebooks of its course."""

    sis: OneRosterClient
    places: Places
    policy: Policy
    job_id: str
    clock: Callable[[], datetime]
    confirmed: bool = False  # what the guard holds is released
    looked: set[str] = field(default_factory=set)  # the classes that were read whole
    strangers: dict[str, str] = field(default_factory=dict)  # line items not ours, and their classes
    forgotten: Forgotten = NOBODY
    bare: Bare = NOTHING_BARE
    shown: dict[str, str] = field(default_factory=dict)  # every result that a read showed, and its line item

    @property
    def provider(self) -> bool:
        """Whether the SIS chooses the sourcedIds."""
        return self.sis.settings.id_mode == "provider"

    def seen(self, held: Holdings, book: Gradebook, since: datetime | None = None) -> Holdings:
        """Bring the holdings to a read, asking by id for what it lacks; so many as the guard admits.

        `since`: what was sent from then on was written by this sync, and is looked at for the first time.
        """
        book = self.forgotten.out_of_gradebook(book, held)
        doubted = doubtful(held, book)
        count = max(len(doubted.line_items) - 1, 0) + max(len(doubted.results) - 1, 0)  # without the controls
        if count and (self.confirmed or not self.policy.too_many(count, len(held.results))):
            book = asked_by_id(self.sis, book, doubted)
        book = replace(book, strangers=frozenset(self.strangers), bare=self.bare)
        after = see(held, book, self.places, job_id=self.job_id, since=since, provider=self.provider)
        if self.provider:
            self.strangers.update(strangers(after, book))
        return after

    def look_around(self, held: Holdings, class_ids: frozenset[str]) -> None:
        """Note which line items stand there before we make any: what is not ours is never taken for it."""
        there = line_items_of(self.sis, class_ids - self.looked)
        ours = {*held.line_items["line_item_id"]}
        self.strangers.update({item: where for item, where in there.items() if item not in ours})

    def read(self, class_ids: frozenset[str], left: frozenset[str] = frozenset()) -> Gradebook:
        """Read these classes, and of those that their sections have `left` what the SIS still shows."""
        book = read_gradebook(self.sis, class_ids, self.clock(), left)
        self.looked.update(book.class_ids)
        self.shown.update(zip(book.results["result_id"], book.results["line_item_id"], strict=True))
        return book

    def disregarded(self, book: Gradebook, class_ids: frozenset[str]) -> Gradebook:
        """Take these classes for not read."""
        self.looked.difference_update(class_ids)
        return book.without(class_ids)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Rows as they were sent, what the SIS answered, and what it holds by that."""

    rows: Rows
    items: Answers
    grades: Answers
    held: Holdings
    since: datetime

    @property
    def settled(self) -> Rows:
        return settle(self.rows, self.items, self.grades)

    @property
    def class_ids(self) -> frozenset[str]:
        """The classes in whose gradebook something was written, or should have been."""
        items = self.rows.assignments.loc[list(self.items), "class_id"]
        return frozenset([*items, *self.rows.grades.loc[list(self.grades), "class_id"]])

    @property
    def unknown_to_sis(self) -> frozenset[str]:
        """The sourcedIds that the SIS said it does not know, when they were written."""
        answers = [*self.items.values(), *self.grades.values()]
        return frozenset(each for answer in answers for each in answer.unknown)


@dataclass(kw_only=True)
class Writing:
    """The writes of one course's sync, by one thread; `on_record`: what the warehouse has of the holdings."""

    eyes: Eyes
    warehouse: Warehouse
    writes: Executor
    halt: Halt
    zone: ZoneInfo  # the course's
    on_record: Holdings
    _poster: Poster = field(init=False)

    def __post_init__(self) -> None:
        self._poster = Poster(
            client=self.eyes.sis, pool=self.writes, halt=self.halt, zone=self.zone, at=self.eyes.clock()
        )

    def written(self, rows: Rows, held: Holdings, between: Callable[[], None] = lambda: None) -> Written:
        """Write line items, then, after `between`, results."""
        since = self.eyes.clock()
        held = self._intended(held, rows, grades=False)
        items = self._poster.line_items(rows.assignments)
        rows = after_assignments(rows, items)
        held = answered_items(held, rows, items, job_id=self.eyes.job_id, at=self.eyes.clock())
        between()
        held = self._intended(held, rows, grades=True)
        grades = self._poster.results(rows.grades)
        held = answered_results(held, rows, grades, job_id=self.eyes.job_id, at=self.eyes.clock())
        if withdrawn := self._columns_withdrawn(rows, held):
            items |= withdrawn
            held = answered_items(held, rows, items, job_id=self.eyes.job_id, at=self.eyes.clock())
        return Written(rows=rows, items=items, grades=grades, held=held, since=since)

    def verified(self, first: Written, replan: Callable[[Holdings], Planned]) -> tuple[Rows, Holdings]:
        """Read the classes that were written to, write again what that asks for, and settle every row."""
        rows, held = first.settled, first.held
        if self.halt.now() or not first.class_ids:
            return rows, held
        try:
            seen = self._read_back(first)
            if as_taken(first.held, seen):
                return rows, seen
            again = replan(seen)
            repeat = to_repeat(again)
            told = findings_told(again.rows, again.holdings)
            rows, held = verified(with_rows(rows, repeat.asks), again.holdings), again.holdings
            rows = replace(rows, issues=with_more(rows.issues, *told))
            if not repeat.empty:
                later = self.written(repeat.rows, held)
                rows, held = with_rows(rows, later.settled), later.held
                held = self._read_back(later)
                rows = with_rows(rows, verified(later.settled, held, repeated=True))
        except PipelineError as error:  # what was accepted must be remembered all the same
            rows = replace(rows, issues=with_more(rows.issues, not_verified(error.code)))
        return rows, held

    def change(self, held: Holdings) -> Change:
        return Change(
            before=self.on_record,
            after=held,
            read=frozenset(self.eyes.looked),
            read_at=self.eyes.clock(),
            strangers=self.eyes.strangers,
            bare=self.eyes.bare,
        )

    def _columns_withdrawn(self, rows: Rows, held: Holdings) -> dict[int, WriteAnswer]:
        """Delete the line items that are to go, where a fresh read says that nothing stands on them."""
        chosen = rows.assignments[rows.assignments["state"] == "withdraw"]
        if chosen.empty or self.halt.now():
            return {}
        try:
            book = self.eyes.read(frozenset(chosen["class_id"]))
        except PipelineError as error:
            return dict.fromkeys(
                chosen.index, WriteAnswer(code=Code.ASSIGNMENT_NOT_EMPTY, sis_error=error.code)
            )
        empty = deletable(chosen, held, book, self.eyes.shown)
        refused = dict.fromkeys(chosen.index[~empty], WriteAnswer(code=Code.ASSIGNMENT_NOT_EMPTY))
        return refused | self._poster.withdrawn_line_items(chosen[empty])

    def _read_back(self, written: Written) -> Holdings:
        book = self.eyes.read(written.class_ids)
        return self.eyes.seen(written.held, replace(book, not_found=written.unknown_to_sis), written.since)

    def _intended(self, held: Holdings, rows: Rows, *, grades: bool) -> Holdings:
        """Put first writes on record before they are made, where the SIS chooses the sourcedIds."""
        if not self.eyes.provider:
            return held
        after = intended(held, rows, job_id=self.eyes.job_id, at=self.eyes.clock(), grades=grades)
        if after is not held:
            if not grades:
                new = rows.assignments[rows.assignments["state"] == "create"]
                self.eyes.look_around(held, frozenset(new["class_id"]))
            change = Change(before=self.on_record, after=after, strangers=self.eyes.strangers)
            self.warehouse.commit(record.intend, self.eyes.job_id, [change])
            self.on_record = after
        return after
