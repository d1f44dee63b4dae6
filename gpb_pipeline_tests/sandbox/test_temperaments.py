"""Each temperament of the sandbox SIS over HTTP: what a client then meets, and what the SIS's log tells."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests

from gpb_pipeline.sandbox.fields import BadChange
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.sandbox.sis import temperaments
from gpb_pipeline.sandbox.sis.temperaments import (
    SWITCHES,
    Temperaments,
    temperaments_from,
    temperaments_named,
)
from gpb_pipeline_tests.sandbox.clients import TIMEOUT, SisClient

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def running_newer() -> Iterator[Sandbox]:
    with running_sandbox(dialect="oneroster-1.2", id_mode="provider", today=TODAY) as running:
        yield running


@pytest.fixture
def newer(running_newer: Sandbox) -> Sandbox:
    """A SIS of 1.2 that gives the ids."""
    running_newer.reset()
    return running_newer


def stored(sandbox: Sandbox, field: str) -> list[Any]:
    return [each["stored"].get(field) for each in sandbox.writes()]


def listed(sis: SisClient, path: str = "/classes/ALG1-1/lineItems") -> list[dict[str, Any]]:
    answer = sis.read(path)
    answer.raise_for_status()
    [rows] = answer.json().values()
    return list(rows)


def words(answer: requests.Response) -> str:
    return str(answer.json()["imsx_description"])


def test_every_switch_has_a_field_a_reader_and_a_line_of_the_table() -> None:
    assert set(SWITCHES) == set(Temperaments.__dataclass_fields__)
    for name in SWITCHES:
        assert f"\n    {name} " in str(temperaments.__doc__)


def test_switches_are_named_with_and_without_a_value() -> None:
    given = temperaments_named(
        ["decimals=1", "keeps_old", "lists_late=2.5", "empty_as=404", "strangers=no_title"]
    )
    expected = Temperaments(
        decimals=1, keeps_old="all", lists_late=2.5, empty_as="404", strangers=("no_title",)
    )
    assert temperaments_from(given) == expected


@pytest.mark.parametrize(
    "given", ["decimals=3", "dates=noon", "moody", "rate=0", "empty_path=(", "empty_lists=x"]
)
def test_a_switch_that_there_is_not_is_refused(given: str) -> None:
    with pytest.raises(BadChange):
        temperaments_named([given])


def test_they_are_set_shown_and_reset(school: Sandbox) -> None:
    school.set_temperaments(decimals=1, titles=True)
    assert school.control("sis", "GET", "/temperaments") == {"decimals": 1, "titles": "squeeze"}
    school.set_temperaments(dates="local")
    assert school.control("sis", "GET", "/temperaments") == {"dates": "local"}
    school.control("sis", "DELETE", "/temperaments")
    assert school.control("sis", "GET", "/temperaments") == {}
    school.set_temperaments(decimals=1)
    school.reset()
    assert school.control("sis", "GET", "/temperaments") == {}


def test_those_given_at_the_start_are_there_again_after_a_reset() -> None:
    with running_sandbox(today=TODAY, temperaments={"decimals": 0}) as running:
        running.set_temperaments()
        running.reset()
        assert running.control("sis", "GET", "/temperaments") == {"decimals": 0}


def test_a_list_is_empty_once(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    school.set_temperaments(empty_lists=True)
    assert len(sis.read("/categories").json()["categories"]) > 0
    answer = sis.read("/classes/ALG1-1/lineItems")
    assert (answer.json(), answer.headers["X-Total-Count"]) == ({"lineItems": []}, "0")
    assert len(listed(sis)) == 1


def test_those_of_a_path_are_empty_so_many_times(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(empty_lists=2, empty_path="/students")
    assert [len(sis.roster("/classes/ALG1-1/students").json()["users"]) > 0 for _ in range(3)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(("spelling", "status"), [("null", 200), ("204", 204), ("404", 404)])
def test_no_rows_are_said_otherwise(school: Sandbox, sis: SisClient, spelling: str, status: int) -> None:
    school.set_temperaments(empty_as=spelling)
    answer = sis.read("/classes/ALG1-1/lineItems")
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"lineItems": None}


def test_a_failure_comes_as_an_empty_list(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(empty_lists=1, empty_as="failure")
    failed, true = (sis.read("/lineItems").json() for _ in range(2))
    assert failed["lineItems"] == true["lineItems"] == []
    assert failed["statusInfoSet"][0]["imsx_codeMajor"] == "failure"
    assert "statusInfoSet" not in true


def test_a_page_past_the_end_is_not_found(school: Sandbox, sis: SisClient) -> None:
    assert sis.roster("/students?offset=50").status_code == 200
    school.set_temperaments(past_end_404=True)
    assert sis.roster("/students?offset=49").status_code == 200
    assert sis.roster("/students?offset=50").status_code == 404


def test_writes_show_in_lists_once_published_and_by_id_at_once(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item("li-0")
    school.set_temperaments(lists_late=True)
    sis.put_line_item()
    sis.put_result()
    sis.delete("/lineItems/li-0")
    assert [each["sourcedId"] for each in listed(sis)] == ["li-0"]
    assert listed(sis, "/classes/ALG1-1/results") == []
    assert sis.read("/lineItems/li-1").status_code == 200
    assert sis.read("/lineItems/li-0").status_code == 404
    school.control("sis", "POST", "/publish")
    assert [each["sourcedId"] for each in listed(sis)] == ["li-1"]
    assert len(listed(sis, "/classes/ALG1-1/results")) == 1


def test_writes_show_seconds_later_by_id_too(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(lists_late=0.5, late_by_id=True)
    sis.put_line_item()
    assert sis.read("/lineItems/li-1").status_code == 404
    assert listed(sis) == []
    assert sis.put_line_item(title="Again").status_code == 200
    until(lambda: [each["title"] for each in listed(sis)] == ["Again"])
    assert sis.read("/lineItems/li-1").status_code == 200


@pytest.mark.parametrize("status", [404, 405])
def test_nothing_is_served_by_id(school: Sandbox, sis: SisClient, status: int) -> None:
    sis.put_line_item()
    sis.put_result()
    school.set_temperaments(by_id=status)
    assert sis.read("/lineItems/li-1").status_code == status
    assert sis.read("/results/r-1").status_code == status
    assert sis.read("/categories/CAT-QUIZ").status_code == 200
    assert len(listed(sis)) == 1


def test_the_order_shifts_between_two_pages(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(shifting=1)
    for whole in (False, True):
        pages = [sis.roster(f"/students?limit=25&offset={offset}") for offset in (0, 25)]
        ids = [user["sourcedId"] for page in pages for user in page.json()["users"]]
        assert len(ids) == 50
        assert len(set(ids)) == (50 if whole else 49)


def test_pages_are_short_and_not_counted(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(page_size=7, no_counts=True)
    answer = sis.roster("/students?limit=1000")
    assert len(answer.json()["users"]) == 7
    assert "X-Total-Count" not in answer.headers


def test_a_page_asked_for_longer_is_refused(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(limit_most=True)
    assert [sis.roster(f"/students?limit={limit}").status_code for limit in (100, 101)] == [200, 400]


@pytest.mark.parametrize("status", [403, 404, 405])
def test_lists_of_a_school_are_refused_and_no_others(school: Sandbox, sis: SisClient, status: int) -> None:
    school.set_temperaments(school_refused=status)
    paths = ("/schools/SCHOOL-1/classes", "/schools/SCHOOL-1/classes/ALG1-1/students", "/classes")
    assert [sis.roster(path).status_code for path in paths] == [status, 200, 200]


def enrolled(sis: SisClient) -> Counter[tuple[str, str]]:
    """Who is in which class by the school's list."""
    listed = sis.roster("/schools/SCHOOL-1/enrollments?limit=1000&filter=role='student'").json()[
        "enrollments"
    ]
    return Counter((each["class"]["sourcedId"], each["user"]["sourcedId"]) for each in listed)


