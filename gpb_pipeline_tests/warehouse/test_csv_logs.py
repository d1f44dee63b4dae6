import csv
import io
import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from gpb_pipeline.passback.spreadsheet import from_cell
from gpb_pipeline.warehouse import csv_logs, history
from gpb_pipeline.warehouse.csv_logs import IssueLines
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.log_pages import Column, Wanted
from gpb_pipeline_tests.warehouse.syncs import ZONE, algebra, assignment, outcome, put_course, put_sync


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def job(session: Connection, job_id: str = "j") -> Job:
    found = history.job(session, job_id)
    assert found is not None
    return found


def filled(warehouse: Warehouse) -> Warehouse:
    put_course(warehouse)
    put_sync(warehouse, "j", algebra())
    return warehouse


def test_the_three_files_have_the_columns_and_rows_that_were_promised(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "logs"
    written = filled(warehouse).read(lambda session: csv_logs.write(session, job(session), ZONE, folder))
    assert [path.name for path in written] == ["issues.csv", "assignments.csv", "grades.csv"]
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in written} == {"600"}
    issues, assignments, grades = (rows(path.read_text(encoding="utf-8")) for path in written)
    assert [len(issues), len(assignments), len(grades)] == [5, 5, 8]
    (refused,) = [row for row in issues if row["code"] == "assignment_refused"]
    assert refused == {
        "type": "assignment",
        "code": "assignment_refused",
        "severity": "error",
        "stage": "Post Assignments",
        "message": "The SIS refused it.",
        "remedy": "See the SIS's own words: in `gpb details`, or by Logs on its page.",
        "assignment id": "a2",
        "assignment name": "Essay",
        "section id": "s2",
        "SIS section id": "SIS-s2",
        "student id": "",
        "student name": "",
        "SIS error": "invaliddata: no such category",
    }
    (sent,) = [row for row in grades if row["state"] == "updated"]
    assert sent == {
        "Canvas assignment id": "a1",
        "assignment name": "Quiz",
        "assignment SIS id": "li-s1-a1",
        "submitted score": "8",
        "exempt": "false",
        "state": "updated",
        "code": "",
        "Canvas section id": "s1",
        "SIS section id": "SIS-s1",
        "student Canvas id": "u2",
        "student name": "Blaise Pascal",
    }
    assert {row["due date"] for row in assignments} == {"", "2026-03-02T12:00:00-05:00"}


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "grades.csv").write_text("of yesterday")
    (folder / "grades.csv").chmod(0o644)
    written = filled(warehouse).read(lambda session: csv_logs.write(session, job(session), ZONE, folder))
    assert {oct(path.stat().st_mode)[-3:] for path in written} == {"600"}
    assert sorted(folder.iterdir()) == sorted(written)
    assert "of yesterday" not in written[-1].read_text(encoding="utf-8")


def test_no_cell_is_a_formula_and_a_number_stays_one(warehouse: Warehouse) -> None:
    grades = rows(filled(warehouse).read(csv_logs.grades, "j", Wanted(student="u3")))
    assert {row["student name"] for row in grades} == {"'=HYPERLINK(0)"}
    assert {row["submitted score"] for row in grades} == {"-1", ""}


@given(st.text())
@example("Doe;=1+1")
def test_whatever_a_name_is_it_comes_back_and_begins_no_formula(name: str) -> None:
    read = list(csv.reader(io.StringIO(csv_logs.text(["x", "y"], [[name, 1.5]]), newline="")))[1]
    assert from_cell(read[0]) == name.removeprefix("'")
    assert not read[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert not re.search(r'[;\t\r\n][\s"]*[=+@＝＋－＠-]', read[0])


def test_the_file_is_what_is_displayed(warehouse: Warehouse) -> None:
    wanted = Wanted(section="s1", sort=Column.STUDENT, descending=True)
    grades = rows(filled(warehouse).read(csv_logs.grades, "j", wanted))
    assert {row["Canvas section id"] for row in grades} == {"s1"}
    assert [row["student name"] for row in grades] == ["Blaise Pascal"] * 3 + ["Ada Lovelace"] * 3


def test_the_issues_of_one_row_include_those_of_its_assignment(warehouse: Warehouse) -> None:
    put_sync(warehouse, "j", algebra())
    row = IssueLines(section="s1", assignment="a3", student="u1")
    text = warehouse.read(lambda session: csv_logs.issues(session, job(session), row))
    assert [each["code"] for each in rows(text)] == ["assignment_not_sent", "no_due_date"]
    one = warehouse.read(
        lambda session: csv_logs.issues(session, job(session), IssueLines(code="no_due_date"))
    )
    assert [each["assignment id"] for each in rows(one)] == ["a3"]


def test_names_that_the_logs_lack_are_left_empty(warehouse: Warehouse) -> None:
    put_sync(warehouse, "j", outcome([assignment("s1", "a1", "created")], issues=[{"code": "class_unknown"}]))
    (line,) = rows(warehouse.read(lambda session: csv_logs.issues(session, job(session))))
    assert (line["assignment name"], line["student name"]) == ("", "")
