"""Canvas × holdings × SIS: planted differences are found, each with its cause; what is named is written."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.reconcile import Reconciled, orphans, reconcile, retract
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.sync.desk import SPANISH, Desk
from gpb_pipeline_tests.sync.gradebook import in_canvas, in_sis

COURSES = ("10001", "10002", "10003", "10004")
KINDS = {
    "not_sent",
    "changed_in_canvas",
    "cleared_in_canvas",
    "missing_in_sis",
    "edited_in_sis",
    "kept_otherwise",
    "not_synced_any_more",
    "left",
}
EACH = 7  # of each kind a course and more: 200 in all
Row = dict[str, Any]
Told = tuple[str, str, str | None, str]  # course, assignment, student, cause


SIZE = "courses=4,seed=11,students=14,assignments=6,sections=2"
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    with running_sandbox(SIZE, today=TODAY) as running:
        yield running


@pytest.fixture(scope="module")
def provider_district() -> Iterator[Sandbox]:
    with running_sandbox(SIZE, today=TODAY, id_mode="provider", dialect="oneroster-1.2") as running:
        yield running


@pytest.fixture
def synced(district: Sandbox, desk_of: Callable[[Sandbox], Desk]) -> Desk:
    desk = desk_of(district)
    desk.sync(*COURSES)
    return desk


def looked(desk: Desk, *courses: str, **asked: Any) -> dict[str, Reconciled]:
    with desk.connected() as connections:
        found = reconcile(connections, courses, posted_by="a test", **asked)
        return {each.course_id: each for each in found}


def told(found: dict[str, Reconciled]) -> Counter[Told]:
    return Counter(
        (course_id, row.assignment_id, row.user_id, row.cause)
        for course_id, each in found.items()
        if each.told is not None
        for row in rows_of(each.told)
    )


class Planter:
    """Plants differences in a course, each on a grade of its own, and keeps what should be told."""

    def __init__(self, desk: Desk, course_id: str) -> None:
        self.desk, self.course_id = desk, course_id
        self.expected: Counter[Told] = Counter()
        canvas = CanvasUser(desk.sandbox)
        path = f"/courses/{course_id}"
        self.ticked = {
            each["id"] for each in canvas.all(f"{path}/assignments?per_page=100") if each["post_to_sis"]
        }
        people = canvas.all(f"{path}/enrollments?type[]=StudentEnrollment&state[]=active&per_page=100")
        self.sis_ids = {each["user_id"]: each["user"]["sis_user_id"] for each in people}
        self.enrollments = {each["user_id"]: each["id"] for each in people}
        classes = {each["sis_section_id"] for each in canvas.all(f"{path}/sections?per_page=100")}
        self.columns = [each for each in desk.sandbox.state()["line_items"] if each["class_id"] in classes]
        items = {each["sourced_id"]: each for each in self.columns}
        self.names = {each["id"]: each["name"] for each in canvas.all(f"{path}/assignments?per_page=100")}
        self.held = {
            (items[each["line_item_id"]]["title"], each["student_id"]): each
            for each in desk.sandbox.state()["results"]
            if each["line_item_id"] in items
        }
        rows = canvas.all(f"{path}/students/submissions?student_ids[]=all&per_page=100")
        rows.sort(key=lambda each: int(each["id"]))
        self.rows = [each for each in rows if each["assignment_id"] in self.ticked]

    def result(self, row: Row) -> Row | None:
        return self.held.get((self.names[row["assignment_id"]], self.sis_ids.get(row["user_id"])))

    def take(self, count: int, *, held: bool, of: Any = None) -> list[Row]:
        """Take rows that the SIS holds, or not, so that nothing else happens to them; those with a score."""
        of = of or (lambda each: each["score"] is not None)
        there = [each for each in self.rows if (self.result(each) is not None) == held]
        chosen = [each for each in there if of(each)][:count]
        self.rows = [each for each in self.rows if each not in chosen]
        return chosen

    def canvas(self, row: Row, **acts: Any) -> None:
        path = f"/courses/{self.course_id}/submissions/{row['assignment_id']}/{row['user_id']}"
        self.desk.sandbox.control("canvas", "PATCH", path, acts)

    def sis(self, method: str, row: Row, body: Any = None) -> None:
        result = self.result(row)
        assert result is not None
        self.desk.sandbox.control("sis", method, f"/results/{result['sourced_id']}", body)

    def expect(self, row: Row, cause: str) -> None:
        self.expected[self.course_id, str(row["assignment_id"]), str(row["user_id"]), cause] += 1

    def plant(self) -> None:
        self._left()  # before all else: what belongs to them has that cause
        self._unticked()
        for row in self.take(EACH, held=True):
            self.canvas(row, score=round(row["score"] / 2 + 0.125, 3))
            self.expect(row, "changed_in_canvas")
        for row in self.take(EACH, held=True):
            self.canvas(row, score=None)
            self.expect(row, "cleared_in_canvas")
        for row in self.take(EACH, held=False, of=lambda each: each["score"] is None and not each["excused"]):
            self.canvas(row, score=1.5)
            self.expect(row, "not_sent")
        for row in self.take(EACH, held=True):
            self.sis("DELETE", row)
            self.expect(row, "missing_in_sis")
        for row in self.take(EACH, held=True):
            self.sis("PATCH", row, {"score": row["score"] + 2})
            self.expect(row, "edited_in_sis")
        for row in self.take(
            EACH,
            held=True,
            of=lambda each: each["score"] is not None and round(each["score"]) != each["score"],
        ):
            self.sis("PATCH", row, {"score": float(round(row["score"]))})
            self.expect(row, "kept_otherwise")

    def _left(self) -> None:
        """A student leaves Canvas's section; their results stay."""
        user = self.rows[0]["user_id"]
        for row in self.take(100, held=True, of=lambda each: each["user_id"] == user):
            self.expect(row, "left")
        self.rows = [each for each in self.rows if each["user_id"] != user]
        path = f"/courses/{self.course_id}/enrollments/{self.enrollments[user]}"
        self.desk.sandbox.control("canvas", "PATCH", path, {"state": "deleted"})

    def _unticked(self) -> None:
        assignment = self.rows[-1]["assignment_id"]
        for row in self.take(100, held=True, of=lambda each: each["assignment_id"] == assignment):
            self.expect(row, "not_synced_any_more")
        self.rows = [each for each in self.rows if each["assignment_id"] != assignment]
        for _ in [each for each in self.columns if each["title"] == self.names[assignment]]:
            self.expected[self.course_id, str(assignment), None, "not_synced_any_more"] += 1
        path = f"/courses/{self.course_id}/assignments/{assignment}"
        self.desk.sandbox.control("canvas", "PATCH", path, {"post_to_sis": False})


