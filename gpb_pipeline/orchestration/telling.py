"""A sync's events as Dagster's: what is told of each course, for the selected assets and their checks.

A course that is posted is told once it is committed, so that what the UI shows can be read in the warehouse;
a preview is told as judged. A course that failed made nothing: it is an observation and a failed check of
`grade_syncs`, and its partitions are marked as failed. What is no course of Canvas's stands in the run's
error alone, unless there is a partition of it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta

import dagster as dg

from gpb_pipeline.canvas.errors import NotFoundError
from gpb_pipeline.events import (
    CourseFailed,
    CourseJudged,
    CourseLeft,
    CourseSkipped,
    CourseSynced,
    CourseUnchanged,
    CourseWaiting,
    Event,
    StageReached,
)
from gpb_pipeline.orchestration import checks, failed_partitions, history_line, metadata
from gpb_pipeline.orchestration.metadata import Metadata
from gpb_pipeline.orchestration.nights import spelt
from gpb_pipeline.orchestration.partitions import add_courses, cause_of, known_courses, named
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.stopping import ALIVE
from gpb_pipeline.sync import Posting
from gpb_pipeline.warehouse import district

DagsterEvent = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation

HISTORY = "grade_syncs"


class Teller:
    """Tells Dagster what a run's sync does; `failed` are the courses that failed so far, and why."""

    def __init__(
        self, context: dg.AssetExecutionContext, passback: Passback, selected: Collection[str]
    ) -> None:
        self._context = context
        self._passback = passback
        self._zone, self._pages = passback.zone, passback.pages
        self._selected = selected
        self._known = known_courses(context.instance)
        self._stages: dict[str, str] = {}
        self._names: dict[str, str | None] = {}
        self.failed: list[CourseFailed] = []
        self._left: list[str] = []

    def tell(self, event: Event) -> Iterator[DagsterEvent]:
        """Give the Dagster events that say what `event` says, and log what is only for the log."""
        course_id, log = event.request.course_id, self._context.log
        match event:
            case StageReached(stage=stage):
                self._stages[course_id] = stage.value
                log.info("%s: %s", self.named(course_id), stage.value)
            case CourseWaiting():
                log.info("%s: waits for another sync of it to end", self.named(course_id))
            case CourseSkipped(reason=reason):
                log.warning("%s: left out, %s", self.named(course_id), reason)
            case CourseLeft():
                self._left.append(course_id)
            case CourseJudged(judged=judged):
                self._names[course_id] = metadata.name_of(judged)
                if event.request.posting is Posting.NOTHING:
                    log.info("%s: judged, nothing posted", self.named(course_id))
                    yield from self._made(
                        course_id, metadata.of_judged(judged), checks.of_judged(course_id, judged)
                    )
            case CourseSynced(status=status):
                log.info("%s: %s", self.named(course_id), status)
                yield from self._synced(course_id, event)
            case CourseUnchanged(base=base):
                self._names[course_id] = base.overview.course_name
                log.info("%s: %s, unchanged", self.named(course_id), base.job.status)
                yield from self._made(
                    course_id,
                    {HISTORY: history_line.of_unchanged(event, self._zone, self._pages)},
                    [checks.of_unchanged(event)],
                )
            case CourseFailed(error=error):
                self._look_up(course_id)
                log.error("%s: %s. %s", self.named(course_id), cause_of(error, course_id), error.remedy)
                self.failed.append(event)
                yield from self._failed(course_id, event)

    def pulse(self) -> None:
        """Say that the run is alive, where nothing else says it (stalled.py)."""
        self._context.log.info(ALIVE)

    def tell_left(self, length: timedelta | None) -> None:
        """Say which courses were not begun, and what `length` of time they take, where it is known."""
        if self._left:
            takes = f", and take about {spelt(length)}" if length is not None else ""
            self._context.log.warning(
                "%s courses would not have ended in time; they go first in the next night%s: %s",
                len(self._left),
                takes,
                ", ".join(self._left),
            )

    def named(self, course_id: str) -> str:
        """Name a course beside its id, as far as its name is known by now."""
        return named(course_id, self._names.get(course_id))

    def _synced(self, course_id: str, course: CourseSynced) -> Iterator[DagsterEvent]:
        line = history_line.of_synced(course, self._zone, self._pages)
        described = metadata.of_judged(course.judged) | metadata.of_outcome(course.judged, course.outcome)
        return self._made(course_id, described | {HISTORY: line}, checks.of_synced(course))

    def _failed(self, course_id: str, course: CourseFailed) -> Iterator[DagsterEvent]:
        no_course = isinstance(course.error, NotFoundError) and course_id not in self._known
        if course.request.posting is Posting.NOTHING or no_course:
            return
        self._add(course_id)
        failed_partitions.mark(self._context, course_id, self._selected)
        if HISTORY in self._selected:
            stage, name = self._stages.get(course_id), self._names.get(course_id)
            line = history_line.of_failed(course, name, stage, self._zone, self._pages)
            label = self.named(course_id)
            yield dg.AssetObservation(HISTORY, partition=course_id, metadata=line, description=label)
            evaluation = checks.of_error(course_id, label, course.error)
            yield from checks.aimed(self._context.instance, [evaluation])

    def _made(
        self, course_id: str, made: Mapping[str, Metadata], evaluations: Iterable[dg.AssetCheckEvaluation]
    ) -> Iterator[DagsterEvent]:
        self._add(course_id)
        label = self.named(course_id)
        for key, described in made.items():
            if key in self._selected:
                yield dg.AssetMaterialization(key, partition=course_id, metadata=described, description=label)
        about = [each for each in evaluations if each.asset_key.to_user_string() in self._selected]
        yield from checks.aimed(self._context.instance, about)

    def _add(self, course_id: str) -> None:
        if course_id not in self._known:
            add_courses(self._context.instance, [course_id])

    def _look_up(self, course_id: str) -> None:
        """Find the name of a course that failed before it was read, if it ever was before."""
        if course_id not in self._names:
            with self._passback.warehouse() as warehouse:
                self._names[course_id] = warehouse.read(district.course_name, course_id)
