"""What Canvas sends and nothing can carry costs the item that it is about: which one, with which code."""

import math
from typing import Any

import duckdb
import pytest

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.canvas.permissions import section_sis_ids
from gpb_pipeline.passback.course import CanvasRead, Reject
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.canvas.script import JSON, Script
from gpb_pipeline_tests.canvas.small_course import (
    ASSIGNMENT,
    ENROLLMENT,
    GROUP,
    OTHER_ASSIGNMENT,
    OTHER_ENROLLMENT,
    OTHER_GROUP,
    OTHER_SECTION,
    OTHER_SUBMISSION,
    OVERRIDE,
    SECTION,
    SUBMISSION,
    Row,
    read_of,
    without,
)
from gpb_pipeline_tests.canvas.test_extracts import client_of

HALF = "\ud83c"  # of a pair that makes one character
BAD_DATES = ["0026-10-05T03:59:59Z", "2925-10-05T03:59:59Z", "9999-12-31T23:59:59Z", "tomorrow", 20261005]


def beside_another(canvas: Script, client: CanvasClient, **spoilt: Row) -> CanvasRead:
    """Read the course with another of each row, which must all arrive."""
    rows = {
        "sections": [SECTION, OTHER_SECTION],
        "enrollments": [ENROLLMENT, OTHER_ENROLLMENT],
        "groups": [GROUP, OTHER_GROUP],
        "assignments": [ASSIGNMENT, OTHER_ASSIGNMENT],
        "submissions": [SUBMISSION, OTHER_SUBMISSION],
    }
    canvas.answers = read_of(canvas, **rows | {name: [row, rows[name][1]] for name, row in spoilt.items()})
    read = read_course(client, "7")
    assert "11" in set(read.sections["section_id"])
    assert "12" in set(read.enrollments["user_id"])
    assert "15" in set(read.assignment_groups["group_id"])
    assert "16" in set(read.assignments["assignment_id"])
    assert "12" in set(read.submissions["user_id"])
    return read


def rejected(read: CanvasRead) -> list[tuple[str, str | None, str]]:
    return [(each.kind, each.item_id, each.code.value) for each in read.rejects]


def own(read: CanvasRead) -> Any:
    """The frame's row of the assignment that was spoilt."""
    return read.assignments.set_index("assignment_id").loc["6"]


@pytest.mark.parametrize("due_at", BAD_DATES)
def test_a_due_date_that_no_frame_holds_is_none_and_told(
    canvas: Script, client: CanvasClient, due_at: object
) -> None:
    read = beside_another(canvas, client, assignments=ASSIGNMENT | {"due_at": due_at})
    assert rejected(read) == [("assignment", "6", "unreadable_due_date")]
    assert own(read).isna()["due_at"]


@pytest.mark.parametrize("due_at", BAD_DATES)
def test_an_overrides_due_date_that_no_frame_holds_is_explicitly_none_and_told(
    canvas: Script, client: CanvasClient, due_at: object
) -> None:
    read = beside_another(
        canvas, client, assignments=ASSIGNMENT | {"overrides": [OVERRIDE | {"due_at": due_at}]}
    )
    assert rejected(read) == [("assignment", "6", "unreadable_due_date")]
    [(_, row)] = read.overrides.iterrows()
    assert row["due_at_overridden"]
    assert row.isna()["due_at"]


def test_a_students_own_due_date_is_no_sections_and_tells_nothing(
    canvas: Script, client: CanvasClient
) -> None:
    alone = without(OVERRIDE, "course_section_id") | {"student_ids": ["2"], "due_at": BAD_DATES[0]}
    assert beside_another(canvas, client, assignments=ASSIGNMENT | {"overrides": [alone]}).rejects == ()


def test_a_checkpoints_due_date_that_no_frame_holds_costs_the_discussion(
    canvas: Script, client: CanvasClient
) -> None:
    talk = ASSIGNMENT | {"due_at": None, "checkpoints": [{"due_at": BAD_DATES[0], "overrides": []}]}
    read = beside_another(canvas, client, assignments=talk)
    assert rejected(read) == [("assignment", "6", "unreadable_due_date")]
    assert set(read.assignments["assignment_id"]) == {"16"}