def test_lists_of_a_school_say_otherwise_than_its_classes(school: Sandbox, sis: SisClient) -> None:
    path = "/schools/SCHOOL-1/classes?limit=1000"
    before, classes = enrolled(sis), ids(sis.roster(path))
    school.set_temperaments(school_lists=["lacking"])
    assert {max(classes)} == {*classes} - {*ids(sis.roster(path))}
    assert {each[0] for each in before - enrolled(sis)} == {max(classes)}
    school.set_temperaments(school_lists="cut")
    assert (before - enrolled(sis)).total() == 1
    school.set_temperaments(school_lists=["ended", "doubled"])
    assert {each[0] for each in enrolled(sis) - before - before} == {*classes}
    school.set_temperaments(school_lists=["miscounted"])
    answer = sis.roster(path)
    assert int(answer.headers["X-Total-Count"]) == len(ids(answer)) - 1
    assert "X-Total-Count" in sis.roster("/classes?limit=1000").headers


def test_lists_of_a_school_show_later_who_came_and_went(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(school_lists=["late"])
    before = enrolled(sis)
    [(class_id, student_id), *_] = sorted(before)
    school.control("sis", "DELETE", f"/rosters/{class_id}/{student_id}")
    assert enrolled(sis) == before
    assert student_id not in ids(sis.roster(f"/classes/{class_id}/students"))


def ids(answer: requests.Response) -> list[str]:
    [rows] = answer.json().values()
    return [each["sourcedId"] for each in rows]


def test_a_classes_own_categories_are_listed_under_it_alone(newer: Sandbox) -> None:
    newer.set_temperaments(class_categories=True)
    sis = SisClient(newer)
    everywhere = {each["sourcedId"] for each in listed(sis, "/categories")}
    own = {each["sourcedId"]: each for each in listed(sis, "/classes/HIST9-1/categories")}
    assert "CAT-ESSAY-HIST9-1" not in everywhere
    assert "metadata" not in own["CAT-ESSAY-HIST9-1"]
    assert sis.read("/categories/CAT-ESSAY-HIST9-1").status_code == 200


def test_ids_are_shown_in_capitals_and_found_as_they_were_written(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(capital_ids=True)
    sis.put_line_item("li-1")
    sis.put_result("r-1")
    assert [each["sourcedId"] for each in listed(sis)] == ["LI-1"]
    [result] = listed(sis, "/classes/ALG1-1/results")
    assert (result["sourcedId"], result["lineItem"]["sourcedId"]) == ("R-1", "LI-1")
    assert sis.read("/results/r-1").json() == {"result": result}
    assert [each["stored"]["sourced_id"] for each in school.writes()] == ["li-1", "r-1"]


def test_a_period_ends_on_its_last_day(school: Sandbox, sis: SisClient) -> None:
    before, after = published_ends(school, sis)
    assert [
        (date.fromisoformat(b) - date.fromisoformat(a)).days for a, b in zip(after, before, strict=True)
    ] == [1 for _ in before]


def published_ends(school: Sandbox, sis: SisClient) -> list[list[str]]:
    ends = []
    for inclusive in (False, True):
        school.set_temperaments(inclusive_periods=inclusive)
        periods = sis.roster("/gradingPeriods").json()["academicSessions"]
        ends.append([each["endDate"] for each in periods])
    return ends


def test_strangers_are_in_the_lists_and_found_by_id(newer: Sandbox) -> None:
    newer.set_temperaments(strangers=True)
    sis = SisClient(newer)
    items = {each["sourcedId"]: each for each in listed(sis)}
    assert items["other-unset-ALG1-1"]["dueDate"] == "0001-01-01T00:00:00Z"
    assert items["other-never-ALG1-1"]["dueDate"] == "9999-12-31"
    assert items["other-half-ALG1-1"]["title"].endswith("\ud83c")
    assert sis.read("/lineItems/other-never-ALG1-1").status_code == 200
    [result] = listed(sis, "/classes/ALG1-1/results")
    assert "student" not in result
    assert {"sourcedId": "other-category"}.items() <= listed(sis, "/categories")[-1].items()
    assert listed(sis, "/categories")[-1]["title"] is None
    assert "sourcedId" not in sis.roster("/classes/ALG1-1/students").json()["users"][-1]
    sessions = sis.roster("/academicSessions").json()["academicSessions"]
    assert [each["endDate"] for each in sessions][-1] is None
    assert words(sis.read("/lineItems/none")).endswith("\ud83c")


@pytest.mark.parametrize(
    ("decimals", "score", "kept"),
    [(0, 17.5, 18.0), (0, 18.5, 19.0), (1, 17.25, 17.3), (1, 1.45, 1.5), (2, 6.335, 6.34), (2, 7.0, 7.0)],
)
def test_scores_are_kept_rounded_half_up(
    school: Sandbox, sis: SisClient, decimals: int, score: float, kept: float
) -> None:
    school.set_temperaments(decimals=decimals)
    sis.put_line_item()
    sis.put_result(score=score)
    [result] = listed(sis, "/classes/ALG1-1/results")
    assert result["score"] == kept
    assert school.writes()[-1]["values"]["score"] == score
    assert stored(school, "score")[-1] == kept


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ("midnight", "2026-11-17T00:00:00.000Z"),
        ("local", "2026-11-16T00:00:00.000-05:00"),
        ("date", "2026-11-17"),
    ],
)
def test_dates_are_cut(school: Sandbox, sis: SisClient, how: str, kept: str) -> None:
    school.set_temperaments(dates=how)
    assert sis.put_line_item(dueDate="2026-11-17T04:59:00.000Z").status_code == 201
    assert sis.put_result().status_code == 201
    [item] = listed(sis)
    assert item["dueDate"] == stored(school, "due_date")[0] == kept
    assert len(item["assignDate"]) == len(kept)


