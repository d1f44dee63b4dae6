"""`gpb categories` as people and programs use it, against the sandbox."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from gpb_pipeline.passback.frames import AssignmentGroups, CategoryMapping, build
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import category_choices, tables
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline.warehouse.table import keyed
from gpb_pipeline_tests.cli.command import gpb, settle_in

WHO = ("--by", "A. Admin")


@pytest.fixture(autouse=True)
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    running.reset()
    settle_in(monkeypatch, tmp_path, running.environment)
    return running


def group(name: str, course_id: str = "1004") -> dict[str, Any]:
    groups = gpb("categories", "show", course_id, "--json").json["groups"]
    return next(each for each in groups if each["group_name"] == name)


def place(sandbox: Sandbox, name: str) -> list[str]:
    """Name a group and the section HIST9-1 as `set` takes them."""
    canvas = requests.Session()
    canvas.headers["Authorization"] = f"Bearer {sandbox.environment['CANVAS_API_TOKEN']}"

    def id_of(collection: str, **wanted: str) -> str:
        url = f"{sandbox.canvas_url}/api/v1/courses/1004/{collection}?per_page=100"
        rows = canvas.get(url, timeout=60).json()
        return str(next(row["id"] for row in rows if wanted.items() <= row.items()))

    group_id = id_of("assignment_groups", name=name)
    return ["1004", "--group", group_id, "--section", id_of("sections", sis_section_id="HIST9-1")]


def test_a_group_is_shown_with_its_sections_their_categories_and_what_is_near() -> None:
    found = group("Participation")
    assert (found["label"], found["unassociated_sections"]) == ("Unassociated", 4)
    section = found["sections"][0]
    assert (section["section_name"], section["sis_section_id"]) == ("US History - Period 5", "HIST9-1")
    assert (section["label"], section["code"]) == ("Unassociated", "category_not_found")
    assert section["near"] == [{"category_id": "CAT-PARTICIPATION", "title": "Class Participation"}]


def test_people_see_the_same_and_the_categories_to_choose_from() -> None:
    shown = gpb("categories", "show", "1004").out
    assert "Sync SIS Categories: US History" in shown
    assert "Class Participation (CAT-PARTICIPATION)" in shown
    assert "CAT-MAPS-HIST9-1" in shown
    assert "CAT-WARMUP" not in shown
    assert "by name" in shown


def test_a_category_is_set_and_removed(sandbox: Sandbox) -> None:
    where = place(sandbox, "Participation")
    done = gpb("categories", "set", *where, "--category", "CAT-PARTICIPATION", *WHO)
    assert (done.status, done.err) == (0, "")
    section = group("Participation")["sections"][0]
    assert (section["category"], section["association"]) == ("Class Participation", "chosen")
    assert section["chosen_by"] == "A. Admin"
    assert section["chosen_at"].endswith(("-05:00", "-04:00"))
    assert gpb("categories", "set", *where, "--unassociated", *WHO).status == 0
    assert group("Participation")["sections"][0]["code"] == "category_unassociated"


def test_what_the_name_says_already_can_be_chosen_and_then_outlives_the_name(sandbox: Sandbox) -> None:
    where = place(sandbox, "Tests")
    gpb("categories", "set", *where, "--category", "CAT-TEST", *WHO)
    sandbox.control("canvas", "PATCH", f"/courses/1004/groups/{where[2]}", {"name": "Exams"})
    assert [each["category_id"] for each in group("Exams")["sections"]] == ["CAT-TEST", None, None, None]


def test_wrong_usage_is_told_with_what_is_near(sandbox: Sandbox) -> None:
    where = place(sandbox, "Participation")
    assert gpb("categories", "set", *where, *WHO).status == 2
    assert gpb("categories", "set", *where, "--category", "CAT-LAB", "--unassociated", *WHO).status == 2
    assert gpb("categories", "set", *where, "--category", "CAT-LAB").status == 2
    refused = gpb("categories", "set", *where, "--category", "Participation", *WHO)
    assert refused.status == 2
    assert "Class Participation (CAT-PARTICIPATION)" in refused.err
    where[2] = "Participatio"
    assert "Participation (" in gpb("categories", "set", *where, "--unassociated", *WHO).err
    assert gpb("categories", "show", "9999").status == 1


def test_a_file_that_was_there_is_replaced_whole_and_stays_as_private(tmp_path: Path) -> None:
    file, before = tmp_path / "district.csv", tmp_path / "before.csv"
    file.write_text("of yesterday")
    file.chmod(0o600)
    before.hardlink_to(file)
    assert gpb("categories", "export", str(file), "1004").status == 0
    assert before.read_text() == "of yesterday"
    assert file.read_text("utf-8-sig").startswith("course id,")
    assert (oct(file.stat().st_mode)[-3:], sorted(tmp_path.glob("*.csv*"))) == ("600", [before, file])
    assert gpb("categories", "export", "/dev/null", "1004").status == 0
    assert Path("/dev/null").is_char_device()


def test_a_district_goes_through_a_spreadsheet_and_back(tmp_path: Path) -> None:
    file = tmp_path / "district.csv"
    assert gpb("categories", "export", str(file)).status == 0
    assert "Nothing to change" in gpb("categories", "import", str(file), "--yes", *WHO).out

    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert {row["course id"] for row in rows} >= {"1001", "1002", "1003", "1004", "1005", "1006"}
    for row in rows:
        if row["assignment group"] == "Participation":
            row |= {"SIS category id": "CAT-PARTICIPATION"}
    write(file, rows)
    shown = gpb("categories", "import", str(file), *WHO)
    assert (shown.status, shown.out.count("Changed")) == (0, 4)
    assert "not saved; add --yes" in shown.out
    assert group("Participation")["unassociated_sections"] == 4

    assert "4 changes in 1 course: saved" in gpb("categories", "import", str(file), "--yes", *WHO).out
    assert group("Participation")["unassociated_sections"] == 1  # the SIS has no class for that section


def put_last_year(**chosen: str | None) -> None:
    """Have last year's Algebra choose a category for each of these groups, as it was synced then."""
    groups = {name: str(n) for n, name in enumerate(chosen)}
    rows: dict[str, list[Any]] = {
        "group_id": list(groups.values()),
        "group_name": list(groups),
        "position": list(range(len(groups))),
        "integration_data": ["{}"] * len(groups),
    }
    mapping: dict[str, list[Any]] = {
        "section_id": ["s"] * len(groups),
        "group_id": list(groups.values()),
        "category_id": list(chosen.values()),
    }
    with open_warehouse() as warehouse:
        frame = keyed(build(AssignmentGroups, rows), course_id="1102", job_id="j")
        warehouse.commit(tables.CANVAS_ASSIGNMENT_GROUPS.insert, frame)
        at = datetime(2026, 1, 5, tzinfo=UTC)
        warehouse.commit(category_choices.choose, build(CategoryMapping, mapping), by="Dana", at=at)


