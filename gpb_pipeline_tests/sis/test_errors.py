"""Four shapes of refusal into one error, and nothing of a student in its text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.sis.answers import answer_of
from gpb_pipeline.sis.errors import AccessError, RefusedError, UnavailableError, UnknownOutcome

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
