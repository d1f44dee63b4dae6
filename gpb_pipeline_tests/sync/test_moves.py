"""Things move: sections, classes and students change their ids, and nothing is doubled, lost or untold."""

from collections import Counter
from typing import Any

import pytest

from gpb_pipeline.events import CourseJudged, CourseSynced
from gpb_pipeline.sync import Posting
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.sync.desk import ALGEBRA, SPANISH, Desk
from gpb_pipeline_tests.sync.gradebook import in_sis
from gpb_pipeline_tests.sync.test_temperaments import GRADES, ITEMS, quiet, states

Row = dict[str, Any]


def sections(desk: Desk, course_id: str) -> list[Row]:
    rows = CanvasUser(desk.sandbox).all(f"/courses/{course_id}/sections?per_page=100")
    return sorted(rows, key=lambda each: int(each["id"]))


def set_section(desk: Desk, course_id: str, section: Row, sis_id: str | None) -> None:
    path = f"/courses/{course_id}/sections/{section['id']}"
    desk.sandbox.control("canvas", "PATCH", path, {"sis_id": sis_id})


def columns(desk: Desk) -> Counter[tuple[str, str]]:
    return Counter((each["class_id"], each["title"]) for each in desk.sandbox.state()["line_items"])


def codes(end: CourseSynced) -> Counter[str]:
    return Counter(end.outcome.grades["code"].dropna())


def class_of(desk: Desk, canvas_id: str) -> str:
    """The class's sourcedId by what Canvas knows it by."""
    own = desk.sandbox.environment.get("SIS_CLASS_MATCH") == "identifier"
    return f"own-{canvas_id}" if own else canvas_id


def test_a_section_with_another_class_has_its_grades_there_and_the_old_ones_are_told(
    strict_desk: Desk,
) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    [section] = sections(desk, SPANISH)
    old = class_of(desk, section["sis_section_id"])
    new = class_of(desk, "NEW-1")
    desk.sandbox.control(
        "sis", "PUT", f"/classes/{new}", {"title": "Spanish", "code": "NEW-1", "roster_of": old}
    )
    set_section(desk, SPANISH, section, "NEW-1")
    held = desk.sync_one(SPANISH)
    assert codes(held)["move_held"] == GRADES  # so many at once wait for a word
    assert set(columns(desk)) == {(old, title) for _, title in columns(desk)}
    moved = desk.sync_one(SPANISH, confirm=True)
    assert states(moved) == {"created": GRADES, "skipped": GRADES}
    assert codes(moved) == {"orphan": GRADES}  # when it was judged, the new class held nothing yet
    assert set(columns(desk).values()) == {1}
    assert len(in_sis(desk.sandbox)) == 2 * GRADES
    before = desk.written()
    again = desk.sync_one(SPANISH)
    assert (desk.written(), states(again)) == (before, {"unchanged": GRADES, "skipped": GRADES})
    assert codes(again) == {"moved": GRADES}


