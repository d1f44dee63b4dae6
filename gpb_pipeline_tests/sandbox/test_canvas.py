"""The Canvas's traps, each as docs/canvas.md tells it."""

import pytest

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser

ALGEBRA, ENGLISH, BIOLOGY, HISTORY, EARTH = 1001, 1002, 1003, 1004, 1005
BASE_DATES = "&override_assignment_dates=false&include[]=overrides&include[]=all_dates"
NO_SIS, NO_ASSIGNMENTS, NO_GRADES = (
    f"sandbox-canvas-token-without-{each}" for each in ("sis", "assignments", "grades")
)


def cell(canvas: CanvasUser, number: int) -> dict[str, object]:
    """The row of English 9's nth student in the assignment that has every kind of cell."""
    quiz = canvas.named(ENGLISH, "assignments", "Vocabulary Homework 5")
    return canvas.row(ENGLISH, quiz["id"], 2009 + number)


def test_every_page_together_is_every_row_once(canvas: CanvasUser) -> None:
    path = f"/courses/{BIOLOGY}/students/submissions?student_ids[]=all"
    by_seven = [each["id"] for each in canvas.all(f"{path}&per_page=7")]
    assert by_seven == sorted(set(by_seven))
    assert by_seven == [each["id"] for each in canvas.all(f"{path}&per_page=100")]


def test_a_page_holds_ten_by_default_and_never_more_than_a_hundred(canvas: CanvasUser) -> None:
    path = f"/courses/{BIOLOGY}/students/submissions?student_ids[]=all"
    assert len(canvas.get(path).json()) == 10
    assert len(canvas.get(f"{path}&per_page=500").json()) == 100


def test_a_bookmark_that_canvas_never_gave_is_not_found(canvas: CanvasUser) -> None:
    assert canvas.get(f"/courses/{ALGEBRA}/sections?page=bookmark:nonsense").status_code == 404


def test_a_link_header_over_6_kb_has_no_next(canvas: CanvasUser) -> None:
    padding = "&".join(f"padding[]={n:040}" for n in range(150))
    answer = canvas.get(f"/courses/{BIOLOGY}/students/submissions?student_ids[]=all&{padding}")
    assert answer.status_code == 200
    assert "next" not in answer.links


def test_ids_are_strings_where_the_accept_header_asks_for_them(canvas: CanvasUser) -> None:
    [section, *_] = canvas.get(
        f"/courses/{ALGEBRA}/sections", Accept="application/json+canvas-string-ids"
    ).json()
    assert section["course_id"] == str(ALGEBRA)


def test_without_a_user_agent_canvas_answers_403(canvas: CanvasUser) -> None:
    assert canvas.get("/users/self", User_Agent="").status_code == 403


def test_sis_keys_are_absent_without_the_permission_and_null_without_an_id(school: Sandbox) -> None:
    path = f"/courses/{HISTORY}/sections"
    assert all("sis_section_id" not in each for each in CanvasUser(school, NO_SIS).all(path))
    assert {"name": "Peer tutors", "sis_section_id": None}.items() <= (
        CanvasUser(school).named(HISTORY, "sections", "Peer tutors").items()
    )


def test_overrides_are_left_out_without_a_word_for_who_may_not_manage_assignments(school: Sandbox) -> None:
    lab = CanvasUser(school, NO_ASSIGNMENTS).named(BIOLOGY, "assignments", "Osmosis Lab", BASE_DATES)
    assert lab["has_overrides"]
    assert "overrides" not in lab


def test_grades_are_refused_to_who_may_not_see_them(school: Sandbox) -> None:
    answer = CanvasUser(school, NO_GRADES).get(f"/courses/{ALGEBRA}/students/submissions?student_ids[]=all")
    assert answer.status_code == 403
    assert answer.json()["status"] == "unauthorized"


def test_an_override_says_null_or_nothing_and_means_different_things(canvas: CanvasUser) -> None:
    no_date = canvas.named(BIOLOGY, "assignments", "Osmosis Lab", BASE_DATES)["overrides"][1]
    inherits = canvas.named(BIOLOGY, "assignments", "Microscope Practical", BASE_DATES)["overrides"][0]
    assert no_date["due_at"] is None
    assert "due_at" not in inherits


def test_the_base_date_shows_only_when_override_dates_are_declined(canvas: CanvasUser) -> None:
    base = canvas.named(BIOLOGY, "assignments", "Cell Model Project", BASE_DATES)
    shown = canvas.named(BIOLOGY, "assignments", "Cell Model Project")
    assert base["due_at"] < shown["due_at"]


def test_from_25_overrides_on_only_their_count_is_told(canvas: CanvasUser) -> None:
    many = canvas.named(BIOLOGY, "assignments", "Individual Conferences", BASE_DATES)
    assert "all_dates" not in many
    assert many["all_dates_count"] == 27


def test_a_cleared_and_an_excused_cell_are_both_graded_without_a_score(canvas: CanvasUser) -> None:
    excused, cleared = cell(canvas, 1), cell(canvas, 2)
    for row in (excused, cleared):
        assert row["workflow_state"] == "graded"
        assert row["score"] is None
    assert (excused["excused"], cleared["excused"]) == (True, False)


def test_resubmitted_work_keeps_the_old_score(canvas: CanvasUser) -> None:
    row = cell(canvas, 3)
    assert (row["workflow_state"], row["score"]) == ("submitted", 18.0)
    assert row["grade_matches_current_submission"] is False


