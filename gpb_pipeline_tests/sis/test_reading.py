"""Reading is lax in how things are spelled and strict in what cannot be done without."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.reading import (
    Item,
    listing,
    read_category,
    read_class,
    read_line_item,
    read_result,
    read_session,
    read_student,
    sourced_id_in,
)


def test_numbers_for_ids_text_for_scores_and_bare_references_are_understood() -> None:
    result = read_result(
        {
            "sourcedId": 7,
            "lineItem": "L1",
            "student": {"sourcedId": 12},
            "score": "41.5",
            "scoreStatus": "Fully Graded",
            "scoreDate": "2026-10-05T00:00:00.000Z",
            "late": True,
            "missing": "TRUE",
        }
    )
    assert (result.sourced_id, result.line_item_id, result.student_id) == ("7", "L1", "12")
    assert (result.score, result.score_status, result.score_date) == (41.5, "fully graded", date(2026, 10, 5))
    assert result.late
    assert result.missing
    assert result.status == "active"


@pytest.mark.parametrize("score", [None, "", "n/a", "NaN", "Infinity", True, [1]])
def test_a_score_that_is_no_number_is_none(score: object) -> None:
    assert read_result({"sourcedId": "R", "lineItem": "L", "student": "S", "score": score}).score is None


def test_a_due_date_without_a_time_is_midnight_utc_and_nonsense_is_none() -> None:
    item = {"sourcedId": "L", "class": "C", "dueDate": "2026-10-05", "assignDate": "soon"}
    read = read_line_item(item)
    assert read.due_date == datetime(2026, 10, 5, tzinfo=UTC)
    assert read.assign_date is None


def test_an_object_without_its_id_is_an_error_that_quotes_nothing() -> None:
    with pytest.raises(PermanentError, match="came without sourcedId") as raised:
        read_result({"student": "Ada Lovelace", "score": 3})
    assert "Ada" not in str(raised.value)
    with pytest.raises(PermanentError, match="came without its student"):
        read_result({"sourcedId": "R", "lineItem": "L"})


def test_a_category_belongs_to_the_class_in_its_metadata() -> None:
    own = read_category({"sourcedId": "K", "title": " Tests ", "metadata": {"classId": 5}})
    assert (own.title, own.class_id, own.active) == ("Tests", "5", True)
    gone = read_category({"sourcedId": "K", "title": "Tests", "status": "tobedeleted"})
    assert (gone.class_id, gone.active) == (None, False)


def test_a_class_without_terms_has_none() -> None:
    assert read_class({"sourcedId": "C", "terms": None}).term_ids == frozenset()


def test_a_term_may_be_open_and_a_grading_period_may_not() -> None:
    year = read_session({"sourcedId": "Y", "type": "schoolYear", "startDate": "2026-09-01", "endDate": None})
    assert (year.start, year.end) == (date(2026, 9, 1), date.max)
    with pytest.raises(PermanentError, match="a grading period of the SIS: came without a start or an end"):
        read_session({"sourcedId": "P", "type": "gradingPeriod", "startDate": "2026-09-01"})


@pytest.mark.parametrize(
    "unset", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31", "3024-05-01", "0026-10-05"]
)
def test_a_date_that_no_frame_holds_is_none(unset: str) -> None:
    item = {"sourcedId": "L", "class": "C", "dueDate": unset, "assignDate": unset, "dateLastModified": unset}
    read = read_line_item(item)
    assert (read.due_date, read.assign_date, read.modified_at) == (None, None, None)
    assert (
        read_result({"sourcedId": "R", "lineItem": "L", "student": "S", "scoreDate": unset}).score_date
        is None
    )


READERS: dict[str, tuple[Callable[[Item], object], dict[str, Any], str]] = {
    "a result without a student": (read_result, {"sourcedId": "R", "lineItem": "L", "score": 3}, "R"),
    "a category without a title": (read_category, {"sourcedId": "K", "title": "\u00a0"}, "K"),
    "a roster row without an id": (read_student, {"sourcedId": None, "identifier": "12"}, ""),
    "a session without an end": (
        read_session,
        {"sourcedId": "P", "type": "gradingPeriod", "startDate": "2026-09-01"},
        "P",
    ),
    "an id of half a character": (read_student, {"sourcedId": "S\ud83c"}, ""),
    "an id without end": (read_student, {"sourcedId": "S" * 10**6}, ""),
    "an id that is a step of a path": (read_student, {"sourcedId": ".."}, ""),
}


@pytest.mark.parametrize(("read", "row", "named"), READERS.values(), ids=READERS)
def test_a_row_that_cannot_be_read_costs_itself(
    read: Callable[[Item], object], row: dict[str, Any], named: str
) -> None:
    whole = {"sourcedId": "X", "lineItem": "L", "student": "S", "title": "T"}
    found = listing("thing", [whole, row, None, 7, whole], read)
    assert len(found.items) == 2
    assert [each.sourced_id or "" for each in found.rejects] == [named, "", ""]
    assert {each.code for each in found.rejects} == {"unreadable_data"}
    assert all(len(each.met) <= 300 and each.met.isascii() for each in found.rejects)
    assert "met" not in repr(found.rejects)


def test_whole_numbers_of_any_size_are_ids_and_no_scores() -> None:
    assert read_student({"sourcedId": 2**64 + 1}).sourced_id == "18446744073709551617"
    result = read_result({"sourcedId": 2**53 + 1, "lineItem": 1, "student": 2, "score": 10**400})
    assert (result.sourced_id, result.score) == ("9007199254740993", None)


def test_half_a_character_in_a_text_is_marked_and_costs_nothing() -> None:
    assert read_category({"sourcedId": "K", "title": "Tests \ud83c"}).title == "Tests \ufffd"


def test_blanks_of_all_kinds_around_a_title_are_none_of_it() -> None:
    assert read_category({"sourcedId": "K", "title": " Tests\u00a0\t "}).title == "Tests"


@pytest.mark.parametrize(("said", "read"), [("FALSE", False), (True, True), (None, None), ("perhaps", None)])
def test_late_is_what_the_sis_says_or_unknown(said: object, read: bool | None) -> None:  # noqa: FBT001
    row = {"sourcedId": "R", "lineItem": "L", "student": "S", "late": said}
    assert read_result(row).late is read


@pytest.mark.parametrize(
    "body",
    [
        {"lineItem": {"sourcedId": "X"}},
        {"result": {"sourcedId": "X"}},
        {"sourcedId": "X"},
        {"sourcedIdPairs": [{"suppliedSourcedId": "ours", "allocatedSourcedId": "X"}]},
        {"sourcedIdPairs": {"allocatedSourcedId": "X"}},
    ],
)
def test_the_sourced_id_of_a_put_is_found_wherever_it_stands(body: object) -> None:
    assert sourced_id_in(body) == "X"


@pytest.mark.parametrize("body", [None, [], "X", {}, {"result": []}])
def test_an_answer_without_a_sourced_id_gives_none(body: object) -> None:
    assert sourced_id_in(body) is None