def test_every_class_under_a_new_id_is_followed_with_what_it_holds(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    [section] = sections(desk, SPANISH)
    before = desk.written()
    desk.sandbox.control("sis", "POST", "/rollover", {"prefix": "Y27-", "moves": True})
    if desk.sandbox.environment.get("SIS_CLASS_MATCH") != "identifier":
        set_section(desk, SPANISH, section, f"Y27-{section['sis_section_id']}")
    end = desk.sync_one(SPANISH)
    assert states(end) == {"unchanged": GRADES}
    assert desk.written() == before
    assert len(desk.sandbox.state()["line_items"]) == ITEMS
    quiet(desk)


def test_two_sections_that_change_their_ids_keep_each_class_its_columns(desk: Desk) -> None:
    desk.sync_one(ALGEBRA)
    first, second = sections(desk, ALGEBRA)
    before = columns(desk)
    one, other = first["sis_section_id"], second["sis_section_id"]
    set_section(desk, ALGEBRA, first, None)
    set_section(desk, ALGEBRA, second, one)
    set_section(desk, ALGEBRA, first, other)
    desk.sync_one(ALGEBRA)
    assert columns(desk) == before
    in_sis(desk.sandbox)  # no cell twice


def test_two_students_whose_ids_are_swapped_have_each_their_own_score(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    people = first.outcome.grades.drop_duplicates("user_id").iloc[:2]
    one, other = people["user_id"]
    ids = dict(zip(people["user_id"], people["sis_user_id"], strict=True))
    for user, sis_id in ((one, "NOBODY"), (other, ids[one]), (one, ids[other])):
        desk.sandbox.control("canvas", "PATCH", f"/people/{user}", {"sis_id": sis_id})
    desk.sync_one(SPANISH)
    held = in_sis(desk.sandbox)
    assert len(held) == GRADES
    assert desk.kinds()["result", "create"] == GRADES  # each kept its own cells: the scores went over
    quiet(desk)


def test_of_two_users_who_are_one_student_in_the_sis_nothing_goes_until_they_are_told_apart(
    strict_desk: Desk,
) -> None:
    """Canvas shows one SIS id of two users where they are of two root accounts that trust each other."""
    desk = strict_desk
    first = desk.sync_one(SPANISH).outcome.grades
    one, other = (first.drop_duplicates("user_id").iloc[number] for number in (0, 1))
    theirs = first["user_id"].isin([one.user_id, other.user_id])
    desk.sandbox.control("canvas", "PATCH", f"/people/{other.user_id}", {"sis_id": one.sis_user_id})
    for user_id, score in ((one.user_id, 3.5), (other.user_id, None)):
        path = f"/courses/{SPANISH}/submissions/{one.assignment_id}/{user_id}"
        desk.sandbox.control("canvas", "PATCH", path, {"score": score})
    before = desk.written()
    end = desk.sync_one(SPANISH)
    said = end.outcome.grades.loc[end.outcome.grades["covered"]]
    assert codes(end)["student_twice"] == theirs.sum()
    assert Counter(said["state"]) == {"unchanged": GRADES - theirs.sum(), "failed": theirs.sum()}
    assert (desk.written(), end.status) == (before, "Completed (with errors)")
    desk.sandbox.control("canvas", "PATCH", f"/people/{other.user_id}", {"sis_id": other.sis_user_id})
    apart = desk.sync_one(SPANISH)
    assert codes(apart) == {}
    assert (states(apart)["updated"], states(apart)["withdrawn"]) == (1, 1)


def test_a_student_with_another_sis_id_has_a_row_there_and_the_old_one_is_told(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    grade = first.outcome.grades.iloc[0]
    [section] = sections(desk, SPANISH)
    class_id = class_of(desk, section["sis_section_id"])
    new = _stranger(desk)
    desk.sandbox.control("sis", "PUT", f"/rosters/{class_id}/{new}")
    desk.sandbox.control("canvas", "PATCH", f"/people/{grade.user_id}", {"sis_id": new.removeprefix("own-")})
    end = desk.sync_one(SPANISH)
    count = int((first.outcome.grades["user_id"] == grade.user_id).sum())
    assert codes(end) == {"orphan": count}
    assert states(end)["created"] == count
    assert len(in_sis(desk.sandbox)) == GRADES + count
    before = desk.written()
    again = desk.sync_one(SPANISH)
    assert (desk.written(), codes(again)) == (before, {"moved": count})


def _stranger(desk: Desk) -> str:
    """A student of the SIS whose grades are not in its gradebook."""
    held = {each["student_id"] for each in desk.sandbox.state()["results"]}
    end = desk.events(desk.request(ALGEBRA, posting=Posting.NOTHING))[-1]
    assert isinstance(end, CourseJudged)
    return min(str(each) for each in set(end.judged.plan.grades["student_id"]) - held)


@pytest.mark.long
def test_a_lost_answer_is_settled_though_the_section_had_no_id_for_a_sync(strict_desk: Desk) -> None:
    desk = strict_desk
    [section] = sections(desk, SPANISH)
    lost = {"effect": "lost_answer", "method": "PUT", "path": "/lineItems/", "times": 3}
    hidden = {"effect": "status", "status": 503, "method": "GET", "path": "/lineItems", "times": None}
    desk.sandbox.set_faults("sis", lost, hidden)
    desk.events(desk.request(SPANISH))
    desk.sandbox.set_faults("sis")
    set_section(desk, SPANISH, section, None)
    desk.sync_one(SPANISH)
    set_section(desk, SPANISH, section, section["sis_section_id"])
    desk.next_night()
    desk.sync_one(SPANISH)
    desk.next_night()
    desk.sync_one(SPANISH)
    assert set(columns(desk).values()) == {1}
    assert len(in_sis(desk.sandbox)) == GRADES
    quiet(desk)
