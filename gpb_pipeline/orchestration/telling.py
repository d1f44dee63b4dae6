"""A sync's events as Dagster's: what is told of each course, for the selected assets and their checks.

A course that is posted is told once it is committed, so that what the UI shows can be read in the warehouse;
a preview is told as judged. A course that failed is an observation of `grade_syncs`: it made nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

import dagster as dg

from gpb_pipeline.events import (
    CourseFailed,
    CourseJudged,
    CourseSkipped,
    CourseSynced,
    CourseWaiting,
    Event,
    StageReached,
)
from gpb_pipeline.orchestration import checks, history_line, metadata
from gpb_pipeline.orchestration.metadata import Metadata
from gpb_pipeline.orchestration.partitions import add_courses, known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.sync import Posting

DagsterEvent = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation

HISTORY = "grade_syncs"


class Teller:
    """Tells Dagster what a run's sync does; `failed` are the courses that failed so far."""

    def __init__(
        self, context: dg.AssetExecutionContext, passback: Passback, selected: Collection[str]
    ) -> None:
        self._context = context
        self._zone, self._pages = passback.zone, passback.pages
        self._selected = selected
        self._known = known_courses(context.instance)
        self._stages: dict[str, str] = {}
        self.failed: list[str] = []

    def tell(self, event: Event) -> Iterator[DagsterEvent]:
        """Give the Dagster events that say what `event` says, and log what is only for the log."""
        course_id, log = event.request.course_id, self._context.log
        match event:
            case StageReached(stage=stage):
                self._stages[course_id] = stage.value
                log.info("course %s: %s", course_id, stage.value)
            case CourseWaiting():
                log.info("course %s: waits for another sync of it to end", course_id)
            case CourseSkipped(reason=reason):
                log.warning("course %s: left out, %s", course_id, reason)
            case CourseJudged(judged=judged):
                if event.request.posting is Posting.NOTHING:
                    log.info("course %s: judged, nothing posted", course_id)
                    yield from self._made(
                        course_id, metadata.of_judged(judged), checks.of_judged(course_id, judged)
                    )
            case CourseSynced(status=status):
                log.info("course %s: %s", course_id, status)
                yield from self._synced(course_id, event)
            case CourseFailed(error=error):
                log.error("course %s: %s", course_id, error)
                self.failed.append(course_id)
                yield from self._failed(course_id, event)

    def _synced(self, course_id: str, course: CourseSynced) -> Iterator[DagsterEvent]:
        line = history_line.of_synced(course, self._zone, self._pages)
        return self._made(
            course_id,
            metadata.of_judged(course.judged) | metadata.of_outcome(course.outcome) | {HISTORY: line},
            [*checks.of_judged(course_id, course.judged), *checks.of_synced(course)],
        )

    def _failed(self, course_id: str, course: CourseFailed) -> Iterator[DagsterEvent]:
        if HISTORY in self._selected and course.request.posting is not Posting.NOTHING:
            stage = self._stages.get(course_id)
            line = history_line.of_failed(course, stage, self._zone, self._pages)
            yield dg.AssetObservation(HISTORY, partition=course_id, metadata=line)

    def _made(
        self, course_id: str, made: Mapping[str, Metadata], evaluations: Iterable[dg.AssetCheckEvaluation]
    ) -> Iterator[DagsterEvent]:
        if course_id not in self._known:
            add_courses(self._context.instance, [course_id])
        for key, described in made.items():
            if key in self._selected:
                yield dg.AssetMaterialization(key, partition=course_id, metadata=described)
        for evaluation in evaluations:
            if evaluation.asset_key.to_user_string() in self._selected:
                yield evaluation
