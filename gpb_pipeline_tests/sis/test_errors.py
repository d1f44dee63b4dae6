"""Four shapes of refusal into one error, and nothing of a student in its text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.sis.answers import answer_of
from gpb_pipeline.sis.errors import AccessError, Answer, RefusedError, UnavailableError, UnknownOutcome

FIELD = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": "unknownobject"}
BARE = {
    "imsx_codeMajor": "failure",
    "imsx_severity": "error",
    "imsx_description": "Category not found",
    "imsx_CodeMinor": {"imsx_codeMinorField": [FIELD]},
}
FLAT = {"imsx_codeMinor": "unknownobject", "imsx_description": "Category not found"}


@pytest.mark.parametrize(
    "body",
    [
        BARE,
        {"imsx_StatusInfo": BARE},
        FLAT,
        [BARE],
        BARE | {"imsx_CodeMinor": {"imsx_codeMinorField": FIELD}},
    ],
    ids=["bare", "wrapped", "flat", "in an array", "one field, not a list"],
)
def test_each_shape_gives_the_code_and_the_words(body: object) -> None:
    answer = answer_of(404, json.dumps(body))
    assert (answer.status, answer.code, answer.words) == (404, "unknownobject", "Category not found")


def test_what_is_no_json_gives_its_words_without_markup() -> None:
    answer = answer_of(404, "<html><h1>Not\n Found</h1></html>")
    assert (answer.code, answer.words) == (None, "Not Found")
    assert answer_of(500, "").words is None
    assert answer_of(400, '["bad", "worse"]').words == '["bad", "worse"]'


def test_oauth_and_problem_bodies_are_understood() -> None:
    assert answer_of(400, '{"error": "invalid_scope"}').code == "invalid_scope"
    assert answer_of(400, '{"message": "Due date invalid"}').words == "Due date invalid"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (
            {"type": "about:blank", "title": "Invalid", "detail": "No such day", "status": 422},
            None,
            "Invalid. No such day",
        ),
        (
            {"title": "Invalid", "errors": {"dueDate": ["is past", "is a Sunday"], "score": ["is high"]}},
            None,
            "Invalid. dueDate: is past, is a Sunday. score: is high",
        ),
        ({"errors": [{"message": "Due date invalid", "code": "E_DUE"}]}, "E_DUE", "Due date invalid"),
        ({"errors": ["Due date invalid", "Score high"]}, None, "Due date invalid. Score high"),
        ({"error": {"message": "Locked", "code": "locked"}}, "locked", "Locked"),
        ({"error": "Assignment is locked"}, None, "Assignment is locked"),
        ({"statusInfoSet": [BARE]}, "unknownobject", "Category not found"),
        ({"Why": {"because": 7}}, None, '{"Why": {"because": 7}}'),
        ({"imsx_codeMinor": "invaliddata", "hint": "Sunday"}, "invaliddata", None),
        ([[1]], None, "[[1]]"),
        ("Go away", None, '"Go away"'),
    ],
)
def test_shapes_of_other_providers_give_their_words_or_themselves(
    body: object, code: str | None, words: str | None
) -> None:
    answer = answer_of(422, json.dumps(body))
    assert (answer.code, answer.words) == (code, words or json.dumps(body))


@pytest.mark.parametrize(
    "text", ['{"message": "S\\ud83c"}', '{"odd": "\\udfff\\u0000"}', "S\ud83c\x00", "[" * 10**5]
)
def test_words_are_fit_to_be_kept_whatever_they_are(text: str) -> None:
    words = answer_of(422, text).words
    assert words is not None
    assert len(words) <= 500
    assert "\x00" not in words
    words.encode()


def test_a_page_of_a_million_characters_is_cut() -> None:
    assert answer_of(500, "x" * 10**6).words == "x" * 500


UNKNOWN = {"imsx_codeMinor": "unknownobject"}


@pytest.mark.parametrize(
    ("status", "body", "named"),
    [
        (404, {"imsx_description": "line item li-1 is unknown"}, True),
        (404, {"imsx_description": "li-1: unknown"}, True),
        (404, {"imsx_description": "No lineItem with sourcedId 'li-1'."}, True),
        (422, UNKNOWN | {"imsx_description": "LineItem (li-1) not found"}, True),
        (404, {"imsx_description": "line item li-12 is unknown"}, False),
        (404, {"imsx_description": "line item xli-1 is unknown"}, False),
        (404, {"imsx_description": "line item li-1.2 is unknown"}, False),
        (404, {"imsx_description": "student ST1 is unknown"}, False),
        (404, {"error": "Not Found", "message": "No handler for PUT /results/li-1"}, False),
        (404, {}, False),
        (422, {"imsx_description": "line item li-1 is locked"}, False),
        (400, {"imsx_codeMinor": "invaliddata", "imsx_description": "li-1 is unknown"}, False),
    ],
)
def test_unknown_is_only_what_is_named(status: int, body: dict[str, str], named: bool) -> None:  # noqa: FBT001
    refused = RefusedError(answer_of(status, json.dumps(body)), item="result r-1")
    assert refused.says_unknown("li-1") is named


@pytest.mark.parametrize(
    ("status", "outage"), [(None, True), (503, True), (502, True), (500, False), (200, False)]
)
def test_silence_and_a_gateway_are_an_outage_and_an_answer_is_not(status: int | None, outage: bool) -> None:  # noqa: FBT001
    assert UnknownOutcome(Answer(status), item="result r-1").is_outage is outage


@pytest.mark.parametrize(
    ("status", "words", "of_its_own"),
    [
        (422, "sourcedId is allocated by this system and cannot be supplied", True),
        (400, "The sourcedId of a new lineItem is generated by the provider", True),
        (409, "lineItem.sourcedId: read-only", True),
        (404, "lineItem li-1 is unknown", True),
        (404, "category CAT-1 is unknown", False),
        (422, "class sourcedId C-1 does not exist", False),
        (422, "the score is assigned by the teacher", False),
        (422, None, False),
    ],
)
def test_a_sis_that_chooses_the_ids_is_known_by_its_words(
    status: int,
    words: str | None,
    of_its_own: bool,  # noqa: FBT001
) -> None:
    assert RefusedError(Answer(status, None, words), item="line item").refuses_id("li-1") is of_its_own


def test_the_words_are_kept_beside_the_message_and_never_in_it() -> None:
    body = {"imsx_codeMinor": "Ada Lovelace is not enrolled", "imsx_description": "Ada Lovelace scored 3"}
    for kind in (RefusedError, AccessError, UnavailableError, UnknownOutcome):
        error = kind(answer_of(422, json.dumps(body)), item="result r-1")
        assert (error.status, error.sis_code, error.sis_words) == (422, None, "Ada Lovelace scored 3")
        assert "Ada" not in f"{error!s}{error!r}{error.args}"
        assert "result r-1" in str(error)


def test_refusals_are_permanent_and_unknown_outcomes_transient() -> None:
    assert issubclass(RefusedError, PermanentError)
    assert issubclass(UnknownOutcome, TransientError)


def test_a_long_number_before_a_deep_nesting_is_no_json() -> None:
    assert answer_of(500, f"[{'9' * 5000}," + "[" * 100_000).words is not None


@given(
    st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=4).map(json.dumps)
)
def test_no_body_breaks_the_reading_of_errors(text: str) -> None:
    answer = answer_of(500, text)
    assert answer.words is None or len(answer.words) <= 500


@given(
    st.dictionaries(
        st.sampled_from([*BARE, "imsx_StatusInfo", "error"]), st.none() | st.integers() | st.just([])
    )
)
def test_no_mangled_status_info_breaks_it_either(body: dict[str, object]) -> None:
    assert answer_of(500, json.dumps(body)).status == 500
