"""The client at the sandbox SIS in its temperaments: it reads what it reads of one that has none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from gpb_pipeline.passback.holdings.frames import Gradebook
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import ForbiddenError, RefusedError, ShortReadError, UnknownOutcome
from gpb_pipeline.sis.gradebook import read_gradebook
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline.sis.model import LineItem, Result
from gpb_pipeline_tests.sis.test_lookups import NOBODY, sections

TODAY = date(2026, 11, 24)
CLASSES = ("ALG1-1", "ALG1-2")
DIALECTS = ("oneroster-1.1", "oneroster-1.2")


@pytest.fixture(scope="module", params=DIALECTS)
def running(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running_sandbox(dialect=request.param, today=TODAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    running.reset()
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    return running


def client_of(**changed: Any) -> OneRosterClient:
    return OneRosterClient(SisSettings(**changed))


def school(client: OneRosterClient) -> tuple[list[pd.DataFrame], Gradebook]:
    read = read_sis(client, sections(a=CLASSES[0], b=CLASSES[1]), NOBODY)
    frames: list[pd.DataFrame] = [
        each.sort_values(list(each.columns[:2])).reset_index(drop=True)
        for each in (read.classes, read.roster, read.categories, read.grading_periods)
    ]
    return frames, read_gradebook(client, CLASSES, datetime(2026, 11, 24, tzinfo=UTC))


def posted(client: OneRosterClient) -> tuple[LineItem, list[Result]]:
    """A line item with a result of each student of the first class."""
    found = client.find_class(CLASSES[0])
    assert found is not None
    categories = [each for each in client.categories() if each.active and each.class_id is None]
    item = LineItem(
        sourced_id="li-1",
        title="Quiz & more",
        class_id=found.sourced_id,
        category_id=categories[0].sourced_id,
        assign_date=datetime(2026, 11, 1, tzinfo=UTC),
        due_date=datetime(2026, 11, 20, 12, tzinfo=UTC),
        result_value_max=10.0,
        school_id=found.school_id,
        grading_period_id=next(
            each.sourced_id
            for each in client.academic_sessions()
            if each.kind == "gradingPeriod" and each.start <= TODAY < each.end
        ),
    )
    client.put_line_item(item)
    results = [
        Result(
            sourced_id=f"r-{each.sourced_id}",
            line_item_id="li-1",
            student_id=each.sourced_id,
            score=6.3,
            score_date=date(2026, 11, 21),
            class_id=found.sourced_id,
        )
        for each in client.class_students(found.sourced_id)
    ]
    for each in results:
        client.put_result(each)
    return item, results


ALIKE: dict[str, dict[str, Any]] = {
    "pages past the end are 404": {"past_end_404": True},
    "no rows are null": {"empty_as": "null"},
    "no rows are 204": {"empty_as": "204"},
    "no rows are 404": {"empty_as": "404"},
    "short pages without a count": {"page_size": 7, "no_counts": True},
    "one page whose order shifts": {"shifting": 1, "page_size": 7},
    "rows of strangers": {
        "strangers": ["unset_dates", "endless", "no_student", "no_title", "no_sourced_id", "surrogates"]
    },
    "a dead token is 403": {"expired_403": True},
}


@pytest.mark.parametrize("switches", ALIKE.values(), ids=ALIKE)
def test_the_school_reads_the_same(sandbox: Sandbox, switches: dict[str, Any]) -> None:
    with client_of() as client:
        posted(client)
        before, book = school(client)
        sandbox.set_temperaments(**switches)
        sandbox.set_faults("sis", {"effect": "expire_token", "times": 1})
        after, again = school(client)
    for ours, theirs in zip(before, after, strict=True):
        assert set(ours.iloc[:, 0]) <= set(theirs.iloc[:, 0])
        assert len(theirs) >= len(ours)
    ids = set(again.results["result_id"])
    assert set(book.results["result_id"]) <= ids
    assert "li-1" in set(again.line_items["line_item_id"])


def test_an_order_that_keeps_shifting_is_short(sandbox: Sandbox) -> None:
    with client_of() as client:
        posted(client)
        sandbox.set_temperaments(shifting=100, page_size=7)
        with pytest.raises(ShortReadError):
            client.class_results(CLASSES[0])


def test_a_failure_that_comes_as_an_empty_list_is_none(sandbox: Sandbox) -> None:
    with client_of() as client:
        posted(client)
        sandbox.set_temperaments(empty_lists=1, empty_as="failure", empty_path="/results")
        with pytest.raises(RefusedError, match=f"results of class {CLASSES[0]}"):
            client.class_results(CLASSES[0])


def test_the_token_is_had_by_the_form(sandbox: Sandbox) -> None:
    sandbox.set_temperaments(token_form=True)
    with client_of(token_auth="form") as client:
        assert client.has_classes()


def test_a_last_day_is_one_of_its_period(sandbox: Sandbox) -> None:
    with client_of() as client:
        (*_, before), _ = school(client)
    sandbox.set_temperaments(inclusive_periods=True)
    with client_of(period_end="inclusive") as client:
        (*_, after), _ = school(client)
    assert after.drop(columns="stated_end").equals(before.drop(columns="stated_end"))


def test_one_forbidden_class_and_a_forbidden_delete_cost_themselves(sandbox: Sandbox) -> None:
    with client_of() as client:
        item, results = posted(client)
        sandbox.set_temperaments(forbidden_class=CLASSES[0], forbidden_delete=True)
        with pytest.raises(ForbiddenError):
            client.put_line_item(item)
        with pytest.raises(ForbiddenError):
            client.delete_result(results[0])
        with pytest.raises(ForbiddenError):
            client.class_results(CLASSES[0])
        client.class_results(CLASSES[1])


def test_one_students_writes_that_fail_are_no_outage(sandbox: Sandbox) -> None:
    with client_of() as client:
        _, results = posted(client)
        sandbox.set_temperaments(flaky_student=results[0].student_id)
        with pytest.raises(UnknownOutcome) as raised:
            client.put_result(results[0])
        assert not raised.value.is_outage
        assert client.put_result(results[1]) == results[1].sourced_id


def test_a_page_in_place_of_an_acceptance_is_none(sandbox: Sandbox) -> None:
    with client_of() as client:
        _, results = posted(client)
        sandbox.set_temperaments(html_after=0)
        with pytest.raises(UnknownOutcome):
            client.put_result(replace(results[0], score=7.0))
        assert client.class_results(CLASSES[0]).items[0].score == 6.3


@pytest.mark.parametrize(("words", "named"), [("named", True), ("vague", False)])
def test_unknown_is_believed_where_it_is_named(sandbox: Sandbox, words: str, named: bool) -> None:  # noqa: FBT001
    with client_of() as client:
        _, results = posted(client)
        sandbox.set_temperaments(put_404=words)
        with pytest.raises(RefusedError) as raised:
            client.put_result(results[0])
        assert raised.value.says_unknown(results[0].sourced_id) is named


@pytest.mark.parametrize(("by_id", "is_served"), [("404", True), ("405", False)])
def test_what_is_not_served_by_id_is_none_or_an_error(sandbox: Sandbox, by_id: str, is_served: bool) -> None:  # noqa: FBT001
    with client_of() as client:
        posted(client)
        assert client.find_line_item("li-1") is not None
        sandbox.set_temperaments(by_id=by_id)
        if is_served:
            assert client.find_line_item("li-1") is None
        else:
            with pytest.raises(RefusedError):
                client.find_line_item("li-1")


def test_a_classs_own_categories_are_its_own_in_1p2(sandbox: Sandbox) -> None:
    sandbox.set_temperaments(class_categories=True)
    with client_of() as client:
        _, _, categories, _ = school(client)[0]
        district = {each.sourced_id for each in client.categories()}
    own = categories[~categories["category_id"].isin(district)]
    assert set(categories[categories["category_id"].isin(district)]["class_id"]) == {None}
    assert own["class_id"].notna().all()
