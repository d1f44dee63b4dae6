"""A list without rows where the last read had some: a short read, believed when someone says so."""

from collections.abc import Callable
from typing import Any

import pytest

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sync.desk import ALGEBRA, SPANISH, Desk

NO_ROWS: dict[str, dict[str, Any]] = {
    "404": {"status": 404, "body": {"imsx_codeMajor": "failure", "imsx_description": "none"}},
    "null": {"status": 200, "body": "null"},
    "[]": {"status": 200, "body": "[]"},
}
LINK = '<http://127.0.0.1/?page=1>; rel="current"'


def without_rows(desk: Desk, side: Any, path: str, spelled: str = "[]") -> None:
    """Have a list answer so from now on, as a list of either side would."""
    headers = {"Content-Type": "application/json", "Link": LINK}
    fault = {"effect": "status", "headers": headers, "method": "GET", "path": path, "times": None}
    desk.sandbox.set_faults(side, fault | NO_ROWS[spelled])


def unharmed(desk: Desk, before: list[Any]) -> None:
    """The next night finds everything as it was."""
    desk.sandbox.set_faults("sis")
    desk.sandbox.set_faults("canvas")
    assert desk.held() == before
    written = desk.written()
    assert desk.sync_one(SPANISH).status == "Completed"
    assert desk.written() == written


@pytest.mark.parametrize(
    "spelled", [each if each == "null" else pytest.param(each, marks=pytest.mark.long) for each in NO_ROWS]
)
def test_a_roster_without_rows_where_grades_of_ours_stand_is_a_short_read(
    strict_desk: Desk, spelled: str
) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    before = desk.held()
    without_rows(desk, "sis", r"/classes/[^/]+/students", spelled)
    failed = desk.fails(SPANISH, sync_type="nightly")
    assert failed.error.code == "short_read"
    assert "students of class" in failed.error.item
    assert "--confirm" in failed.error.remedy
    unharmed(desk, before)


@pytest.mark.parametrize("spelled", ["null", pytest.param("[]", marks=pytest.mark.long)])
def test_categories_without_rows_where_line_items_of_ours_have_one_are_a_short_read(
    strict_desk: Desk, spelled: str
) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    before = desk.held()
    without_rows(desk, "sis", "/categories", spelled)
    failed = desk.fails(SPANISH, sync_type="nightly")
    assert failed.error.code == "short_read"
    assert "categories of class" in failed.error.item
    unharmed(desk, before)


@pytest.mark.parametrize("which", [min, max], ids=["first", "last"])
def test_one_class_without_categories_among_others_is_a_short_read(
    provider: Sandbox, desk_of: Callable[[Sandbox], Desk], which: Callable[[list[str]], str]
) -> None:
    desk = desk_of(provider)  # of 1.2, which has such a list
    desk.sync_one(ALGEBRA)
    class_id = which([each["class_id"] for each in desk.sandbox.state()["line_items"]])
    without_rows(desk, "sis", f"/classes/{class_id}/categories", "404")
    failed = desk.fails(ALGEBRA)
    assert (failed.error.code, failed.error.item) == (
        "short_read",
        f"course {ALGEBRA}, categories of class {class_id}",
    )


def test_a_sis_that_serves_no_class_categories_has_the_districts(
    provider: Sandbox, desk_of: Callable[[Sandbox], Desk]
) -> None:
    desk = desk_of(provider)
    desk.sync_one(ALGEBRA)
    without_rows(desk, "sis", "/classes/[^/]+/categories", "404")
    assert desk.sync_one(ALGEBRA).status == "Completed"


def test_no_assignments_where_columns_of_ours_stand_is_a_short_read(desk: Desk) -> None:
    desk.sync_one(SPANISH)
    before = desk.held()
    without_rows(desk, "canvas", r"/assignments\?")
    failed = desk.fails(SPANISH, sync_type="nightly")
    assert failed.error.code == "canvas_short_read"
    assert "no assignments" in failed.error.what
    assert "--confirm" in failed.error.remedy
    unharmed(desk, before)


LISTS = pytest.mark.parametrize(
    ("side", "path"),
    [
        ("sis", r"/classes/[^/]+/students"),
        pytest.param("sis", "/categories", marks=pytest.mark.long),
        ("canvas", r"/assignments\?"),
    ],
)


@pytest.mark.long
@LISTS
def test_a_reading_back_does_not_make_it_believed(desk: Desk, side: str, path: str) -> None:
    desk.sync_one(SPANISH)
    without_rows(desk, side, path)
    for sync_type in ("reconcile", "nightly"):
        assert desk.fails(SPANISH, sync_type=sync_type).error.code.endswith("short_read")


@LISTS
def test_what_someone_confirmed_is_believed_from_then_on(desk: Desk, side: str, path: str) -> None:
    desk.sync_one(SPANISH)
    held = desk.held()
    without_rows(desk, side, path)
    assert desk.sync_one(SPANISH, confirm=True).status.startswith("Completed")
    desk.next_night()
    assert desk.sync_one(SPANISH, sync_type="nightly").status.startswith("Completed")
    assert desk.held() == held