def test_a_late_score_is_net_of_its_deduction_and_a_hidden_one_is_not_posted(canvas: CanvasUser) -> None:
    late, hidden = cell(canvas, 6), cell(canvas, 9)
    assert (late["score"], late["entered_score"], late["late"]) == (15.0, 17.0, True)
    assert hidden["score"] == 18.0
    assert hidden["posted_at"] is None


def test_missing_comes_with_and_without_a_score(canvas: CanvasUser) -> None:
    assert (cell(canvas, 4)["missing"], cell(canvas, 4)["score"]) == (True, None)
    assert (cell(canvas, 5)["missing"], cell(canvas, 5)["score"]) == (True, 0.0)


def test_all_students_means_the_test_student_and_the_gone_ones_too(canvas: CanvasUser) -> None:
    path = f"/courses/{EARTH}/students/submissions?student_ids[]=all"
    users = {each["user_id"] for each in canvas.all(f"{path}&per_page=100")}
    assert {1999, 2046, 2047} <= users
    imported = {each["user_id"] for each in canvas.all(f"{path}&per_page=100&post_to_sis=true")}
    assert users - imported == {1999, 2050}


def test_one_unpublished_assignment_refuses_the_whole_read(canvas: CanvasUser) -> None:
    draft = canvas.named(BIOLOGY, "assignments", "Photosynthesis Draft")
    answer = canvas.get(
        f"/courses/{BIOLOGY}/students/submissions?student_ids[]=all&assignment_ids[]={draft['id']}"
    )
    assert (answer.status_code, answer.json()) == (403, {"error": "invalid assignment ids requested"})


def test_more_than_a_hundred_students_are_too_many(canvas: CanvasUser) -> None:
    students = "&".join(f"student_ids[]={n}" for n in range(101))
    answer = canvas.get(f"/courses/{BIOLOGY}/students/submissions?{students}")
    assert (answer.status_code, answer.json()) == (400, {"error": "too many students"})


@pytest.mark.parametrize("grouped", ["grouped", "grouped=false", "grouped=true"])
def test_groups_come_by_presence_and_twice_for_a_student_in_two_sections(
    canvas: CanvasUser, grouped: str
) -> None:
    groups = canvas.all(f"/courses/{EARTH}/students/submissions?student_ids[]=all&{grouped}")
    assert len([each for each in groups if each["user_id"] == 2045]) == 2


def test_an_empty_section_has_null_for_students(canvas: CanvasUser) -> None:
    assert canvas.named(HISTORY, "sections", "Period 8, empty", "&include[]=students")["students"] is None


def test_a_cross_listed_section_names_its_old_course_and_carries_the_new_ones_id(canvas: CanvasUser) -> None:
    moved = canvas.named(HISTORY, "sections", "US History - Period 6")
    assert (moved["nonxlist_course_id"], moved["sis_course_id"]) == (1090, "HIST9-NOW")


def test_aligned_groups_keep_what_was_there_before(canvas: CanvasUser) -> None:
    group = canvas.named(ALGEBRA, "assignment_groups", "Homework")
    path = f"/courses/{ALGEBRA}/assignment_groups/{group['id']}"
    canvas.put(path, {"integration_data": {"other": {"a": 1}}})
    mapping = {"sistemic": {"categoryMapping": {"ALG1-1": "CAT-HW"}}}
    answer = canvas.put(path, {"integration_data": mapping})
    assert answer.json()["integration_data"] == {"other": {"a": 1}, **mapping}
    assert canvas.put(path, {"integration_data": "text"}).status_code == 400


def test_grading_period_ids_are_texts_there_and_numbers_on_a_row(canvas: CanvasUser) -> None:
    periods = canvas.get(f"/courses/{ENGLISH}/grading_periods").json()["grading_periods"]
    assert [each["id"] for each in periods] == ["41", "42", "43"]
    assert cell(canvas, 0)["grading_period_id"] == 42


def test_a_restricted_course_is_a_stub_and_gives_nothing_away(canvas: CanvasUser) -> None:
    assert canvas.get("/courses/1104").json() == {"id": 1104, "access_restricted_by_date": True}
    assert canvas.get("/courses/1104/sections").status_code == 403


def test_what_a_teacher_does_between_two_syncs_shows_in_the_next_read(
    school: Sandbox, canvas: CanvasUser
) -> None:
    quiz = canvas.named(ALGEBRA, "assignments", "Unit 3 Quiz")
    path = f"/courses/{ALGEBRA}/submissions/{quiz['id']}/2001"
    for change, expected in (
        ({"score": 12}, {"score": 12.0, "grade": "12"}),
        ({"hidden": True}, {"posted_at": None, "score": 12.0}),
        ({"excused": True}, {"excused": True, "score": None}),
        ({"score": 3}, {"excused": False, "score": 3.0}),
        ({"score": None}, {"score": None, "workflow_state": "graded"}),
    ):
        school.control("canvas", "PATCH", path, change)
        row = canvas.row(ALGEBRA, quiz["id"], 2001)
        assert expected.items() <= row.items()


def test_cross_listing_takes_a_section_its_students_and_not_its_dates(
    school: Sandbox, canvas: CanvasUser
) -> None:
    section = canvas.named(BIOLOGY, "sections", "Biology - Period 1")
    school.control("canvas", "PATCH", f"/courses/{BIOLOGY}/sections/{section['id']}", {"course_id": ALGEBRA})
    moved = canvas.named(ALGEBRA, "sections", "Biology - Period 1")
    assert (moved["id"], moved["nonxlist_course_id"]) == (section["id"], BIOLOGY)
    left = canvas.named(BIOLOGY, "assignments", "Osmosis Lab", BASE_DATES)["overrides"]
    assert section["id"] not in {each.get("course_section_id") for each in left}
