"""What the instructor's desk asked for, launched: the sensor, and the job that looks at a course for it.

A request is launched once: its id is the run's key, and a tick that finds the run writes that down. Syncs and
remasters are the jobs that everybody launches.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dagster as dg
from pydantic import Field

from gpb_pipeline import outlook
from gpb_pipeline.errors import UsageError
from gpb_pipeline.events import CourseFailed, CourseJudged
from gpb_pipeline.orchestration import run_log
from gpb_pipeline.orchestration.assets import grade_passback
from gpb_pipeline.orchestration.config import POSTED_BY_TAG, REQUEST_TAG, job_id
from gpb_pipeline.orchestration.jobs import grade_sync, remaster_grade_passback
from gpb_pipeline.orchestration.legible import LegibleConfig
from gpb_pipeline.orchestration.partitions import COURSE, known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.restored import made_before
from gpb_pipeline.outlook import Outlook
from gpb_pipeline.passback.categories.edits import Edit
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, Judged, Posting, SyncRequest, open_connections, refusal
from gpb_pipeline.sync_categories import CategorySync
from gpb_pipeline.warehouse import choices, history, requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.last_sent import last_sent
from gpb_pipeline.warehouse.requests import EXPIRES, Request

INTERVAL = 5  # seconds, at least: someone waits
_GONE = (
    "Its run is no longer known, so that how it ended is not either; where it read the course, what it found "
    "is shown. Ask again."
)
_ENDED = "The run was ended before it could do this. Ask again; the data team sees more."
_NOT_BEGUN = (
    "The run was ended before it began, so that nothing was sent. Ask again; the data team sees more."
)


class Answered(LegibleConfig):
    """Which request to answer; what it is stands in the warehouse."""

    request_id: str = Field(
        "", description="Of a row in the table requests; the sensor requested_syncs fills it in."
    )


@dg.op
@run_log.step()
def answer(context: dg.OpExecutionContext, config: Answered) -> None:
    """Keep the choices that the request makes; read and judge the course, and keep what was found."""
    with open_connections() as connections:
        request = _asked(connections, config.request_id)
        if request.kind == "nightly":
            _choose_nightly(connections, request)
            return
        found = _looked(connections, request)
    states = Counter(offer.state for offer in found.offers)
    causes: Counter[str] = Counter()
    for each in found.causes:
        causes[each.code] += each.count
    context.add_output_metadata({"assignments": dict(sorted(states.items())), "issues": dict(causes)})


@dg.job(
    description="Answers a request of the instructor's desk: reads a course again, previews a sync, saves "
    "categories, switches nightly syncs. Launched by the sensor requested_syncs; nothing is posted."
)
def answer_request() -> None:
    answer()


@dg.sensor(
    jobs=[grade_sync, remaster_grade_passback, answer_request],
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches what instructors asked for on the pages, once and in the order of asking; a "
    "course that is being synced is waited for. Keeps what became of each.",
)
@run_log.tick()
def requested_syncs(
    context: dg.SensorEvaluationContext, passback: Passback
) -> dg.SensorResult | dg.SkipReason:
    """Follow what was launched, tell what waited too long, and launch what may begin."""
    now = datetime.now(UTC)
    with passback.warehouse() as warehouse:
        _purge(warehouse, now)
        unfinished = warehouse.read(requests.unfinished)
        if not unfinished:
            return dg.SkipReason("Nothing was asked for.")
        waiting = [each for each in unfinished if not _followed(context.instance, warehouse, each, now)]
        history.fail_dead_jobs(warehouse)
        syncing = {job.course_id for job in warehouse.read(history.open_jobs)}
        underway = {each.course_id for each in warehouse.read(requests.unfinished) if each.step == "launched"}
    launched = list(_next(waiting, syncing | underway))
    new = sorted({each.course_id for each in launched} - known_courses(context.instance))
    return dg.SensorResult(
        run_requests=[_run(each) for each in launched],
        dynamic_partitions_requests=[COURSE.build_add_request(new)] if new else [],
        skip_reason=None if launched else _why_none(len(waiting)),
    )


def _why_none(waiting: int) -> str:
    if not waiting:
        return "What was asked for is under way."
    return f"{waiting} {'waits' if waiting == 1 else 'wait'} for what their course is busy with."


def _next(waiting: Sequence[Request], taken: set[str]) -> Iterator[Request]:
    """Choose the oldest request of each course that is free."""
    for each in waiting:
        if each.course_id not in taken:
            taken.add(each.course_id)
            yield each


def _followed(instance: dg.DagsterInstance, warehouse: Warehouse, request: Request, now: datetime) -> bool:
    """Write down what became of a request; False for one that is still to be launched."""
    runs = instance.get_runs(dg.RunsFilter(tags={REQUEST_TAG: request.request_id}), limit=1)
    if not runs and request.step == "launched":
        warehouse.commit(
            requests.step, request.request_id, "failed", at=now, job_id=request.job_id, cause=_GONE
        )
        return True
    if not runs:
        late = now - request.asked_at > EXPIRES
        if late:
            warehouse.commit(requests.step, request.request_id, "expired", at=now)
        return late
    [run] = runs
    sync = job_id(run.run_id, request.course_id) if request.kind in ("sync", "remaster") else None
    if run.status == dg.DagsterRunStatus.SUCCESS:
        warehouse.commit(requests.step, request.request_id, "ended", at=now, job_id=sync)
    elif run.is_finished:
        said, code = run_log.cause_in(instance, run.run_id)
        not_begun = sync is not None and warehouse.read(history.job, sync) is None
        ended = _NOT_BEGUN if not_begun else _ENDED
        step = partial(requests.step, cause=said or ended, code=code)
        warehouse.commit(step, request.request_id, "failed", at=now, job_id=sync)
    elif request.step is None:
        warehouse.commit(requests.step, request.request_id, "launched", at=now, job_id=sync)
    return True


def _run(request: Request) -> dg.RunRequest:
    names = {
        "sync": grade_sync.name,
        "remaster": remaster_grade_passback.name,
    }
    return dg.RunRequest(
        run_key=request.request_id,
        job_name=names.get(request.kind, answer_request.name),
        run_config={"ops": _config(request)},
        tags={REQUEST_TAG: request.request_id, POSTED_BY_TAG: request.asked_by},
    )


def _config(request: Request) -> dict[str, Any]:
    if request.kind in ("sync", "remaster"):
        chosen = {name: list(request.wanted.get(name, ())) for name in ("sections", "assignments")}
        asked: dict[str, Any] = {"course_ids": [request.course_id], "posted_by": request.asked_by}
        return {grade_passback.op.name: {"config": asked | chosen}}
    return {answer.name: {"config": {"request_id": request.request_id}}}


def _asked(connections: Connections, request_id: str) -> Request:
    if not request_id:
        raise UsageError(
            "no request was given",
            item="request_id",
            remedy="The pages make requests, and the sensor requested_syncs launches this job for each.",
        )
    request = connections.warehouse.read(requests.request, request_id)
    if request is None:
        raise UsageError("there is none, or no longer", item=f"request {request_id}", remedy="Ask again.")
    if request.step not in (None, "launched"):
        raise made_before("what became of its request is")
    return request


def _choose_nightly(connections: Connections, request: Request) -> None:
    connections.warehouse.commit(
        choices.choose_nightly,
        [request.course_id],
        enabled=request.wanted["enabled"],
        by=request.asked_by,
        at=connections.clock(),
    )


def _looked(connections: Connections, request: Request) -> Outlook:
    now = connections.clock()
    categories, note = CategorySync(connections.canvas, connections.sis, connections.warehouse), None
    if request.kind == "categories":
        edits = [Edit(**each) for each in request.wanted["edits"]]
        [saved] = categories.save([categories.pending(request.course_id, edits)], by=request.asked_by, at=now)
        if saved.refused:
            stop = stop_of(saved.refused.code)
            note = f"Saved, but Canvas does not show it. {stop.cause} {stop.to_instructor}"
    judged = _judged(connections, request)
    refused = refusal(judged.canvas.course, request.wanted.get("type", "manual"))
    found = outlook.outlook(
        judged.canvas.sections,
        judged.plan.assignments,
        judged.plan.grades,
        judged.plan.issues,
        last_sync=connections.warehouse.read(last_sent, judged.canvas.sections["section_id"].to_list()),
        listed=None if request.kind == "preview" else categories.course(request.course_id),
        note=note,
        stop=refused.code if refused else None,
    )
    connections.warehouse.commit(requests.keep, request, found.as_json(), at=now)
    return found


def _judged(connections: Connections, request: Request) -> Judged:
    """Preview what the request asks about; raises the error that would fail its sync."""
    wanted = request.wanted
    asked = SyncRequest(
        job_id=f"request-{request.request_id}",
        course_id=request.course_id,
        type=wanted.get("type", "manual"),
        posted_by=request.asked_by,
        selection=Selection(
            sections=frozenset(wanted.get("sections", ())) or None,
            assignments=frozenset(wanted.get("assignments", ())) or None,
            from_list=True,
        ),
        posting=Posting.NOTHING,
    )
    for event in sync_courses(connections, [asked]):
        match event:
            case CourseJudged(judged=judged):
                return judged
            case CourseFailed(error=error):
                raise error
    raise AssertionError("a preview is judged or failed")


def _purge(warehouse: Warehouse, now: datetime) -> None:
    outcomes, old = warehouse.read(requests.past_their_age, now=now)
    if outcomes or old:
        warehouse.commit(requests.purge, outcomes, old)