NEW_KIND = {"overrides": [{"id": "3", "tag_id": "1"}]}
ODD: list[Row] = [
    {"name": None},
    {"assignment_group_id": None},
    {"grading_type": 7},
    {"due_at": BAD_DATES[0]},
    NEW_KIND,
]


@pytest.mark.parametrize("odd", ODD, ids=[next(iter(each)) for each in ODD])
@pytest.mark.parametrize("unsynced", [{"post_to_sis": False}, {"workflow_state": "unpublished"}])
def test_an_assignment_that_is_not_synced_is_never_in_the_way(
    canvas: Script, client: CanvasClient, odd: Row, unsynced: Row
) -> None:
    assert beside_another(canvas, client, assignments=ASSIGNMENT | unsynced | odd).rejects == ()


UNFIT_ASSIGNMENTS: list[tuple[Row, str, str]] = [
    ({"name": f"Essay {HALF}"}, "unreadable_assignment", "name: text of 7 characters, not all valid"),
    ({"name": ["Essay"]}, "unreadable_assignment", "name: a list of 1"),
    ({"assignment_group_id": None}, "unreadable_assignment", "assignment_group_id: null"),
    ({"grading_type": {}}, "unreadable_assignment", "grading_type: an object of 0"),
    ({"points_possible": "ten"}, "unreadable_assignment", "points_possible: text of 3 characters"),
    ({"points_possible": math.inf}, "unreadable_assignment", "points_possible: a number that is not finite"),
    ({"post_to_sis": "yes"}, "unreadable_assignment", "post_to_sis: text of 3 characters"),
    ({"workflow_state": 1}, "unreadable_assignment", "workflow_state: a number"),
    ({"visible_to_everyone": "no"}, "unreadable_assignment", "visible_to_everyone: text of 2 characters"),
    (
        NEW_KIND,
        "unreadable_override",
        "an override names neither students, a group, a section nor the course",
    ),
    ({"overrides": [7]}, "unreadable_override", "overrides: a list of 1"),
    ({"overrides": {"id": "1"}}, "unreadable_override", "overrides: an object of 1"),
    ({"overrides": [OVERRIDE | {"course_section_id": 1.5}]}, "unreadable_override", "course_section_id of"),
    ({"overrides": [OVERRIDE | {"unassign_item": "no"}]}, "unreadable_override", "unassign_item: text"),
]


@pytest.mark.parametrize(
    ("odd", "code", "met"), UNFIT_ASSIGNMENTS, ids=[each[2] for each in UNFIT_ASSIGNMENTS]
)
def test_a_synced_assignment_that_cannot_be_carried_is_laid_aside_and_told(
    canvas: Script, client: CanvasClient, odd: Row, code: str, met: str
) -> None:
    read = beside_another(canvas, client, assignments=ASSIGNMENT | odd)
    assert set(read.assignments["assignment_id"]) == {"16"}
    [told] = read.rejects
    assert (told.kind, told.item_id, told.assignment_id, told.code.value) == ("assignment", "6", "6", code)
    assert told.met.startswith(met)


@pytest.mark.parametrize("key", ["name", "assignment_group_id", "grading_type", "points_possible", "due_at"])
def test_an_assignment_without_a_key_that_others_have_is_told(
    canvas: Script, client: CanvasClient, key: str
) -> None:
    [told] = beside_another(canvas, client, assignments=without(ASSIGNMENT, key)).rejects
    assert (told.item_id, told.met) == ("6", f"{key}: absent")


def test_a_name_that_is_null_is_an_empty_one_and_a_new_grading_type_itself(
    canvas: Script, client: CanvasClient
) -> None:
    read = beside_another(canvas, client, assignments=ASSIGNMENT | {"name": None, "grading_type": "stars"})
    assert (own(read)["assignment_name"], own(read)["grading_type"], read.rejects) == ("", "stars", ())


