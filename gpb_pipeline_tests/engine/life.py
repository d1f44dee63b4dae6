"""One seed's story, lived: edits, faults and syncs, then quiet nights; what did not hold is told."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait

from gpb_pipeline.sandbox.serve import SIDES, Sandbox
from gpb_pipeline_tests.engine.child import HANGS, Child, Order, Report
from gpb_pipeline_tests.engine.gradebooks import in_canvas, in_sis
from gpb_pipeline_tests.engine.judge import Evidence, Judge, restless, unequal
from gpb_pipeline_tests.engine.story import Night, Story, story
from gpb_pipeline_tests.engine.town import Town
from gpb_pipeline_tests.engine.troubles import Clock, catalogue_back

LOCKED_FOR = 7.0  # seconds at most, longer than a commit waits for SQLite
QUIET = (Night(type="nightly"), Night(type="manual"))
SIDE_BY_SIDE = 16


@dataclass(frozen=True)
class Ended:
    """What came of a seed."""

    story: Story
    broken: list[str]
    ends: list[str]  # of every sync, faulty ones first
    late: bool  # it took a night more, since the SIS chooses the ids
    seconds: float


def lived(town: Town, seed: int, *, postgresql: bool = True) -> Ended:
    """Live the story of a seed."""
    began = time.monotonic()
    tale = story(seed, postgresql=postgresql)
    with ExitStack() as stack:
        life = _Life(town, tale, stack)
        broken = life.broken()
    return Ended(tale, broken, life.ends, life.late, time.monotonic() - began)


@dataclass
class _Life:
    town: Town
    story: Story
    stack: ExitStack
    ends: list[str] = field(default_factory=list)
    hours: float = 0.0
    late: bool = False
    _child: Child | None = None
    _judge: Judge = field(default_factory=Judge)
    _jobs: int = 0

    def __post_init__(self) -> None:
        self.sandbox.reset()
        self.environment = self.town.environment(self.story.nature, postgresql=self.story.postgresql)
        if self.story.page_size:
            self.sandbox.set_temperaments(page_size=self.story.page_size)
        self.stack.callback(self._end_child)

    @property
    def sandbox(self) -> Sandbox:
        return self.town.sandboxes[self.story.nature]

    def broken(self) -> list[str]:
        """Live on until something does not hold, or to the end."""
        for n, night in enumerate(self.story.nights, start=1):
            if found := self._judge.broken(self._seen(night)):
                return [f"night {n}: {each}" for each in found]
        first, second = QUIET
        seen = self._seen(first)
        if self.story.nature == "provider" and _waits(seen):
            self.late = True
            if found := self._judge.broken(seen):
                return [f"the quiet night: {each}" for each in found]
            seen = self._seen(first)
        if found := [*self._judge.broken(seen), *_completed(seen), *unequal(seen.canvas, seen.after)]:
            return [f"the quiet night: {each}" for each in found]
        seen = self._seen(second, anew=True)
        found = [*self._judge.broken(seen), *_completed(seen), *restless(seen)]
        return [f"the second quiet night: {each}" for each in found]

    def _seen(self, night: Night, *, anew: bool = False) -> Evidence:
        for edit in night.edits:
            self.sandbox.control(edit.side, edit.method, edit.path, edit.body)
        canvas = in_canvas(self.sandbox, self.story.course_id)
        self._judge.names |= canvas.names
        written, asked = len(self.sandbox.writes()), len(self.sandbox.requests_seen("sis"))
        self.sandbox.set_faults("canvas", *night.canvas_faults)
        self.sandbox.set_faults("sis", *night.sis_faults)
        self.hours += night.hours
        reports = self._synced(night, anew=anew)
        for side in SIDES:
            self.sandbox.set_faults(side)
        catalogue_back(self.town.catalogue)
        for edit in night.edits:
            if edit.undo:
                self.sandbox.control(edit.undo.side, edit.undo.method, edit.undo.path, edit.undo.body)
        self.ends += [each.told() for each in reports]
        writes = self.sandbox.writes()[written:]
        puts = [each for each in self.sandbox.requests_seen("sis")[asked:] if each["method"] == "PUT"]
        cut = any("PUT" in each["method"] and each["effect"] == "cut_body" for each in night.sis_faults)
        return Evidence(
            night=night,
            canvas=canvas,
            writes=writes,
            unanswered=cut or any(each["status"] not in (200, 201) for each in puts),
            lies=any(each["effect"] == "status" and each["status"] < 300 for each in night.sis_faults),
            after=in_sis(self.sandbox, self._judge.names),
            reports=reports,
        )

    def _synced(self, night: Night, *, anew: bool) -> list[Report]:
        self._child = self._child or self._forked()
        clock = Clock(self.hours, night.jump, 3 if night.jump else 0)
        order = Order(
            job_id=self._job_id(),
            course_id=self.story.course_id,
            type=night.type,
            clock=clock,
            troubles=night.troubles,
            anew=anew,
        )
        orders = [(self._child, order)]
        if night.twice:
            other = self._forked()
            self.stack.callback(other.end)
            orders.append((other, replace(order, job_id=self._job_id(), type="manual", troubles=())))
        reports = self._obeyed(orders)
        if reports[0].end in ("killed", "hung"):
            self._end_child()
        return reports

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = None

    def _forked(self) -> Child:
        writes = 1 if self.story.one_by_one else SIDE_BY_SIDE
        return Child(self.environment, writes=writes, stages=self.story.stages)

    def _job_id(self) -> str:
        self._jobs += 1
        return f"seed{self.story.seed}-{self._jobs}"

    def _obeyed(self, orders: list[tuple[Child, Order]]) -> list[Report]:
        """Have the orders obeyed side by side, doing for each child what it asks for."""
        for child, order in orders:
            child.order(order)
        reports: dict[Child, Report] = {}
        until, locked = time.monotonic() + HANGS, ExitStack()
        while len(reports) < len(orders):
            busy = {child.connection: child for child, _ in orders if child not in reports}
            ready = wait(list(busy), LOCKED_FOR)
            if not ready:
                locked.close()
            for connection in ready:
                child = busy[connection]  # type: ignore[index]  # they are those that were waited for
                said = child.heard(0)
                if isinstance(said, Report):
                    reports[child] = said
                    locked.close()
                elif said:
                    self._do(said, locked)
                    child.connection.send(said)
            if time.monotonic() > until:
                reports |= {child: Report(end="hung") for child in busy.values() if child not in reports}
        locked.close()
        return [reports[child] for child, _ in orders]

    def _do(self, what: str, locked: ExitStack) -> None:
        if what == "postgresql restarts":
            self.town.postgresql.restart()
        elif not self.story.postgresql:
            locked.enter_context(self.town.locked())


def _waits(seen: Evidence) -> bool:
    """Whether it is told that a write went unanswered, in a class that shows nothing of ours.

    Where the SIS chooses ids it is made again after another night's read (docs/decisions.md §6.2).
    """
    unknown = {"assignment_unknown_outcome", "sis_unknown_outcome"}
    return any(row.code in unknown for each in seen.reports for _, row in (*each.items, *each.grades))


def _completed(seen: Evidence) -> list[str]:
    return [
        f"a sync in which nothing goes wrong ends {each.end} {each.words}"
        for each in seen.reports
        if each.end not in ("synced", "unchanged") or each.status != "Completed"
    ]
