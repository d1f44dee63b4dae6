"""Whole syncs in a warehouse, put there by the functions that a real sync calls, for those who read them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback import frames as schemas
from gpb_pipeline.passback.course import CanvasRead, Course
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS
from gpb_pipeline.passback.rows.counts import Counts, Extracted
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues, Rows
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.warehouse import frames, history, holdings, logs
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.history import Begun, End, EndStatus, Reached
from gpb_pipeline.warehouse.logs import JobOutcome
from gpb_pipeline_tests.warehouse.rows import DIGESTS, NOON, frame

STAGES = ["Get Assignments", "Get Grades", "Filter", "Post Assignments", "Post Grades", "Verify"]
ZONE = ZoneInfo("America/New_York")
SECTIONS = {"s1": "Period 1", "s2": "Period 2"}
STUDENTS = {"u1": "Ada Lovelace", "u2": "Blaise Pascal", "u3": "=HYPERLINK(0)"}
ENROLLED = {"u1": "s1", "u2": "s1", "u3": "s2"}
CANVAS_SAYS: dict[str, object] = {
    "canvas_grade": None,
    "excused": False,
    "missing": False,
    "late": False,
    "workflow_state": "graded",
    "posted_at": None,
    "graded_at": None,
}
ASSIGNMENTS = {"a1": "Quiz", "a2": "Essay", "a3": "Lab <b>1</b>"}


def put_course(warehouse: Warehouse, course_id: str = "1", name: str = "Algebra I") -> None:
    """Leave the course's frames as a read of Canvas does."""
    course = Course(
        course_id=course_id,
        name=name,
        sis_course_id=None,
        time_zone=ZONE,
        workflow_state="available",
        concluded=False,
        blueprint=False,
    )
    read = CanvasRead(
        course=course,
        columns={
            schemas.Sections: frame(
                schemas.Sections, *({"section_id": key, "section_name": SECTIONS[key]} for key in SECTIONS)
            ),
            schemas.Enrollments: frame(
                schemas.Enrollments,
                *(
                    {"user_id": key, "student_name": STUDENTS[key], "section_id": ENROLLED[key]}
                    for key in STUDENTS
                ),
            ),
            schemas.AssignmentGroups: schemas.empty(schemas.AssignmentGroups),
            schemas.Assignments: frame(
                schemas.Assignments,
                *({"assignment_id": key, "assignment_name": ASSIGNMENTS[key]} for key in ASSIGNMENTS),
            ),
            schemas.Overrides: schemas.empty(schemas.Overrides),
            schemas.Submissions: schemas.empty(schemas.Submissions),
        },
    )
    left = CourseFrames(course_id=course_id, job_id="read", frames=frames.of_canvas(read), digests=DIGESTS)
    warehouse.commit(frames.replace, [left])


def algebra() -> Rows:
    """Two sections, three assignments, three students: every state, and issues of every kind."""
    return outcome(
        assignments=[
            assignment("s1", "a1", "created"),
            assignment("s2", "a1", "updated"),
            assignment("s1", "a2", "unchanged"),
            assignment("s1", "a3", "skipped", "no_due_date", due_at=None, category=None),
            assignment("s2", "a2", "failed", "assignment_refused", sis_error="invaliddata: no such category"),
        ],
        grades=[
            grade("s1", "a1", "u1", "created", score=9.5, posted_at=NOON),
            grade("s1", "a1", "u2", "updated", score=8.0, exempt=False),
            grade("s2", "a1", "u3", "created", score=-1.0),
            grade("s1", "a2", "u1", "unchanged", score=0.0, exempt=True),
            grade("s1", "a2", "u2", "failed", "student_not_on_roster", score=7.0),
            grade("s1", "a3", "u1", "skipped", "assignment_not_sent", score=5.0),
            grade("s2", "a2", "u3", "skipped", "missing_without_score", score=None),
            grade("s1", "a3", "u2", "withdrawn", score=None),
        ],
        issues=[
            issue("no_due_date", "s1", "a3"),
            issue("assignment_refused", "s2", "a2", sis_error="invaliddata: no such category"),
            issue("student_not_on_roster", "s1", "a2", "u2"),
            issue("assignment_not_sent", "s1", "a3"),
            issue("missing_without_score", "s2", "a2", "u3"),
        ],
    )


