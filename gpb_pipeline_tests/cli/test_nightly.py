"""`gpb nightly`: who switched what, kept and shown; a course that Canvas does not know is refused."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gpb_pipeline.sandbox.serve import running_sandbox
from gpb_pipeline.warehouse import choices, tables
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
    with tables.open_warehouse() as warehouse:
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
