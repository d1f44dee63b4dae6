"""docs/wires.md: every test that it names exists, and the scopes that it lists are those that are used."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpb_pipeline.canvas import grade_changes
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline.terms import courses_of_term

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "wires.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
SCOPES = re.findall(r"^url:(\w+)\|(\S+)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_each_test_that_the_page_names_exists(file: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE)


def test_each_row_of_the_page_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "Shown by" not in line]
    assert len(rows) > 50
    assert all(re.search(r"\.py::test_\w+` \|$", row) for row in rows)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


def test_the_scopes_are_those_that_are_asked_for(sandbox: Sandbox) -> None:
    settings = CanvasSettings(
        base_url=sandbox.canvas_url, api_token=sandbox.environment["CANVAS_API_TOKEN"], account_id="12"
    )
    with CanvasClient(settings) as client:
        client.clock()
        client.get("accounts/12", item="account 12")
        account_courses(client)
        courses_of_term(client, "31", "Sandbox Central School District")
        group = read_course(client, "1001").assignment_groups["group_id"].iloc[0]
        grade_changes.read_log(client, "1001", assignment_id="10010024", student_id="2001")
        client.put(f"courses/1001/assignment_groups/{group}", {}, item="a group")
    asked = {(each["method"], each["path"]) for each in sandbox.requests_seen("canvas")}
    patterns = [(method, re.sub(r":\w+", r"[^/]+", path)) for method, path in SCOPES]
    used = {
        pattern
        for method, path in asked
        for pattern in patterns
        if method == pattern[0] and re.fullmatch(pattern[1], path)
    }
    assert len(used) == len(patterns) == len(asked)
