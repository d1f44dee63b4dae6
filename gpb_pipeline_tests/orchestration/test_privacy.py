"""The UI has no login: nothing of a student may stand in what Dagster keeps (docs/decisions.md §9)."""

import re

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, Dagster
from gpb_pipeline_tests.sandbox.clients import CanvasUser

SCORE = 13.5791


def test_no_name_id_or_score_of_a_student_in_anything_that_dagster_keeps(
    school: Sandbox, dagster: Dagster
) -> None:
    courses = [ALGEBRA, BIOLOGY]
    canvas = CanvasUser(school)
    enrollments = [
        each
        for course in courses
        for each in canvas.all(f"/courses/{course}/enrollments?per_page=100&type[]=StudentEnrollment")
    ]
    score_somebody(school, canvas, enrollments)
    refusal = {"effect": "status", "method": "PUT", "path": "/results/", "status": 422}
    school.set_faults("sis", {**refusal, "skip": 30, "times": 3})
    dagster.run(config={"course_ids": courses, "posted_by": "Ms. Rivera"})

    kept = dagster.everything()
    assert SCORE in {each["values"].get("score") for each in school.writes()}
    assert f"({BIOLOGY}): Completed" in kept
    users = [each["user"] for each in enrollments]
    private = {
        str(user[key])
        for user in users
        for key in ("name", "sortable_name", "id", "sis_user_id")
        if user[key]
    }
    assert len(private) > 20
    assert {each for each in private if re.search(rf"(?<![\w.]){re.escape(each)}(?![\w.-])", kept)} == set()
    assert str(SCORE) not in kept


def score_somebody(school: Sandbox, canvas: CanvasUser, enrollments: list[dict[str, object]]) -> None:
    """Give a student of Algebra a score that could be nothing else."""
    student = next(each["user_id"] for each in enrollments if str(each["course_id"]) == ALGEBRA)
    assignment = canvas.all(f"/courses/{ALGEBRA}/assignments?per_page=100")[0]["id"]
    school.control(
        "canvas", "PATCH", f"/courses/{ALGEBRA}/submissions/{assignment}/{student}", {"score": SCORE}
    )