def test_an_assignment_without_any_time_of_its_making_is_read(canvas: Script, client: CanvasClient) -> None:
    read = beside_another(canvas, client, assignments=without(ASSIGNMENT, "created_at"))
    assert own(read).isna()[["created_at", "unlock_at"]].all()
    assert read.rejects == ()


UNFIT_SCORES: list[object] = [math.nan, math.inf, -math.inf, "abc", "8", True, [8], 10**400]


@pytest.mark.parametrize("score", UNFIT_SCORES, ids=[str(each)[:9] for each in UNFIT_SCORES])
def test_a_score_that_is_no_finite_number_costs_its_grade(
    canvas: Script, client: CanvasClient, score: object
) -> None:
    read = beside_another(canvas, client, submissions=SUBMISSION | {"score": score})
    [told] = read.rejects
    assert (told.kind, told.item_id, told.code.value) == ("submission", "9", "unreadable_grade")
    assert (told.assignment_id, told.user_id) == ("6", "2")
    assert told.met.startswith("score: ")
    assert "abc" not in told.met
    assert "user_id" not in repr(told)


@pytest.mark.parametrize("key", ["score", "excused", "late", "missing", "posted_at", "user_id"])
def test_a_submission_without_a_key_is_not_taken_for_a_cleared_one(
    canvas: Script, client: CanvasClient, key: str
) -> None:
    read = beside_another(canvas, client, submissions=without(SUBMISSION, key))
    assert read.submissions["user_id"].to_list() == ["12"]
    assert rejected(read) == [("submission", "9", "unreadable_grade")]
    assert read.rejects[0].met == f"{key}: absent"


def test_two_submissions_of_the_same_student_and_assignment_are_neither_believed(
    canvas: Script, client: CanvasClient
) -> None:
    canvas.answers = read_of(canvas, submissions=[SUBMISSION, SUBMISSION | {"id": "91", "score": 3.0}])
    read = read_course(client, "7")
    assert read.submissions.empty
    assert rejected(read) == [("submission", n, "unreadable_grade") for n in ("9", "91")]


def test_a_held_grade_now_blank_hidden_and_never_graded_is_read(canvas: Script, client: CanvasClient) -> None:
    blank = {"score": None, "grade": None, "posted_at": None, "graded_at": None}
    read = beside_another(canvas, client, submissions=SUBMISSION | blank)
    row = read.submissions.set_index("user_id").loc["2"]
    assert row.isna()[list(blank)].all()
    assert read.rejects == ()


@pytest.mark.parametrize(
    ("odd", "met"),
    [
        ({"sis_section_id": 12}, "sis_section_id: a number"),
        ({"sis_section_id": f"S{HALF}"}, "sis_section_id: text of 2 characters, not all valid"),
        ({"sis_section_id": "S" * 10**6}, "sis_section_id: text of 1000000 characters"),
        ({"sis_section_id": ".."}, "sis_section_id: text of 2 characters"),
    ],
)
def test_a_section_that_cannot_be_carried_is_left_out_and_told(
    canvas: Script, client: CanvasClient, odd: Row, met: str
) -> None:
    read = beside_another(canvas, client, sections=SECTION | odd)
    assert rejected(read) == [("section", "1", "unreadable_section")]
    assert read.rejects[0].met == met


def test_a_sis_id_that_cannot_be_carried_is_none_to_ask_the_sis_for(
    canvas: Script, client: CanvasClient
) -> None:
    canvas.answers = [canvas.page(SECTION | {"sis_section_id": HALF}, OTHER_SECTION)]
    assert section_sis_ids(client, ["7"]) == ["S2"]


def test_an_enrollment_that_cannot_be_carried_is_left_out_and_told_of_active_students(
    canvas: Script, client: CanvasClient
) -> None:
    odd = ENROLLMENT | {"sis_user_id": ["U2"]}
    read = beside_another(canvas, client, enrollments=odd)
    assert rejected(read) == [("enrollment", "4", "unreadable_enrollment")]
    assert (read.rejects[0].user_id, read.rejects[0].section_id) == ("2", "1")
    assert beside_another(canvas, client, enrollments=odd | {"enrollment_state": "inactive"}).rejects == ()