@pytest.mark.long
def test_a_district_that_is_equal_has_no_difference(synced: Desk) -> None:
    before = synced.written()
    found = looked(synced, *COURSES)
    assert told(found) == {}
    assert {each.status for each in found.values()} == {"Completed"}
    assert synced.written() == before


@pytest.mark.parametrize(
    "district_name", ["provider_district", pytest.param("district", marks=pytest.mark.long)]
)
def test_planted_differences_are_found_with_their_cause_and_no_other(
    request: pytest.FixtureRequest, desk_of: Callable[[Sandbox], Desk], district_name: str
) -> None:
    synced = desk_of(request.getfixturevalue(district_name))
    ends = synced.sync(*COURSES)
    assert {each.status for each in ends.values()} == {"Completed"}  # else what was not sent is told beside
    expected: Counter[Told] = Counter()
    for course_id in COURSES:
        planter = Planter(synced, course_id)
        planter.plant()
        expected += planter.expected
    assert sum(expected.values()) >= 200
    assert {cause for *_, cause in expected} == KINDS
    before = synced.written()
    assert told(looked(synced, *COURSES)) == expected
    assert synced.written() == before


@pytest.mark.long
def test_what_is_named_is_mended_and_nothing_else(synced: Desk) -> None:
    course = COURSES[0]
    planter = Planter(synced, course)
    missing, edited, changed = (planter.take(3, held=True) for _ in range(3))
    for row in missing:
        planter.sis("DELETE", row)
    for row in edited:
        planter.sis("PATCH", row, {"score": row["score"] + 2})
    for row in changed:
        planter.canvas(row, score=0.75)
    before = synced.written()
    mended = looked(synced, course, mend=frozenset({"missing_in_sis"}))[course]
    assert mended.written == {"grade": 3}
    assert synced.written() - before == Counter(result=3)
    left = Counter(cause for *_, cause in told(looked(synced, course)))
    assert left == {"changed_in_canvas": 3, "edited_in_sis": 3}
    held = {each["sourced_id"]: each["score"] for each in synced.sandbox.state()["results"]}
    for row in edited:
        result = planter.result(row)
        assert result is not None
        assert held[result["sourced_id"]] == row["score"] + 2


def test_an_edit_that_is_named_is_overwritten(strict_desk: Desk) -> None:
    first = strict_desk.sync_one(SPANISH)
    edited = first.outcome.grades.iloc[0]
    strict_desk.sandbox.control("sis", "PATCH", f"/results/{edited.result_id}", {"score": 0.5})
    done = looked(strict_desk, SPANISH, mend=frozenset({"edited_in_sis"}))[SPANISH]
    assert done.written == {"grade": 1}
    assert 0.5 not in {each["score"] for each in strict_desk.sandbox.state()["results"]}