@pytest.mark.parametrize(("how", "kept"), [("squeeze", "Lab & report"), ("escape", " Lab  &amp; report ")])
def test_titles_are_respelt(newer: Sandbox, how: str, kept: str) -> None:
    newer.set_temperaments(titles=how)
    sis = SisClient(newer)
    body = {"lineItem": sis.line_item(None, title=" Lab  & report ")}
    assert sis.put("/lineItems/new", body).json()["lineItem"]["title"] == kept
    assert stored(newer, "title") == [kept]


def test_old_values_are_kept_and_the_log_tells(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    school.set_temperaments(keeps_old="result")
    assert sis.put_result(score=1.0).status_code == 201
    assert sis.put_result(score=2.0).status_code == 200
    assert sis.put_line_item(title="Other").status_code == 200
    assert [(each["values"]["score"], each["stored"]["score"]) for each in school.writes()[1:3]] == [
        (1.0, 1.0),
        (2.0, 1.0),
    ]
    assert school.state()["results"][0]["score"] == 1.0
    assert school.state()["line_items"][0]["title"] == "Other"


def test_after_so_many_writes_each_is_answered_by_a_page_and_lost(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(html_after=1)
    assert sis.put_line_item().status_code == 201
    answer = sis.put_result()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert len(school.writes()) == 1
    assert school.state()["results"] == []


def test_every_put_is_not_found_until_switched_off(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    school.set_temperaments(put_404=True)
    answer = sis.put_line_item()
    assert (answer.status_code, words(answer)) == (404, "lineItem li-1 is unknown")
    school.set_temperaments(put_404="vague")
    assert "li-1" not in words(sis.put_line_item())
    school.set_temperaments(put_404=True, put_404_seconds=0)
    assert sis.put_line_item().status_code == 200


def test_the_next_puts_of_a_path_are_refused(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(refuse_next=2, refuse_path="/results/r-1$")
    assert sis.put_line_item().status_code == 201
    assert [sis.put_result().status_code for _ in range(3)] == [422, 422, 201]


def test_a_named_unknown_id_is_refused_as_it_is_set(newer: Sandbox) -> None:
    sis = SisClient(newer)
    body = {"lineItem": sis.line_item("ours")}
    assert sis.put("/lineItems/ours", body).status_code == 404
    newer.set_temperaments(unknown_id=422)
    assert sis.put("/lineItems/ours", body).status_code == 422
    assert newer.writes() == []


def test_one_class_is_forbidden(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    school.set_temperaments(forbidden_class="ALG1-1")
    answers = [
        sis.read("/classes/ALG1-1/results"),
        sis.put_line_item("li-2"),
        sis.put_result(),
        sis.delete("/lineItems/li-1"),
    ]
    assert {each.status_code for each in answers} == {403}
    assert "does not teach" in words(answers[0])
    assert sis.read("/classes/ALG1-2/results").status_code == 200
    assert sis.roster("/classes/ALG1-1").status_code == 200


def test_deleting_alone_is_forbidden(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(forbidden_delete=True)
    sis.put_line_item()
    assert sis.put_result().status_code == 201
    assert sis.delete("/results/r-1").status_code == 403
    assert len(school.state()["results"]) == 1


def test_one_students_writes_are_errors(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    sis.put_result()
    school.set_temperaments(flaky_student="S2001")
    assert [sis.put_result().status_code, sis.delete("/results/r-1").status_code] == [500, 500]
    assert sis.put_result("r-2", student=sis.ref("user", "S2002")).status_code == 201


def test_more_than_so_many_a_second_are_too_many(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(rate=0.5)
    first, second = sis.read("/categories"), sis.read("/categories")
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["Retry-After"] == "2"
    school.set_temperaments(rate=0.5, no_retry_after=True)
    answers = [sis.read("/categories") for _ in range(2)]
    assert answers[1].status_code == 429
    assert "Retry-After" not in answers[1].headers
    school.set_temperaments(rate=20)
    sis.read("/categories")
    until(lambda: sis.read("/categories").status_code == 200)


@pytest.mark.parametrize("side", ["school", "newer"])
def test_tokens_are_for_id_and_secret_in_the_form(side: str, request: pytest.FixtureRequest) -> None:
    sandbox: Sandbox = request.getfixturevalue(side)
    sandbox.set_temperaments(token_form=True)
    environment = sandbox.environment
    user, secret = environment["SIS_CLIENT_ID"], environment["SIS_CLIENT_SECRET"]
    form = {"grant_type": "client_credentials"}
    if "SIS_SCOPE" in environment:
        form["scope"] = environment["SIS_SCOPE"]

    def status(given: dict[str, str], auth: tuple[str, str] | None = None) -> int:
        return requests.post(environment["SIS_TOKEN_URL"], given, auth=auth, timeout=TIMEOUT).status_code

    in_form = form | {"client_id": user, "client_secret": secret}
    assert status(form, (user, secret)) == 422
    assert status(in_form | {"client_secret": "no"}) == 401
    assert status(form) == 401
    assert status(in_form) == 200


def test_a_dead_token_is_forbidden(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(expired_403=True)
    school.control("sis", "DELETE", "/tokens")
    assert sis.read("/categories").status_code == 403


def until(holds: Any) -> None:
    """Asked again until it holds, which it does well within the test's patience."""
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("never came true")