@pytest.mark.parametrize("position", [2**64, -(2**70), 1e300, "first", None])
def test_a_position_beyond_64_bits_costs_nothing(
    canvas: Script, client: CanvasClient, position: object
) -> None:
    read = beside_another(canvas, client, groups=GROUP | {"position": position})
    assert read.assignment_groups["position"].to_list() == [0, 1]
    assert read.rejects == ()


def test_a_groups_integration_data_that_could_not_be_sent_back_is_as_none(
    canvas: Script, client: CanvasClient
) -> None:
    read = beside_another(canvas, client, groups=GROUP | {"integration_data": {"other": [math.nan]}})
    assert read.assignment_groups["integration_data"].to_list() == ["{}", "{}"]


def test_a_group_without_an_id_is_told_and_no_short_read(canvas: Script, client: CanvasClient) -> None:
    read = beside_another(canvas, client, groups=without(GROUP, "id"))
    assert rejected(read) == [("assignment_group", None, "unreadable_assignment_group")]


@pytest.mark.parametrize("name", ["Homework\N{NO-BREAK SPACE}", " Homework ", "\N{NO-BREAK SPACE}Homework\t"])
def test_a_groups_name_is_trimmed_of_any_blank(canvas: Script, client: CanvasClient, name: str) -> None:
    read = beside_another(canvas, client, groups=GROUP | {"name": name})
    assert read.assignment_groups["group_name"].to_list() == ["Homework", "Tests"]


@pytest.mark.parametrize("zone", [None, "Mars/1", "America", "../etc/passwd", 7, HALF, "x" * 10**6])
def test_a_time_zone_that_is_none_is_the_accounts_and_told(
    canvas: Script, client: CanvasClient, zone: object
) -> None:
    head = {"id": "7", "workflow_state": "available", "time_zone": zone}
    canvas.answers = read_of(canvas, (200, JSON, canvas.text(head)))
    read = read_course(client, "7")
    assert read.course.time_zone.key == "America/Chicago"
    assert rejected(read) == [("course", "7", "time_zone_unknown")]


def test_ids_above_2_to_the_53_stay_exact_as_text_and_as_numbers(
    canvas: Script, client: CanvasClient
) -> None:
    for large in ("9007199254740993", 9007199254740993):
        canvas.answers = read_of(
            canvas,
            assignments=[ASSIGNMENT | {"id": large}],
            submissions=[SUBMISSION | {"assignment_id": large}],
        )
        read = read_course(client, "7")
        assert read.assignments["assignment_id"].to_list() == ["9007199254740993"]
        assert read.submissions["assignment_id"].to_list() == ["9007199254740993"]
        assert "assignment_ids%5B%5D=9007199254740993" in canvas.asked[-1]


@pytest.mark.parametrize("name", ["חומר", "a\N{ZERO WIDTH SPACE}b\N{RIGHT-TO-LEFT OVERRIDE}c", "🎨"])
def test_text_of_any_script_stays_as_it_is(canvas: Script, client: CanvasClient, name: str) -> None:
    read = beside_another(canvas, client, assignments=ASSIGNMENT | {"name": name})
    assert own(read)["assignment_name"] == name


def test_half_a_surrogate_in_any_text_reaches_no_database(canvas: Script, client: CanvasClient) -> None:
    half = f"Ann {HALF}"
    read = beside_another(
        canvas,
        client,
        sections=SECTION | {"name": half},
        enrollments=ENROLLMENT | {"user": {"name": half + "\0"}},
        groups=GROUP | {"name": half, "integration_data": {half: half}},
        submissions=SUBMISSION | {"grade": half, "workflow_state": half},
    )
    assert read.rejects == ()
    assert read.enrollments["student_name"].to_list() == ["Ann ", "Ann"]
    with duckdb.connect() as database:  # which aborts the process for one
        for frame in (read.sections, read.enrollments, read.assignment_groups, read.submissions):
            database.register("frame", frame)
            assert len(database.sql("SELECT * FROM frame").fetchall()) == 2


