"""`gpb doctor` against a running sandbox: all that is right, and each thing that can be wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from gpb_pipeline.doctor.checks import checks
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.warehouse import opening
from gpb_pipeline_tests.cli.command import gpb, settle_in


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    running.reset()
    settle_in(monkeypatch, tmp_path, running.environment)
    with stamina.set_testing(testing=True, attempts=2):
        yield running


def test_where_all_is_well_every_check_says_so(sandbox: Sandbox) -> None:
    done = gpb("doctor")
    assert done.status == 0, done.out
    lines = done.out.splitlines()
    assert len(lines) == 33
    assert all(line.startswith("ok ") for line in lines)


def test_programs_read_the_same_as_people(sandbox: Sandbox) -> None:
    done = gpb("doctor", "--json")
    found: list[dict[str, Any]] = json.loads(done.out)
    assert [each["name"] for each in found] == [*(each.name for each in checks()), "Dagster"]
    assert set(found[0]) == {"name", "ok", "detail", "remedy"}


@pytest.mark.parametrize(
    ("mode", "meaning"),
    [("consumer", "we choose the sourcedId"), ("provider", "the SIS chooses the sourcedId")],
)
def test_who_chooses_the_ids_is_said_with_what_it_means(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, mode: str, meaning: str
) -> None:
    monkeypatch.setenv("SIS_ID_MODE", mode)
    (found,) = [each for each in checks() if each.name == "SIS ids"]
    assert f"SIS_ID_MODE is {mode}: {meaning}" in found.detail


WRONG = [
    ({"GPB_TIMEZONE": "Mars/Olympus"}, "GPB_TIMEZONE"),
    ({"GPB_TIMEZONE": "America/Chicago"}, "Set GPB_TIMEZONE"),
    ({"GPB_NIGHTLY_AT": "25:00"}, "GPB_NIGHTLY_AT"),
    ({"SIS_DIALECT": "oneroster-2"}, "SIS_DIALECT"),
    ({"SIS_DIALECT": "oneroster-1.2"}, "SIS_DIALECT is oneroster-1.2, whose SIS_BASE_URL ends in"),
    ({"CANVAS_ACCOUNT_ID": "999"}, "CANVAS_ACCOUNT_ID 999"),
    ({"CANVAS_API_TOKEN": "nobody's"}, "CANVAS_API_TOKEN: Canvas refuses the token"),
    ({"CANVAS_API_TOKEN": "no\N{EM DASH}header"}, "CANVAS_API_TOKEN: holds characters"),
    ({"CANVAS_API_TOKEN": "sandbox-canvas-token-without-sis"}, "SIS data - read"),
    ({"CANVAS_API_TOKEN": "sandbox-canvas-token-without-assignments"}, "Assignments and Quizzes"),
    ({"CANVAS_API_TOKEN": "sandbox-canvas-token-without-grades"}, "view all grades"),
    ({"CANVAS_API_TOKEN": "sandbox-canvas-token-without-scopes"}, "docs/wires.md"),
    ({"CANVAS_BASE_URL": "http://127.0.0.1:9"}, "Check CANVAS_BASE_URL"),
    ({"CANVAS_BASE_URL": "https://canvas.example/api/v1/"}, "ends in /api/v1, which is added to it"),
    ({"SIS_CLIENT_SECRET": "wrong"}, "Check SIS_CLIENT_ID"),
    ({"SIS_HEADERS": '{"x":"\\n"}'}, "SIS_HEADERS"),
    ({"SIS_TOKEN_URL": "http://127.0.0.1:9/Token"}, "Check SIS_TOKEN_URL"),
    ({"SIS_CLASS_MATCH": "identifier"}, "Check SIS_CLASS_MATCH"),
    ({"GPB_CATALOG": "oracle:x"}, "GPB_CATALOG"),
    ({"GPB_WRITE_HOSTS": "test.example"}, "add its host to GPB_WRITE_HOSTS"),
    ({"CANVAS_BASE_URL": "http://canvas.example"}, "GPB_ALLOW_HTTP"),
    ({"GPB_CATALOG": "sqlite:/dev/null/catalog"}, "GPB_CATALOG"),
]


@pytest.mark.parametrize(("settings", "told"), WRONG, ids=[f"{each[0]}" for each in WRONG])
def test_what_is_wrong_is_named_with_what_to_do(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], told: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    failed = (each for each in checks() if not each.ok)
    found = next(each for each in failed if told in f"{each.detail} {each.remedy}")
    assert found.remedy


@pytest.mark.parametrize("ours", ["basic", "form"])
def test_a_token_that_the_sis_issues_the_other_way_names_the_setting(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    other = "form" if ours == "basic" else "basic"
    sandbox.set_temperaments(token_form=other == "form")
    monkeypatch.setenv("SIS_TOKEN_AUTH", ours)
    [found] = [each for each in checks() if not each.ok]
    assert (found.name, found.remedy) == ("SIS token", f"Set SIS_TOKEN_AUTH={other}.")


@pytest.mark.parametrize("ours", ["exclusive", "inclusive"])
def test_periods_that_leave_days_out_name_the_setting(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    theirs = "inclusive" if ours == "exclusive" else "exclusive"
    sandbox.set_temperaments(inclusive_periods=theirs == "inclusive")
    monkeypatch.setenv("SIS_PERIOD_END", ours)
    [found] = [each for each in checks() if not each.ok]
    assert found.name == "SIS period ends"
    assert f"SIS_PERIOD_END={theirs}" in found.remedy


def test_a_fault_that_nobody_foresaw_is_told_by_its_place_and_costs_no_other_check(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("Dana Whitfield")

    monkeypatch.setattr(opening, "connect", fails)
    found = {each.name: each for each in checks()}
    assert found["Warehouse"].detail.startswith("Warehouse: a fault of the pipeline (RuntimeError in fails")
    assert found["SIS categories"].ok
    assert "Dana" not in str(found)


def test_how_long_what_was_sent_is_kept_is_told(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for days, told in (("", "what was sent for ever"), ("400", "what was sent 400 days")):
        monkeypatch.setenv("GPB_KEEP_SENT_DAYS", days)
        [found] = [each for each in checks() if each.name == "History settings"]
        assert told in found.detail


def test_a_missing_setting_leaves_out_only_what_hangs_on_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANVAS_BASE_URL")
    done = gpb("doctor")
    assert done.status == 1
    assert "FAILED  Canvas settings: CANVAS_BASE_URL: is not set" in done.out
    assert "ok      SIS categories" in done.out
    assert "Canvas token" not in done.out


def test_secrets_are_in_no_line(sandbox: Sandbox) -> None:
    told = "".join(f"{each.name}{each.detail}{each.remedy}" for each in checks())
    for name in ("CANVAS_API_TOKEN", "SIS_CLIENT_SECRET"):
        assert sandbox.environment[name] not in told
