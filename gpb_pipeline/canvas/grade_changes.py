"""Who graded: Canvas's own log of the changes of one student's grade for an assignment, for a trace.

It is asked when someone looks and kept nowhere; what is found is private. The course's assignment is asked
for and never a student, so that no address names one; of a student whose work Canvas keeps anonymous, it
tells only that something changed (docs/canvas.md §5).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Timer
from zoneinfo import ZoneInfo

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas import readings as read
from gpb_pipeline.canvas.body import Json, object_in, objects_in
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.errors import NotFoundError, UnavailableError
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.settings import CanvasSettings

PATIENCE = 10.0  # seconds, for someone waits for the page
_AUTOMATIC = re.compile(r"-[0-9]{1,20}")  # the id of a quiz or a tool, as a grader's


@dataclass(frozen=True, kw_only=True)
class GradeChange:
    """One entry of the log: a grade as Canvas displayed it before and after, with an excuse said as such."""

    changed_at: datetime
    grader_id: str | None = field(repr=False)
    grader_name: str | None = field(repr=False)
    before: str = field(repr=False)
    after: str = field(repr=False)
    graded_anonymously: bool

    @property
    def grader(self) -> str:
        """Name who graded: a person, or that it was none."""
        if self.grader_id is None:
            return "Canvas itself"
        if _AUTOMATIC.fullmatch(self.grader_id):
            return "a quiz or tool, by itself"
        return self.grader_name or f"Canvas user {self.grader_id}"


@dataclass(frozen=True, kw_only=True)
class GradeLog:
    """What Canvas's log says, newest first.

    `hidden`: changes of the assignment whose student it does not tell; `unread`: why it says nothing at all.
    """

    changes: tuple[GradeChange, ...] = ()
    hidden: int = 0
    unread: str | None = None

    def as_json(self, zone: ZoneInfo) -> dict[str, object]:
        """Make the part of `gpb trace --json`, times with `zone`'s offset."""
        return {
            "changes": [
                {
                    "time_changed": each.changed_at.astimezone(zone).isoformat(timespec="seconds"),
                    "grader": each.grader,
                    "grader_id": each.grader_id,
                    "before": each.before,
                    "after": each.after,
                    "graded_anonymously": each.graded_anonymously,
                }
                for each in self.changes
            ],
            "hidden": self.hidden,
            "unread": self.unread,
        }


def look_up(
    settings: Callable[[], CanvasSettings], course_id: str, *, assignment_id: str, student_id: str
) -> GradeLog:
    """Ask the Canvas of these settings; whatever is in the way is told and fails nothing."""
    brake = Brake()
    what = f"Canvas did not answer within {PATIENCE:g} seconds"
    slow = UnavailableError(what, item=_item(course_id), remedy="Look again later.")
    end = Timer(PATIENCE, brake.pull, [slow])
    end.daemon = True
    end.start()
    try:
        given = settings()
        with CanvasClient(given.model_copy(update={"timeout": min(given.timeout, PATIENCE)})) as client:
            return read_log(
                client.heeding(brake), course_id, assignment_id=assignment_id, student_id=student_id
            )
    except PipelineError as fault:
        return GradeLog(unread=str(fault))
    finally:
        end.cancel()


def read_log(client: CanvasClient, course_id: str, *, assignment_id: str, student_id: str) -> GradeLog:
    """Read the log; raises AccessError where the token may not, NotFoundError where there is none."""
    asked = {"course_id": course_id, "assignment_id": assignment_id}
    try:
        events = list(client.pages("audit/grade_change", asked, item=_item(course_id), objects=_events_in))
    except NotFoundError:
        raise NotFoundError(
            "Canvas keeps none, or none of that assignment",
            item=_item(course_id),
            remedy="The rest of the trace is ours.",
        ) from None
    distinct = list({str(event.get("id")): event for event in events}.values())
    changes = [
        change
        for event in distinct
        if str(_links(event).get("student")) == student_id and (change := _change(event)) is not None
    ]
    return GradeLog(
        changes=tuple(sorted(changes, key=lambda each: each.changed_at, reverse=True)),
        hidden=sum(_links(event).get("student", "") is None for event in distinct),
    )


def _item(course_id: str) -> str:
    return f"course {course_id}, grade change log"


def _events_in(body: object, item: str) -> list[Json]:
    """Give the events of a page, each with the name of its grader, which stands beside them."""
    page = object_in(body, item)
    linked = page.get("linked")
    users = objects_in(linked.get("users") if isinstance(linked, dict) else None, item)
    names = {str(user.get("id")): read.shown(user.get("name")) for user in users}
    return [
        event | {"grader_name": names.get(str(_links(event).get("grader")))}
        for event in objects_in(page.get("events"), item)
    ]


def _links(event: Json) -> Json:
    links = event.get("links")
    return links if isinstance(links, dict) else {}


def _change(event: Json) -> GradeChange | None:
    """Read an event; None where it does not say when it was."""
    at = read.moment_if_any(event.get("created_at"))
    if at is None:
        return None
    before, after = _sides(event)
    return GradeChange(
        changed_at=datetime.fromisoformat(at),
        grader_id=_grader_id(_links(event).get("grader")),
        grader_name=event["grader_name"] or None,
        before=before,
        after=after,
        graded_anonymously=read.is_true(event.get("graded_anonymously")),
    )


def _sides(event: Json) -> Iterator[str]:
    """Say each side in words; with what it was out of, where that is what changed."""
    possible = [read.number_if_any(event.get(f"points_possible_{side}")) for side in ("before", "after")]
    for side, points in zip(("before", "after"), possible, strict=True):
        excused = read.is_true(event.get(f"excused_{side}"))
        grade = "excused" if excused else read.shown(event.get(f"grade_{side}")) or "none"
        rescaled = None not in possible and possible[0] != possible[1]
        yield f"{grade} of {points:g}" if rescaled else grade


def _grader_id(value: object) -> str | None:
    text = str(value) if isinstance(value, int) else value
    return text if isinstance(text, str) and _AUTOMATIC.fullmatch(text) else read.ident_if_any(value)
