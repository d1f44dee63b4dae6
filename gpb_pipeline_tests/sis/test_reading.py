"""Reading is lax in how things are spelled and strict in what cannot be done without."""

from datetime import UTC, date, datetime

import pytest

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.reading import (
    read_category,
    read_class,
    read_line_item,
    read_result,
    read_session,
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


def test_a_session_without_dates_is_an_error() -> None:
    with pytest.raises(PermanentError, match="academic session P: has no start or end date"):
        read_session({"sourcedId": "P", "startDate": "2026-09-01"})


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
