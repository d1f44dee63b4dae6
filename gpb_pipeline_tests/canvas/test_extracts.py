"""A course read over HTTP from the sandbox's Canvas, traps included."""

import pytest

from gpb_pipeline.canvas.client import AccessError, CanvasClient, NotFoundError
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import CanvasSettings


def client_of(sandbox: Sandbox, token: str = "sandbox-canvas-token") -> CanvasClient:
    environment = sandbox.environment
    return CanvasClient(
        CanvasSettings(
            base_url=environment["CANVAS_BASE_URL"],
            api_token=token,
            account_id=environment["CANVAS_ACCOUNT_ID"],
        )
    )


def test_a_course_longer_than_a_page_is_read_whole(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        read = read_course(client, "1003")
    synced = read.assignments[read.assignments["post_to_sis"]]
    assert len(read.submissions) > 100
    assert set(read.submissions["assignment_id"]) <= set(
        synced[synced["workflow_state"] == "published"]["assignment_id"]
    )
    assert set(read.enrollments["type"]) == {"StudentEnrollment", "StudentViewEnrollment"}


def test_an_absent_due_date_of_an_override_is_told_from_a_null_one(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        overrides = read_course(client, "1003").overrides
    undated = overrides[overrides["due_at"].isna()]
    assert set(undated["due_at_overridden"]) == {True, False}


@pytest.mark.parametrize(
    ("token", "missing"),
    [
        ("sandbox-canvas-token-without-sis", "SIS"),
        ("sandbox-canvas-token-without-assignments", "overrides"),
        ("sandbox-canvas-token-without-grades", "may not do"),
        ("sandbox-canvas-token-without-scopes", "lacks the scope"),
    ],
)
def test_a_token_that_may_not_see_all_fails_before_harm(sandbox: Sandbox, token: str, missing: str) -> None:
    with client_of(sandbox, token) as client, pytest.raises(AccessError, match=f"{missing}.*(Grant|scopes)"):
        read_course(client, "1003")


def test_a_refused_token_names_its_setting_and_stays_secret(sandbox: Sandbox) -> None:
    with client_of(sandbox, "hunter2") as client, pytest.raises(AccessError) as refused:
        read_course(client, "1001")
    assert refused.value.item == "CANVAS_API_TOKEN"
    assert "hunter2" not in str(refused.value)


def test_an_unknown_course_is_named(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client, pytest.raises(NotFoundError, match="course 99: "):
        read_course(client, "99")


def test_a_stub_is_not_taken_for_an_empty_course(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client, pytest.raises(AccessError, match="restricted by date"):
        read_course(client, "1104")


def test_only_running_courses_are_offered(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        offered = {course.course_id for course in account_courses(client)}
    assert {"1001", "1002", "1003"} <= offered
    assert not offered & {"1101", "1102", "1104", "1105"}  # blueprint, concluded, stub, unpublished


def test_an_assignment_groups_integration_data_is_changed_and_read_back(sandbox: Sandbox) -> None:
    path, item = "courses/1003/assignment_groups", "course 1003, assignment groups"
    mapping = {"sistemic": {"categoryMapping": {"S1": "CAT-QUIZ"}}}
    with client_of(sandbox) as client:
        group = next(client.pages(path, item=item))
        sandbox.set_faults("canvas", {"effect": "lost_answer", "method": "PUT"})
        changed = client.put(f"{path}/{group['id']}", {"integration_data": mapping}, item=item)
        assert changed["integration_data"] == mapping
        assert next(client.pages(path, item=item))["integration_data"] == mapping


def test_an_assignment_group_that_may_not_be_changed_names_what_to_grant(sandbox: Sandbox) -> None:
    with client_of(sandbox, "sandbox-canvas-token-without-assignments") as client:
        group = next(client.pages("courses/1003/assignment_groups", item="groups"))
        with pytest.raises(AccessError, match="Grant"):
            client.put(f"courses/1003/assignment_groups/{group['id']}", {}, item="a group")