def test_what_waits_under_lists_that_show_nothing_is_sent_by_whoever_has_looked(
    provider: Sandbox, desk_of: Callable[[Sandbox], Desk]
) -> None:
    desk = desk_of(provider)
    desk.sandbox.set_temperaments(lists_late="publish")
    desk.sandbox.set_faults("sis", {"effect": "lost_answer", "method": "PUT", "path": "/results/", "skip": 5})
    taken = set(desk.sync_one(SPANISH).outcome.grades["result_id"])
    [unanswered] = [each for each in desk.sandbox.state()["results"] if each["sourced_id"] not in taken]
    desk.sandbox.control("sis", "DELETE", f"/results/{unanswered['sourced_id']}")  # it never arrived
    desk.next_night()
    waiting = desk.sync_one(SPANISH).outcome.grades
    assert set(waiting.loc[waiting["state"] == "failed", "code"]) == {"sis_unknown_outcome"}
    assert looked(desk, SPANISH)[SPANISH].counts["unsettled"] == 1
    assert looked(desk, SPANISH, mend=frozenset({"missing_in_sis"}))[SPANISH].counts["unsettled"] == 1
    assert looked(desk, SPANISH, mend=frozenset({"unsettled"}))[SPANISH].written == {"grade": 1}
    desk.sandbox.control("sis", "POST", "/publish")
    desk.next_night()
    assert desk.sync_one(SPANISH).status == "Completed"
    desk.next_night()
    before = desk.written()
    assert set(desk.sync_one(SPANISH).outcome.grades["state"]) == {"unchanged"}
    assert desk.written() == before
    assert len(in_sis(desk.sandbox)) == len(waiting)


@pytest.mark.long
def test_more_at_once_than_the_guards_share_is_told_and_waits_for_a_word(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    for lost in first.outcome.grades["result_id"].iloc[:12]:
        desk.sandbox.control("sis", "DELETE", f"/results/{lost}")
    before = desk.written()
    assert looked(desk, SPANISH)[SPANISH].counts == {"missing_in_sis": 12}
    held = looked(desk, SPANISH, mend=frozenset({"missing_in_sis"}))[SPANISH]
    assert (held.status, held.written, held.counts) == (
        "Completed (with errors)",
        {},
        {"missing_in_sis": 12},
    )
    assert desk.written() == before
    released = looked(desk, SPANISH, mend=frozenset({"missing_in_sis"}), confirm=True)[SPANISH]
    assert (released.status, released.written) == ("Completed", {"grade": 12})
    assert len(in_sis(desk.sandbox)) == 30
    assert told(looked(desk, SPANISH)) == {}


def test_orphans_are_taken_back_and_their_empty_column_with_them(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    gone = first.outcome.assignments.iloc[0]
    path = f"/courses/{SPANISH}/assignments/{gone.assignment_id}"
    desk.sandbox.control("canvas", "PATCH", path, {"post_to_sis": False})
    with desk.connected() as connections:
        listed = retract(connections, SPANISH, (), posted_by="a test")
        assert listed.told is not None
        there = orphans(listed.told)
        assert Counter(there["kind"]) == {"assignment": 1, "grade": 10}
        assert set(there["cause"]) == {"not_synced_any_more"}
        wanted = first.outcome.grades["result_id"].iloc[-1]
        refused = retract(connections, SPANISH, {str(wanted)}, posted_by="a test")
        assert refused.written == {}  # a wanted row has that id
        column = there.loc[there["kind"] == "assignment", "sourced_id"]
        alone = retract(connections, SPANISH, set(column), posted_by="a test")
        assert alone.written == {}
        assert alone.status == "Completed (with errors)"  # results stand on it
        done = retract(connections, SPANISH, set(there["sourced_id"]), posted_by="a test", confirm=True)
        assert (done.status, done.written) == ("Completed", {"assignment": 1, "grade": 10})
    state = desk.sandbox.state()
    assert len(state["line_items"]) == 2
    assert len([each for each in state["results"] if each["status"] == "active"]) == 20
    assert told(looked(desk, SPANISH)) == {}


@pytest.mark.long
def test_a_course_that_canvas_deleted_can_be_taken_back(desk: Desk) -> None:
    desk.sync_one(SPANISH)
    body = {"errors": [{"message": "The specified resource does not exist."}]}
    path = f"/courses/{SPANISH}"
    gone = {"effect": "status", "status": 404, "path": path, "times": None, "body": body}
    desk.sandbox.set_faults("canvas", gone)
    with desk.connected() as connections:
        listed = retract(connections, SPANISH, (), posted_by="a test")
        assert listed.told is not None
        assert Counter(listed.told["cause"]) == {"deleted_in_canvas": 33}
        held = retract(connections, SPANISH, set(listed.told["sourced_id"]), posted_by="a test")
        assert (held.status, held.written) == ("Completed (with errors)", {})  # so many wait for a word
        done = retract(connections, SPANISH, set(listed.told["sourced_id"]), posted_by="a test", confirm=True)
    assert done.status == "Completed"
    assert desk.sandbox.state() == {"line_items": [], "results": []}


@pytest.mark.long
def test_the_sandbox_is_equal_after_all_is_mended_by_a_sync(synced: Desk) -> None:
    course = COURSES[1]
    planter = Planter(synced, course)
    for row in planter.take(4, held=True):
        planter.canvas(row, score=0.25)
    synced.sync_one(course)
    canvas = in_canvas(synced.sandbox, course)
    held = in_sis(synced.sandbox)
    assert {cell: held.get(cell) for cell in canvas.grades} == canvas.grades