def assignment(
    section: str, assignment_id: str, state: str, code: str | None = None, **rest: object
) -> dict[str, Any]:
    named = {"assignment_name": ASSIGNMENTS[assignment_id], "line_item_id": f"li-{section}-{assignment_id}"}
    row = {"section_id": section, "sis_section_id": f"SIS-{section}", "assignment_id": assignment_id} | named
    return row | {"category": "Tests", "state": state, "code": code, "sis_error": None} | rest


def grade(
    section: str, assignment_id: str, student: str, state: str, code: str | None = None, **rest: object
) -> dict[str, Any]:
    named = {"assignment_name": ASSIGNMENTS[assignment_id], "student_name": STUDENTS[student]}
    ids = {"line_item_id": f"li-{section}-{assignment_id}", "sis_user_id": f"SIS-{student}"}
    row = {"section_id": section, "sis_section_id": f"SIS-{section}", "assignment_id": assignment_id}
    said = CANVAS_SAYS | {"user_id": student, "exempt": False, "canvas_score": rest.get("score")}
    return row | said | named | ids | {"state": state, "code": code, "sis_error": None} | rest


def issue(
    code: str,
    section: str | None = None,
    assignment_id: str | None = None,
    student: str | None = None,
    **rest: object,
) -> dict[str, Any]:
    place = {"section_id": section, "assignment_id": assignment_id, "user_id": student}
    return {"code": code, "detail": None, "sis_error": None} | place | rest


def outcome(
    assignments: Sequence[dict[str, Any]] = (),
    grades: Sequence[dict[str, Any]] = (),
    issues: Sequence[dict[str, Any]] = (),
) -> Rows:
    return Rows(
        assignments=frame(AssignmentRows, *assignments),
        grades=frame(GradeRows, *grades),
        issues=frame(Issues, *issues),
        extracted=Extracted(sections=3, assignments=5, grades=40),
    )


def put_sync(
    warehouse: Warehouse,
    job_id: str,
    came: Rows,
    *,
    course_id: str = "1",
    at: datetime = NOON,
    status: EndStatus = "Completed (with errors)",
    type: SyncType = "manual",  # noqa: A002  the history's own word
    posted_by: str = "Ms. Frizzle",
) -> None:
    """Go through a sync's stages in one commit, as it began at `at` and took ten seconds."""

    def sync(session: Connection) -> None:
        begun = Begun(job_id=job_id, course_id=course_id, type=type, posted_by=posted_by, at=at)
        history.begin(session, [begun])
        history.reach(
            session,
            [
                Reached(job_id=job_id, stage=stage, at=at + timedelta(seconds=number))
                for number, stage in enumerate(STAGES, start=1)
            ],
        )
        logs.append(session, [JobOutcome(course_id=course_id, job_id=job_id, outcome=came)])
        holdings.append(session, [holdings.sent(came, NO_HOLDINGS, job_id=job_id, at=at)])
        ended = at + timedelta(seconds=10)
        history.end(session, [End(job_id=job_id, at=ended, status=status, counts=Counts.of(came))])

    warehouse.commit(sync)


def put_stop(warehouse: Warehouse, job_id: str, *, course_id: str) -> None:
    """Have a nightly sync stopped by Canvas's refusal, at once."""

    def stop(session: Connection) -> None:
        begun = Begun(
            job_id=job_id, course_id=course_id, type="nightly", posted_by="nightly schedule", at=NOON
        )
        history.begin(session, [begun])
        cause = f"course {course_id}: Canvas answered 403. Give the permissions."
        end = End(
            job_id=job_id,
            at=NOON,
            status="Failed",
            counts=Counts.none(),
            code="canvas_access",
            cause=cause,
        )
        history.end(session, [end])

    warehouse.commit(stop)


def send_a_day_earlier(session: Connection) -> None:
    """Let all that was ever sent have been sent a day before."""
    for table in ("sent_line_items", "sent_results"):
        session.execute(f"UPDATE warehouse.main.{table} SET sent_at = sent_at - INTERVAL 1 DAY")  # noqa: S608
