"""The main job: what the report says was sent is what the SIS received."""

from collections import Counter

from gpb_pipeline.events import CourseFailed, CourseJudged, CourseSynced, StageReached
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.sync import Posting, Stage
from gpb_pipeline.warehouse import history, holdings
from gpb_pipeline_tests.sync.desk import ALGEBRA, BIOLOGY, EARTH, ENGLISH, HISTORY, SCHOOL, SPANISH, Desk


def test_the_school_is_synced_and_the_sis_counts_alike(strict_desk: Desk) -> None:
    ends = strict_desk.sync(*SCHOOL)
    assert {course: end.status for course, end in ends.items()} == {
        ALGEBRA: "Completed",
        ENGLISH: "Completed",
        BIOLOGY: "Completed (with errors)",  # a grading period that the SIS has closed
        HISTORY: "Completed (with errors)",  # a class that the SIS does not know
        EARTH: "Completed (with errors)",  # a student on no roster
        SPANISH: "Completed",
    }
    assert strict_desk.written() == {
        "lineItem": sum(end.counts.line_items.created for end in ends.values()),
        "result": sum(end.counts.results.created for end in ends.values()),
    }
    assert (ends[ALGEBRA].counts.line_items.created, ends[ALGEBRA].counts.results.created) == (8, 64)


def test_every_item_ends_in_one_state(desk: Desk) -> None:
    for end in desk.sync(*SCHOOL).values():
        plan, outcome = end.judged.plan, end.outcome
        assert len(outcome.assignments) == len(plan.assignments)
        assert len(outcome.grades) == len(plan.grades)
        coded = outcome.grades[outcome.grades["state"].isin(["skipped", "failed"])]
        assert coded["code"].notna().all()
        assert outcome.grades["state"].isin(["created", "skipped", "failed"]).all()


def test_a_second_sync_of_an_unchanged_course_sends_nothing(strict_desk: Desk) -> None:
    strict_desk.sync(ALGEBRA, ENGLISH)
    before = strict_desk.written()
    again = strict_desk.sync(ALGEBRA, ENGLISH)
    assert strict_desk.written() == before
    for end in again.values():
        assert (end.counts.line_items.sent, end.counts.results.sent) == (0, 0)
        assert set(end.outcome.grades["state"]) <= {"unchanged", "skipped"}


def test_only_what_has_changed_is_sent(strict_desk: Desk) -> None:
    first = strict_desk.sync_one(ALGEBRA)
    row = first.outcome.grades.iloc[0]
    path = f"/courses/{ALGEBRA}/submissions/{row.assignment_id}/{row.user_id}"
    strict_desk.sandbox.control("canvas", "PATCH", path, {"score": 3.5})
    before = strict_desk.written()
    second = strict_desk.sync_one(ALGEBRA)
    assert strict_desk.written() - before == Counter(result=1)
    assert second.outcome.grades["state"].value_counts().to_dict() == {"unchanged": 63, "updated": 1}
    assert 3.5 in {score for _, _, score, _ in strict_desk.held()}


def test_a_remaster_sends_everything_again_and_doubles_nothing(strict_desk: Desk) -> None:
    strict_desk.sync_one(ALGEBRA)
    held = strict_desk.held()
    end = strict_desk.sync_one(ALGEBRA, sync_type="remaster")
    assert (end.counts.line_items.created, end.counts.results.created) == (8, 64)
    assert strict_desk.kinds()["result", "replace"] == 64
    assert strict_desk.held() == held


def test_an_excused_student_has_a_zero_that_is_exempt(desk: Desk) -> None:
    desk.sync_one(ENGLISH)
    assert [score for _, _, score, status in desk.held() if status == "exempt"] == [0.0]


def test_a_cleared_grade_is_taken_back(strict_desk: Desk) -> None:
    row = strict_desk.sync_one(ALGEBRA).outcome.grades.iloc[0]
    path = f"/courses/{ALGEBRA}/submissions/{row.assignment_id}/{row.user_id}"
    strict_desk.sandbox.control("canvas", "PATCH", path, {"score": None})
    end = strict_desk.sync_one(ALGEBRA)
    assert end.outcome.grades["state"].value_counts().to_dict() == {"unchanged": 63, "withdrawn": 1}
    assert end.counts.withdrawn == 1
    assert len(strict_desk.held()) == 63
    again = strict_desk.sync_one(ALGEBRA)
    assert set(again.outcome.grades["state"]) == {"unchanged"}


