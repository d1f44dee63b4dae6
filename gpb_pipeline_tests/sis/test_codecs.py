"""Bodies are the reference's to the letter, and what is written is read back."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.sis.model import Result
from gpb_pipeline.sis.reading import read_line_item, read_result
from gpb_pipeline.sis.v1p1 import OneRoster1p1
from gpb_pipeline.sis.v1p2 import OneRoster1p2
from gpb_pipeline.sis.wire import Codec
from gpb_pipeline_tests.sis.samples import LINE_ITEM, RESULT

V1P1 = OneRoster1p1("https://sis.example.org/v1p1")
V1P2 = OneRoster1p2("https://sis.example.org/ims/oneroster")
CODECS = pytest.mark.parametrize("codec", [V1P1, V1P2], ids=["1.1", "1.2"])

LINE_ITEM_1P1 = """{"lineItem":{"sourcedId":"li-c101-9001","status":"active",
"dateLastModified":"2026-10-05T14:03:00.000Z","title":"Unit 3 Quiz","assignDate":"2026-10-01T00:00:00.000Z",
"dueDate":"2026-10-05T23:59:00.000Z","class":{"href":"<base>/classes/C101","sourcedId":"C101","type":"class"},
"category":{"href":"<base>/categories/CAT1","sourcedId":"CAT1","type":"category"},
"gradingPeriod":{"href":"<base>/gradingPeriods/MP1","sourcedId":"MP1","type":"academicSession"},
"resultValueMin":0.0,"resultValueMax":50.0}}"""
RESULT_1P1 = """{"result":{"sourcedId":"r-c101-9001-ST1","status":"active",
"dateLastModified":"2026-10-06T02:00:00.000Z",
"lineItem":{"href":"<base>/lineItems/li-c101-9001","sourcedId":"li-c101-9001","type":"lineItem"},
"student":{"href":"<base>/users/ST1","sourcedId":"ST1","type":"user"},
"scoreStatus":"fully graded","score":42.5,"scoreDate":"2026-10-05"}}"""
LINE_ITEM_1P2 = """{"lineItem":{"sourcedId":"li-c101-9001","status":"active",
"dateLastModified":"2026-10-05T14:03:00.000Z","title":"Unit 3 Quiz","description":"Canvas assignment 9001",
"assignDate":"2026-10-01T00:00:00.000Z","dueDate":"2026-10-05T23:59:00.000Z",
"class":{"href":"<base>/rostering/v1p2/classes/C101","sourcedId":"C101","type":"class"},
"school":{"href":"<base>/rostering/v1p2/schools/S1","sourcedId":"S1","type":"org"},
"category":{"href":"<base>/gradebook/v1p2/categories/CAT1","sourcedId":"CAT1","type":"category"},
"gradingPeriod":{"href":"<base>/rostering/v1p2/gradingPeriods/MP1","sourcedId":"MP1","type":"academicSession"},
"resultValueMin":0.0,"resultValueMax":50.0}}"""
RESULT_1P2 = """{"result":{"sourcedId":"r-c101-9001-ST1","status":"active",
"dateLastModified":"2026-10-06T02:00:00.000Z",
"lineItem":{"href":"<base>/gradebook/v1p2/lineItems/li-c101-9001","sourcedId":"li-c101-9001","type":"lineItem"},
"student":{"href":"<base>/rostering/v1p2/users/ST1","sourcedId":"ST1","type":"user"},
"class":{"href":"<base>/rostering/v1p2/classes/C101","sourcedId":"C101","type":"class"},
"scoreStatus":"fully graded","score":42.5,"scoreDate":"2026-10-05","late":"false","missing":"false"}}"""


def _as_sent(reference: str, base: str) -> str:
    return json.dumps(json.loads(reference.replace("<base>", base)))


def test_bodies_of_1p1_are_the_reference_to_the_letter() -> None:
    assert json.dumps(V1P1.line_item(LINE_ITEM)) == _as_sent(LINE_ITEM_1P1, V1P1.base_url)
    assert json.dumps(V1P1.result(RESULT)) == _as_sent(RESULT_1P1, V1P1.base_url)


def test_bodies_of_1p2_are_the_reference_to_the_letter() -> None:
    assert json.dumps(V1P2.line_item(LINE_ITEM)) == _as_sent(LINE_ITEM_1P2, V1P2.base_url)
    assert json.dumps(V1P2.result(RESULT)) == _as_sent(RESULT_1P2, V1P2.base_url)


@CODECS
def test_an_exempt_student_carries_score_0(codec: Codec) -> None:
    body = codec.result(replace(RESULT, score=None, score_status="exempt"))["result"]
    assert (body["scoreStatus"], body["score"]) == ("exempt", 0)


@CODECS
@pytest.mark.parametrize(
    ("score", "spelt"), [(6.300000000000001, "6.3"), (0.1 + 0.2, "0.3"), (42.0, "42.0"), (0.0, "0.0")]
)
def test_a_score_goes_out_as_canvas_shows_it(codec: Codec, score: float, spelt: str) -> None:
    assert f'"score": {spelt}' in json.dumps(codec.result(replace(RESULT, score=score)))
    item = replace(LINE_ITEM, result_value_max=score)
    assert f'"resultValueMax": {spelt}' in json.dumps(codec.line_item(item))


def test_late_and_missing_are_said_in_1p2_where_they_are_known() -> None:
    body = V1P2.result(replace(RESULT, late=None, missing=True))["result"]
    assert "late" not in body
    assert body["missing"] == "true"
    assert not {"late", "missing"} & V1P1.result(replace(RESULT, late=True, missing=True))["result"].keys()


@CODECS
def test_what_is_unknown_is_left_out_rather_than_null(codec: Codec) -> None:
    bare = replace(LINE_ITEM, due_date=None, grading_period_id=None, school_id=None, description="")
    body = codec.line_item(bare)["lineItem"]
    assert not {"dueDate", "gradingPeriod", "school", "description"} & body.keys()


def test_an_instant_is_written_in_utc() -> None:
    evening = datetime(2026, 10, 5, 19, 59, tzinfo=timezone(-timedelta(hours=4)))
    assert V1P1.line_item(replace(LINE_ITEM, due_date=evening))["lineItem"]["dueDate"] == (
        "2026-10-05T23:59:00.000Z"
    )


def test_a_sourced_id_may_hold_any_character() -> None:
    reference = V1P1.line_item(replace(LINE_ITEM, class_id="a/b c"))["lineItem"]["class"]
    assert reference["href"].endswith("/classes/a%2Fb%20c")
    assert reference["sourcedId"] == "a/b c"


IDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1).filter(
    lambda s: s == s.strip()
)
NUMBERS = st.decimals(0, 10**6, places=4).map(float)
SECONDS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
RESULTS = st.builds(
    replace,
    st.just(RESULT),
    sourced_id=IDS,
    student_id=IDS,
    score=NUMBERS,
    score_date=st.dates(date(1700, 1, 1), date(2199, 12, 31)),
    modified_at=SECONDS,
    late=st.booleans(),
    missing=st.booleans(),
)


@given(RESULTS)
def test_a_result_of_1p2_is_read_back_as_it_was_written(result: Result) -> None:
    assert read_result(json.loads(json.dumps(V1P2.result(result)))["result"]) == result


@given(IDS, NUMBERS, SECONDS)
def test_a_line_item_is_read_back_as_it_was_written(ours: str, points: float, when: datetime) -> None:
    item = replace(LINE_ITEM, sourced_id=ours, result_value_max=points, due_date=when)
    assert read_line_item(json.loads(json.dumps(V1P2.line_item(item)))["lineItem"]) == item
    read = read_line_item(json.loads(json.dumps(V1P1.line_item(item)))["lineItem"])
    assert read == replace(item, school_id=None, description=None)