def test_last_terms_choices_are_proposals_that_hold_once_someone_imports_them(tmp_path: Path) -> None:
    put_last_year(Homework="CAT-CLASSWORK", Quizzes="CAT-QUIZ", Tests="CAT-GONE")
    file = tmp_path / "proposals.csv"
    done = gpb("categories", "propose", str(file), "--term", "31")
    assert done.status == 0, done.err
    assert "2 proposals and 2 that no longer fit, in 1 course" in done.out
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    told = {(row["assignment group"], row["SIS category id"], row["label"]) for row in rows}
    assert told == {("Homework", "CAT-CLASSWORK", "Changed"), ("Tests", "CAT-TEST", "Synchronized")}
    assert {row["proposal"] for row in rows} == {
        "course 1102, chosen by Dana",
        "does not fit: CAT-GONE is gone, or not active for this class (course 1102, chosen by Dana)",
    }
    assert {each["association"] for each in group("Homework", "1001")["sections"]} == {"by name"}

    shown = gpb("categories", "import", str(file), *WHO)
    assert "2 changes in 1 course: not saved; add --yes" in shown.out
    gpb("categories", "import", str(file), "--yes", *WHO)
    homework = group("Homework", "1001")["sections"]
    assert {(each["category_id"], each["chosen_by"]) for each in homework} == {("CAT-CLASSWORK", "A. Admin")}
    assert "0 proposals and 2 that" in gpb("categories", "propose", str(file), "1001").out


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--term", "Autumn"), "--term 'Autumn'"),
        (("9999",), "COURSE 9999: is no course of the account that goes on"),
        (("1102",), "COURSE 1102"),
        (("abc",), "abc"),
    ],
)
def test_proposals_for_what_is_not_there_are_one_clear_line(
    tmp_path: Path, given: tuple[str, ...], named: str
) -> None:
    refused = gpb("categories", "propose", str(tmp_path / "none.csv"), *given)
    assert (refused.status, refused.out) == (2, "")
    assert named in refused.err
    assert not (tmp_path / "none.csv").exists()


def write(file: Path, rows: list[dict[str, str]]) -> None:
    """As a spreadsheet saves it."""
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.DictWriter(opened, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_file_with_a_line_that_cannot_be_is_not_saved_at_all(tmp_path: Path) -> None:
    file = tmp_path / "course.csv"
    assert gpb("categories", "export", str(file), "1004").status == 0
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    rows[0] |= {"SIS category id": "CAT-QUIZ", "SIS category": ""}
    rows[1] |= {"SIS category id": "CAT-QUIZES", "SIS category": ""}
    write(file, rows)
    refused = gpb("categories", "import", str(file), "--yes", *WHO)
    assert refused.status == 2
    assert "line 3" in refused.err
    assert "Quizzes (CAT-QUIZ)" in refused.err
    assert all(each["association"] != "chosen" for each in group("Essays")["sections"])


def test_a_course_that_cannot_be_read_costs_no_other_course(tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    done = gpb("categories", "export", str(file), "9999", "1001")
    assert (done.status, "course 9999" in done.err) == (1, True)
    rows = csv.DictReader(file.read_text("utf-8-sig").splitlines())
    assert {row["course id"] for row in rows} == {"1001"}


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes("course id,Übungen".encode("latin-1"))
    refused = gpb("categories", "import", str(file), *WHO)
    assert (refused.status, "CSV UTF-8" in refused.err) == (2, True)


def test_where_canvas_takes_no_writes_it_is_saved_and_said(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = place(sandbox, "Participation")
    monkeypatch.setenv("CANVAS_API_TOKEN", "sandbox-canvas-token-without-assignments")
    done = gpb("categories", "set", *where, "--category", "CAT-PARTICIPATION", *WHO)
    assert done.status == 0
    assert "Canvas does not show it" in done.err
    assert group("Participation")["sections"][0]["association"] == "chosen"