def test_a_failing_course_costs_no_other_and_keeps_its_place_in_the_history(desk: Desk) -> None:
    refused = {"effect": "status", "path": f"/courses/{ENGLISH}/sections", "status": 403, "times": None}
    desk.sandbox.set_faults("canvas", refused)
    requests = [desk.request(each) for each in (ALGEBRA, ENGLISH, SPANISH)]
    events = desk.events(*requests)
    assert {each.request.course_id for each in events if isinstance(each, CourseSynced)} == {ALGEBRA, SPANISH}
    (failed,) = [each for each in events if isinstance(each, CourseFailed)]
    assert ENGLISH in str(failed.error)
    with desk.connected() as connections:
        job = connections.warehouse.read(history.job, failed.request.job_id)
    assert job is not None
    assert (job.status, job.code, job.cause) == ("Failed", "canvas_access", str(failed.error))


def test_what_is_no_course_of_canvas_and_never_had_a_sync_comes_into_no_history(desk: Desk) -> None:
    events = desk.events(*[desk.request(each) for each in ("999", SPANISH)])
    (failed,) = [each for each in events if isinstance(each, CourseFailed)]
    assert (failed.request.course_id, failed.error.code) == ("999", "canvas_not_found")
    with desk.connected() as connections:
        assert [job.course_id for job in connections.warehouse.read(history.jobs)] == [SPANISH]


def test_the_stages_are_told_in_the_manuals_order(desk: Desk) -> None:
    events = desk.events(desk.request(ALGEBRA))
    assert [each.stage for each in events if isinstance(each, StageReached)] == list(Stage)


def test_a_preview_says_what_would_be_done_and_does_nothing(desk: Desk) -> None:
    events = desk.events(desk.request(ALGEBRA, posting=Posting.NOTHING))
    last = events[-1]
    assert isinstance(last, CourseJudged)
    assert last.judged.plan.grades["state"].value_counts().to_dict() == {"create": 64}
    assert desk.written() == {}
    with desk.connected() as connections:
        assert connections.warehouse.read(history.jobs) == []


def test_assignments_alone_are_posted_where_no_more_is_asked_for(desk: Desk) -> None:
    end = desk.sync_one(ALGEBRA, posting=Posting.LINE_ITEMS)
    assert desk.written() == {"lineItem": 8}
    assert set(end.outcome.grades["code"]) == {"grades_not_asked"}
    assert desk.sync_one(ALGEBRA).counts.results.created == 64


def test_a_selection_sends_its_part(desk: Desk) -> None:
    section = f"{ALGEBRA}0001"
    end = desk.sync_one(ALGEBRA, selection=Selection(sections=frozenset({section})))
    assert (end.counts.line_items.created, end.counts.results.created) == (4, 32)
    assignment = str(end.outcome.assignments["assignment_id"].iloc[0])
    second = desk.sync_one(ALGEBRA, selection=Selection(assignments=frozenset({assignment})))
    assert (second.counts.line_items.created, second.counts.results.created) == (1, 8)


def test_a_selected_id_that_the_course_lacks_is_wrong_usage_before_anything_is_sent(desk: Desk) -> None:
    failed = desk.fails(ALGEBRA, selection=Selection(sections=frozenset({"77"})))
    assert failed.error.code == "usage"
    assert desk.written() == {}


def test_an_edit_in_the_sis_is_told_and_overwritten(desk: Desk) -> None:
    first = desk.sync_one(ALGEBRA)
    held = desk.held()
    edited, changed = (str(first.outcome.grades["result_id"].iloc[n]) for n in (0, 1))
    desk.sandbox.control("sis", "PATCH", f"/results/{edited}", {"score": 0.5})
    row = first.outcome.grades.iloc[1]
    path = f"/courses/{ALGEBRA}/submissions/{row.assignment_id}/{row.user_id}"
    desk.sandbox.control("canvas", "PATCH", path, {"score": row.score})  # the same score: nothing to send
    assert changed
    end = desk.sync_one(ALGEBRA, sync_type="manual")
    assert end.counts.results.sent == 0  # nothing was written, so nothing was read back
    desk.sandbox.control("canvas", "PATCH", path, {"score": 1.0})
    end = desk.sync_one(ALGEBRA)
    assert end.outcome.issues["code"].to_list() == ["edited_in_sis"]
    assert end.counts.results.created == 2
    assert len(desk.held()) == len(held)
    assert 0.5 not in {score for _, _, score, _ in desk.held()}


def test_the_holdings_are_what_the_sis_holds(strict_desk: Desk) -> None:
    end = strict_desk.sync_one(BIOLOGY)
    sections = end.judged.canvas.sections["section_id"].to_list()
    with strict_desk.connected() as connections:
        held = connections.warehouse.read(holdings.of_sections, sections)
    state = strict_desk.sandbox.state()
    assert set(held.results["result_id"]) == {each["sourced_id"] for each in state["results"]}
    assert set(held.line_items["line_item_id"]) == {each["sourced_id"] for each in state["line_items"]}
    assert set(held.results["certainty"]) == set(held.line_items["certainty"]) == {"known"}