SPOILT: list[tuple[Row, str | None]] = [
    ({"path": "/assignments$", "key": "due_at", "value": "0026-10-05T03:59:59Z"}, "unreadable_due_date"),
    ({"path": "/assignments$", "key": "due_at", "value": "9999-12-31T23:59:59Z"}, "unreadable_due_date"),
    ({"path": "/assignments$", "key": "name", "value": HALF}, "unreadable_assignment"),
    ({"path": "/assignments$", "key": "overrides", "value": [{"id": 3, "tag_id": 1}]}, "unreadable_override"),
    ({"path": "/assignments$", "key": "created_at"}, None),
    ({"path": "/assignments$", "key": "position", "value": 2**70}, None),
    ({"path": "/submissions$", "key": "score", "value": "abc"}, "unreadable_grade"),
    ({"path": "/submissions$", "key": "posted_at", "value": "0001-01-01T00:00:00Z"}, "unreadable_grade"),
    ({"path": "/sections$", "key": "sis_section_id", "value": 12}, "unreadable_section"),
    ({"path": "/enrollments$", "key": "sis_user_id", "value": HALF}, "unreadable_enrollment"),
    ({"path": "/enrollments$", "key": "user.name", "value": HALF}, None),
    ({"path": "/assignment_groups$", "key": "id", "value": None}, "unreadable_assignment_group"),
    ({"path": "/courses/1003$", "key": "time_zone"}, "time_zone_unknown"),
]


FRAMES = ("sections", "enrollments", "assignment_groups", "assignments", "submissions")


@pytest.mark.parametrize(
    ("spoilt", "code"), SPOILT, ids=[f"{each['path']} {each['key']}" for each, _ in SPOILT]
)
def test_what_the_sandbox_spoils_costs_one_item(
    sandbox: Sandbox, whole: dict[str, Any], spoilt: Row, code: str | None
) -> None:
    name = spoilt["path"].strip("/$")
    sandbox.control("canvas", "PUT", "/spoilt", [spoilt | {"id": whole["ids"].get(name, "1003")}])
    with client_of(sandbox) as client:
        read = read_course(client, "1003")
    assert [each.code for each in read.rejects] == ([code] if code else [])
    for frame in FRAMES:
        assert len(getattr(read, frame)) >= whole["rows"][frame] - 1


@pytest.fixture(scope="module")
def whole(running: Sandbox) -> dict[str, Any]:
    """How many rows each frame of the course has unspoilt, and an id in each of Canvas's lists."""
    running.reset()
    with client_of(running) as client:
        read = read_course(client, "1003")
        frames = {name: getattr(read, name) for name in FRAMES}
        synced = read.assignments.query("post_to_sis and workflow_state == 'published'")[
            "assignment_id"
        ].iloc[0]
        active = next(
            each["id"]
            for each in client.pages("courses/1003/enrollments", item="enrollments")
            if each["type"] == "StudentEnrollment" and each["enrollment_state"] == "active"
        )
        of_synced = {"student_ids[]": "all", "assignment_ids[]": synced}
        row = next(client.pages("courses/1003/students/submissions", of_synced, item="submissions"))
    frames["submissions"] = read.submissions.query("assignment_id != @synced")  # which go with it
    return {
        "rows": {name: len(frame) for name, frame in frames.items()},
        "ids": {
            "sections": read.sections["section_id"].iloc[0],
            "enrollments": active,
            "assignment_groups": read.assignment_groups["group_id"].iloc[0],
            "assignments": synced,
            "submissions": row["id"],
        },
    }


def test_a_reject_names_no_student() -> None:
    told = Reject(kind="enrollment", item_id="4", code="x", met="null", user_id="2")  # type: ignore[arg-type]
    assert "'2'" not in repr(told)
