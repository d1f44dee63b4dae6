"""The pages as anyone's HTTP client gets them: what they say, what they count, what they leave out."""

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest

from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.settings import CanvasSettings, NightlySettings, WebSettings
from gpb_pipeline.warehouse import history, log_pages
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Begun
from gpb_pipeline.warehouse.locks import commit_turn
from gpb_pipeline.warehouse.log_pages import ASSIGNMENTS, GRADES
from gpb_pipeline_tests.canvas.script import scripted
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import outcome, put_sync
from gpb_pipeline_tests.web.conftest import Client, Serve
from gpb_pipeline_tests.web.serving import served

HISTORY_COLUMNS = [
    "Type",
    "Time Started",
    "Time Updated",
    "Posted By",
    "Stage",
    "SIS Assignments",
    "SIS Grades",
    "Status",
    "Assignments",
]


def cells(page: str, tag: str = "td") -> list[list[str]]:
    """Take the rows of a page's tables apart, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, flags=re.DOTALL)
    return [
        [
            " ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split())
            for cell in re.findall(rf"<{tag}[ >].*?</{tag}>", row, flags=re.DOTALL)
        ]
        for row in rows
    ]


def test_the_history_has_the_manuals_columns_ten_a_page_newest_first(client: Client) -> None:
    page = client.page("/courses/1")
    assert cells(page, "th")[0] == HISTORY_COLUMNS
    rows = cells(page)[1:]
    assert len(rows) == 10
    assert rows[0] == [
        "Mar 2, 2026, 12:00 PM EST",
        "Mar 2, 2026, 12:00 PM EST",
        "Ms. Frizzle",
        "Verify",
        "2 of 3 66.7 %",
        "3 of 4 75 %",
        "Completed (with errors) Details",
        "2",
    ]
    assert "Page 1 of 2" in page
    assert len(cells(client.page("/courses/1?page=2"))) == 1 + 2
    assert client.page("/courses/1?page=99") == client.page("/courses/1?page=2")


def test_the_history_says_when_the_next_nightly_sync_is_or_that_there_is_none(
    client: Client, serve: Serve
) -> None:
    told = html.unescape(re.sub(r"<[^>]+>", "", client.page("/courses/1")))
    assert "Next nightly sync: Mar 2, 2026, 10:00 PM EST" in told
    assert "Nightly sync is off for this course." in client.page("/courses/2")
    with Client(serve(NightlySettings(enabled=False))) as off:
        assert "Nightly syncs are switched off for the institution." in off.page("/courses/1")


def test_every_count_is_the_sum_of_its_log(client: Client, warehouse: Warehouse) -> None:
    page = client.page("/syncs/j1")
    logged = {
        "assignments": warehouse.read(log_pages.states, ASSIGNMENTS, "j1"),
        "grades": warehouse.read(log_pages.states, GRADES, "j1"),
    }
    for tab, states in logged.items():
        for state, count in states.items():
            pattern = rf'href="/syncs/j1/{tab}\?state={state}".*?<b>(\d+)</b>'
            (shown,) = re.findall(pattern, page)
            assert int(shown) == count
            listed = client.page(f"/syncs/j1/{tab}?state={state}")
            assert re.search(rf">{count} rows?<", listed)


def test_issues_say_type_message_stage_count_what_to_do_and_who(client: Client) -> None:
    rows = cells(client.page("/syncs/j1/issues"))[1:]
    assert rows[0] == [
        "Error assignment",
        "The SIS refused it. assignment_refused",
        "Post Assignments",
        "1",
        "See the SIS's own words: in `gpb details`, or by Logs on its page.",
        "SIS admin",
        "Logs",
    ]
    assert len(rows) == 4
    assert [row[3] for row in rows] == [
        "1",
        "1",
        "1",
        "1 1 grade waits",
    ]  # told with its cause, and no row of its own


def test_each_count_of_a_cause_opens_the_rows_that_it_counts(client: Client) -> None:
    page = client.page("/syncs/j1/issues")
    counts = re.findall(r'href="(/syncs/j1/\w+\?code=\w+)"[^>]*>(\d+)', page)
    assert len(counts) == 5
    for address, count in counts:
        listed = client.page(address)
        assert re.search(rf">{count} rows?<", listed), address
        assert "Remove filter Cause: " in listed


def test_filtered_data_stands_beside_what_was_extracted(client: Client) -> None:
    rows = cells(client.page("/syncs/j1/filtered"))[1:]
    assert [row[:2] for row in rows] == [["3", "2"], ["5", "2"], ["40", "6"]]


def test_the_download_is_what_is_displayed_and_a_spreadsheet_reads_it(client: Client) -> None:
    query = "?student=2&sort=grade&order=desc"
    shown = cells(client.page(f"/syncs/j1/grades{query}"))[1:]
    answer = client.get(f"{client.url}/syncs/j1/grades.csv{query}&for=spreadsheet", timeout=60)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["assignment name"] for row in rows] == [row[0] for row in shown]
    assert [row["submitted score"] for row in rows] == ["9.5", "5", "0"]
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="grades-j1.csv"' in answer.headers["Content-Disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert not client.get(f"{client.url}/syncs/j1/grades.csv", timeout=60).content.startswith(b"\xef")
    issues = client.page("/syncs/j1/issues.csv?code=no_due_date")
    assert issues.count("\r\n") == 2
    assert "'=HYPERLINK" in client.page("/syncs/j1/grades.csv")
    assert client.page("/syncs/j1/assignments.csv?state=failed").count("\r\n") == 2


def test_names_are_text_and_not_markup(client: Client) -> None:
    assert "Lab &lt;b&gt;1&lt;/b&gt;" in client.page("/syncs/j1/grades")
    assert "Biology &lt;i&gt;" in client.page("/")


def courses(page: str) -> list[str]:
    return re.findall(r'<a href="/courses/(\d+)"', page)


def test_the_front_has_a_row_a_course_that_is_unresolved_with_cause_and_who(client: Client) -> None:
    page = client.page("/")
    assert cells(page, "(?:td|th)")[1:] == [
        [
            "Failed",
            "Biology <i> 2",
            "Canvas refuses the token, or the token may not do all that a sync needs.",
            "Canvas admin",
            "Mar 2, 2026, 12:00 PM EST",
            "Off",
        ],
        [
            "Completed (with errors)",
            "Algebra I 1",
            "The SIS refused it. 1 assignment " + _ROSTER + " 1 grade and 2 more",
            "SIS admin, Instructor",
            "Mar 2, 2026, 12:00 PM EST",
            "On",
        ],
    ]
    assert 'href="/syncs/j1/assignments?code=assignment_refused"' in page  # where each is told
    assert 'href="/syncs/j1/grades?code=student_not_on_roster"' in page
    assert 'href="/syncs/j1/issues"' in page
    assert "Its assignment was not sent" not in page


_ROSTER = "The student is not on the roster of the SIS's class."


def test_a_course_leaves_the_front_when_its_latest_sync_is_all_right(client: Client) -> None:
    assert "3" not in courses(client.page("/"))
    assert courses(client.page("/?status=Completed&q=Chemistry")) == ["3"]
    assert "No course matches" in client.page("/?status=Running")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=bio", ["2"]),
        ("q=3", ["3"]),
        ("code=assignment_refused", ["1"]),
        ("who=Canvas+admin", ["2"]),
        ("status=Failed", ["2"]),
        ("status=With+warnings", ["1"]),
        ("status=Failed&who=instructor", []),
    ],
)
def test_the_front_is_filtered_by_cause_who_status_and_name(
    client: Client, query: str, found: list[str]
) -> None:
    assert courses(client.page(f"/?{query}")) == found


def test_each_count_of_the_front_opens_the_courses_that_it_counts(client: Client) -> None:
    page = client.page("/")
    statuses = re.findall(r'href="(/\?status=[^"]+)"[^>]*><b>(\d+)', page)
    others = re.findall(r'href="(/\?(?:code|who)=[^"]+)"[^>]*>in (\d+) course', page)
    assert len(statuses) == 8
    assert len(others) > 3
    for address, count in [*statuses, *others]:
        assert len(courses(client.page(html.unescape(address)))) == int(count), address


@pytest.mark.parametrize("path", ["/courses/2", "/syncs/stopped", "/syncs/stopped/issues"])
def test_a_failed_syncs_cause_is_told_to_its_teacher_and_apart_to_who_must_act(
    client: Client, path: str
) -> None:
    page = client.page(path)
    told = [" ".join(each.split()) for each in re.split(r"<[^>]+>", html.unescape(page)) if each.strip()]
    assert (
        "The sync stopped. Canvas refuses the token, or the token may not do all that a sync needs." in told
    )
    assert any("There is nothing that you need to change in your course" in each for each in told)
    assert (
        told[told.index("For the Canvas admin:") + 1]
        == "course 2: Canvas answered 403. Give the permissions."
    )


def traced(client: Client, course_id: str) -> str:
    asked = {"student": "u1", "assignment": "a1"}
    return client.post(f"{client.url}/courses/{course_id}/trace", data=asked, timeout=60).text


def test_a_grade_is_traced_to_what_was_sent(client: Client) -> None:
    page = traced(client, "1")
    assert "Quiz, Ada Lovelace" in page
    assert cells(page)[1][1:5] == ["Created", "9.5", "Period 1", "Ms. Frizzle Manual"]
    assert "score 9.5, submission graded, posted at Mar 2, 2026, 12:00 PM EST" in page
    assert "Nothing was ever sent for it." in traced(client, "4")
    assert "What Canvas said then" not in client.page("/courses/1/trace")
    assert "CANVAS_BASE_URL: is not set" in page
    assert "Who graded it" not in traced(client, "4")


def test_a_trace_tells_who_graded_it_in_canvas(warehouse: Warehouse) -> None:
    def event(n: int, student: str | None, before: str) -> dict[str, object]:
        sides = {"grade_before": before, "grade_after": "9.5", "graded_anonymously": True}
        links = {"student": student, "grader": "5"}
        return {"id": f"e{n}", "created_at": f"2026-03-0{n}T12:00:00Z", "links": links, **sides}

    events = [event(3, "u1", "8"), event(2, "u2", "7"), event(1, None, "6")]
    body = {"events": events, "linked": {"users": [{"id": 5, "name": "Ms. Frizzle"}]}}
    with scripted() as canvas:
        status, headers, _ = canvas.page()
        canvas.answers = [(status, headers, json.dumps(body))]
        settings = CanvasSettings(base_url=canvas.url, api_token="t")
        with (
            served(warehouse, WebSettings(), NightlySettings(), canvas=lambda: settings) as url,
            Client(url) as reader,
        ):
            page = traced(reader, "1")
    grader = "Ms. Frizzle without seeing whose work it is"
    assert cells(page)[-1] == ["Mar 3, 2026, 7:00 AM EST", grader, "8", "9.5"]
    assert "graded anonymously" in page
    assert "u1" not in "".join(canvas.asked)


def test_each_look_at_students_is_on_record_and_no_student_in_it(
    client: Client, warehouse: Warehouse
) -> None:
    def written() -> list[dict[str, str]]:
        files = sorted(warehouse.settings.looks_folder.glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    before = len(written())
    for path in ("grades?student=2", "grades.csv?student=2", "issues.csv", "assignments", "issues", ""):
        client.page(f"/syncs/j1/{path}".rstrip("/"))
    traced(client, "1")
    new = written()[before:]
    assert [each["page"] for each in new] == ["grades", "grades.csv", "issues.csv", "trace"]
    assert {(each["who"], each["course_id"]) for each in new} == {("data team", "1")}
    assert [each["job_id"] for each in new] == ["j1", "j1", "j1", None]
    assert not re.search("Ada|u1|u2|student", json.dumps(new))


def test_no_address_on_a_page_names_a_student(client: Client) -> None:
    for path in ("/syncs/j1/grades", "/syncs/j1/grades?student=2", "/syncs/j1/issues", "/courses/1"):
        addresses = re.findall(r'(?:href|action)="([^"]*)"', client.page(path))
        assert not [each for each in addresses if re.search(r"=u\d", html.unescape(each))]
    assert "student: is not a number" in client.page("/syncs/j1/grades?student=u1", 400)
    assert "student: is not a number of the list" in client.page("/syncs/j1/grades.csv?student=99", 400)
    assert client.page("/syncs/j1/grades?student=2").count("Why?") == 3


@pytest.mark.parametrize("kind", ["reconcile", "retract"])
def test_a_job_of_any_type_is_shown(client: Client, warehouse: Warehouse, kind: SyncType) -> None:
    put_sync(warehouse, f"a-{kind}", outcome(), course_id="6", type=kind)
    assert kind.capitalize() in client.page("/courses/6")
    assert kind.capitalize() in client.page(f"/syncs/a-{kind}")


@pytest.mark.parametrize("path", ["/courses/9", "/syncs/none", "/syncs/none/grades.csv", "/nothing"])
def test_what_is_not_there_is_told_in_a_page(client: Client, path: str) -> None:
    assert "Not found" in client.page(path, 404)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sort=nonsense", "sort: is not one of what there is."),
        ("page=-3", "page: is not a number from 1."),
        ("page=9999999999", "page: is not a number from 1."),
        ("log=maybe", "log: is not one of what there is."),
        ("state=failed&state=created", "state: is given as two things."),
        ("state=%00", "state: has characters that are no text."),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_by_its_name(client: Client, query: str, told: str) -> None:
    assert told in client.page(f"/syncs/j1/grades?{query}", 400)


def test_no_page_can_change_anything(client: Client) -> None:
    for path in ("/", "/courses/1", "/syncs/j1", "/syncs/j1/grades"):
        for method in ("POST", "PUT", "DELETE"):
            assert client.request(method, client.url + path, timeout=60).status_code == 405


def test_a_job_that_died_shows_as_failed_and_no_page_waits_for_a_writer_to_say_so(
    client: Client, warehouse: Warehouse
) -> None:
    at = NOON + timedelta(minutes=1)
    dead = Begun(job_id="dead", course_id="3", type="manual", posted_by="Ms. Frizzle", at=at)
    warehouse.commit(history.begin, [dead])
    with commit_turn(warehouse.settings):  # a page that waited for its own would never answer
        for path in ("/?status=Running", "/courses/3", "/syncs/dead"):
            assert "Running" in client.page(path)
        assert [job.job_id for job in warehouse.read(history.open_jobs)] == ["dead"]
    assert "Failed" in client.page("/syncs/dead")
    assert warehouse.read(history.open_jobs) == []
