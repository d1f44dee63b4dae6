"""`gpb nightly`: who switched what, kept and shown; a course that Canvas does not know is refused."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gpb_pipeline.sandbox.serve import running_sandbox
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.cli.command import gpb, settle_in


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with running_sandbox(today=date(2026, 11, 24)) as sandbox:
        yield sandbox.environment


@pytest.fixture(autouse=True)
def district(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settle_in(monkeypatch, tmp_path, environment | {"GPB_NIGHTLY_ENABLED": "true", "GPB_NIGHTLY_AT": "22:30"})


def test_the_latest_choice_of_each_course_holds_with_who_and_when() -> None:
    assert gpb("nightly", "enable", "1001", "1003", "1001", "--by", "A. Admin").status == 0
    assert gpb("nightly", "disable", "1003", "--by", "B. Teacher").status == 0
    shown = gpb("nightly", "show", "--json").json
    assert shown["institution"] | {"next_nightly": ""} == {
        "enabled": True,
        "default": False,
        "at": "22:30",
        "time_zone": "America/New_York",
        "next_nightly": "",
    }
    upcoming = datetime.fromisoformat(shown["institution"]["next_nightly"])
    assert f"{upcoming:%H:%M}" == "22:30"
    algebra, biology = shown["courses"]
    assert algebra["enabled"]
    assert algebra["next_nightly"] == shown["institution"]["next_nightly"]
    assert (biology["course_id"], biology["enabled"], biology["chosen_by"]) == ("1003", False, "B. Teacher")
    assert biology["next_nightly"] is None
    assert datetime.fromisoformat(biology["chosen_at"]).utcoffset() is not None


def test_it_is_shown_to_people_too() -> None:
    gpb("nightly", "enable", "1001", "--by", "A. Admin")
    shown = gpb("nightly", "show")
    assert "Next nightly sync: " in shown.out
    assert "A. Admin" in shown.out


def test_a_course_that_canvas_does_not_know_is_refused_and_none_is_switched() -> None:
    refused = gpb("nightly", "enable", "1001", "9999", "--by", "A. Admin")
    assert (refused.status, refused.out) == (2, "")
    assert "course 9999" in refused.err
    assert gpb("nightly", "show", "--json").json["courses"] == []


@pytest.mark.parametrize("named", ["nonsense", "", "9999", "sis_course_id:NONE"])
@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_what_is_no_course_is_refused_in_words_and_nothing_is_kept(switch: str, named: str) -> None:
    refused = gpb("nightly", switch, "1001", named, "--by", "A. Admin")
    assert (refused.status, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert named in refused.err
    assert gpb("nightly", "show", "--json").json["courses"] == []


def test_a_course_is_switched_by_its_own_id_however_it_is_named() -> None:
    gpb("nightly", "enable", "1001", "1002", "--by", "A. Admin")
    off = gpb("nightly", "disable", "01001", "--by", "A. Admin")
    assert off.out == "Nightly sync off: 1001.\n"
    shown = gpb("nightly", "show", "--json").json["courses"]
    assert {each["course_id"]: each["enabled"] for each in shown} == {"1001": False, "1002": True}


def test_a_course_that_is_gone_can_be_switched_off() -> None:
    with open_warehouse() as warehouse:
        at = datetime(2026, 11, 1, tzinfo=UTC)
        warehouse.commit(choices.choose_nightly, ["9999"], enabled=True, by="A. Admin", at=at)
    assert gpb("nightly", "disable", "09999", "--by", "A. Admin").status == 0
    [gone] = gpb("nightly", "show", "--json").json["courses"]
    assert (gone["course_id"], gone["enabled"]) == ("9999", False)


def test_where_the_institution_has_it_off_no_night_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "false")
    enabled = gpb("nightly", "enable", "1001", "--by", "A. Admin")
    assert "GPB_NIGHTLY_ENABLED" in enabled.err
    shown = gpb("nightly", "show", "--json").json
    assert shown["institution"]["next_nightly"] is None
    assert "switched off" in gpb("nightly", "show").out


def test_who_decides_must_be_said() -> None:
    assert gpb("nightly", "enable", "1001").status == 2


TERM = ("nightly", "enable", "--term", "31", "--by", "A. Admin")


def test_a_terms_courses_are_shown_with_why_the_others_stay_off_then_switched_on_once() -> None:
    gpb("nightly", "enable", "1001", "--by", "A. Admin")
    gpb("nightly", "disable", "1002", "--by", "Dana")
    shown = gpb(*TERM, "--except", "1003", "--except", "01006", "--json").json
    assert (shown["term"]["id"], shown["saved"]) == ("31", False)
    on = {each["course_id"] for each in shown["courses"]}
    why = {each["course_id"]: each["why"] for each in shown["left_out"]}
    assert {"1004", "1005", "1007"} <= on
    assert why | {"1104": ""} == {
        "1001": "on already",
        "1002": "switched off by Dana",
        "1003": "excepted",
        "1006": "excepted",
        "1101": "a blueprint",
        "1104": "",
        "1105": "not published",
    }
    assert why["1104"].startswith("restricted by date")
    assert len(gpb("nightly", "show", "--json").json["courses"]) == 2

    told = gpb(*TERM, "--except", "1003", "--except", "1006", "--yes").out
    assert f"{len(on)} courses switched on; {len(why)} not." in told
    chosen = {each["course_id"]: each["enabled"] for each in gpb("nightly", "show", "--json").json["courses"]}
    assert {each for each, enabled in chosen.items() if enabled} == on | {"1001"}
    again = gpb(*TERM, "--except", "1003", "--except", "1006", "--yes", "--json").json
    assert again["courses"] == []
    assert (
        "0 courses would be switched on, and nothing is yet"
        in gpb(*TERM, "--except", "1003", "--except", "1006").out
    )


def test_an_account_below_narrows_it_and_a_term_goes_by_any_of_its_names() -> None:
    district = gpb(*TERM, "--json").json["courses"]
    for account in ("13", "Sandbox High School", "sis_account_id:ACC-13"):
        school = gpb(*TERM, "--account", account, "--json").json["courses"]
        assert [each for each in district if each in school] == school
    name = gpb(*TERM, "--json").json["term"]["name"]
    for term in (name, "sis_term_id:TERM-NOW"):
        assert gpb("nightly", "enable", "--term", term, "--by", "A.", "--json").json["courses"] == district


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--term", "Autumn"), "--term 'Autumn': is no term of the courses there"),
        (("--term", "31", "--account", "Nowhere"), "--account 'Nowhere': is no account"),
        (("--term", "31", "--except", "9999"), "--except 9999: is no course of that term"),
        (("--term", "31", "--except", "abc"), "--except 'abc': is no course id"),
        (("1001", "--term", "31"), "Give courses, or a --term"),
        ((), "Give courses, or a --term"),
        (("1001", "--yes"), "go with --term"),
    ],
)
def test_a_wrong_term_or_account_is_told_with_what_there_is(given: tuple[str, ...], named: str) -> None:
    refused = gpb("nightly", "enable", *given, "--yes", "--by", "A. Admin")
    assert (refused.status, refused.out) == (2, "")
    assert named in refused.err
    if "no term" in named or "no account" in named:
        assert re.search(r"There are: .*\((31|12|13)\)", refused.err)
    assert gpb("nightly", "show", "--json").json["courses"] == []


def test_the_institutions_default_is_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpb("nightly", "show", "--json").json["institution"]["default"] is False
    monkeypatch.setenv("GPB_NIGHTLY_DEFAULT", "true")
    assert gpb("nightly", "show", "--json").json["institution"]["default"] is True
    assert "Courses that nobody has switched are on" in gpb("nightly", "show").out
