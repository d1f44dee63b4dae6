"""A teacher of one section, over real HTTP: their part of every page and file, and each way to another's."""

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests as http

from gpb_pipeline.outlook import CauseCount, GradeCount, Outlook, SectionRow
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.sandbox.canvas.lti import CLAIM
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import history, requests
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import Begun, End
from gpb_pipeline.warehouse.requests import NewRequest, Request
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import algebra, put_course, put_sync
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import ALL, COURSE, OTHER, OUTLOOK, looked, made, offer
from gpb_pipeline_tests.web.tool import empty_warehouse

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
OF_OTHERS = ("Period 2", "SIS-s2", "HYPERLINK", "invaliddata", "assignment_refused", 'value="s2"', "Theirs")
"""What stands on a page of the whole course, and is of the other section."""
PAGES = (
    "/",
    f"/courses/{COURSE}",
    f"/courses/{COURSE}/utilities",
    f"/courses/{COURSE}/sync",
    f"/courses/{COURSE}/sync?seen={{seen}}&sections=1&assignments=10",
    f"/courses/{COURSE}/categories",
    "/syncs/j1",
    "/syncs/j1/issues",
    "/syncs/j1/filtered",
    "/syncs/j1/assignments",
    "/syncs/j1/grades",
    "/syncs/j1/grades?student=1",
    "/syncs/j1/issues.csv",
    "/syncs/j1/assignments.csv",
    "/syncs/j1/grades.csv",
)
GROUP = OUTLOOK.groups[0]
THEIRS = SectionRow(
    section_id="s2",
    section_name="Period 2",
    sis_section_id="SIS-s2",
    category_id=None,
    offered=("c:1",),
)
REFUSED = CauseCount(code="assignment_refused", section_id="s2", assignment_id="a9", count=77)
WANTED: dict[str, Any] = {**ALL, "assignments": [*ALL["assignments"], "a9"], "type": "manual"}
SEEN: Outlook = replace(
    OUTLOOK,
    offers=(*OUTLOOK.offers, offer("a9", "Theirs", "s2")),
    grades=(
        *OUTLOOK.grades,
        GradeCount(assignment_id="a9", section_id="s2", state="failed", code="assignment_refused", count=77),
    ),
    causes=(
        *OUTLOOK.causes,
        REFUSED,
    ),
    groups=(replace(GROUP, sections=(*GROUP.sections, THEIRS)),),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A course that was synced, in two sections."""
    with empty_warehouse(tmp_path_factory.mktemp("limited")) as opened:
        put_course(opened, COURSE)
        put_course(opened, OTHER, "Biology")
        put_sync(opened, "j1", algebra(), course_id=COURSE)
        yield opened


@pytest.fixture
def preview(warehouse: Warehouse, _as_new: None) -> Request:
    """A look at the whole course that somebody else asked for; the list of the windows too."""
    for kind in ("read", "preview"):
        found = looked(warehouse, kind, **WANTED)
        warehouse.commit(requests.keep, found, SEEN.as_json(), at=datetime.now(UTC))
    return found


def signs_in(sandbox: Sandbox, sections: str = "s1", course: int = int(COURSE)) -> CanvasUser:
    browser = CanvasUser(sandbox, canvas_user.LIMITED)
    sandbox.control("canvas", "PUT", "/lti/forgery", {"custom": {"section_ids": sections}})
    assert browser.launches(course).status_code == 200
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    return browser


def asks(browser: CanvasUser, url: str, kind: str, **fields: Any) -> http.Response:
    page = browser.get(f"{url}/courses/{COURSE}/sync", timeout=60).text
    token = page.partition('name="token" value="')[2].partition('"')[0]
    address = f"{url}/courses/{COURSE}/ask/{kind}"
    sent = {"token": token, "section": "s1"} | fields  # as their window has it
    return browser.post(address, data=sent, headers=FROM_HERE, allow_redirects=False, timeout=60)


@pytest.mark.usefixtures("preview")
def test_what_failed_in_the_last_sync_is_told_of_their_section_alone(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    going = GradeCount(assignment_id="a2", section_id="s1", state="create", code=None, count=3)
    seen = replace(SEEN, offers=(*SEEN.offers, offer("a2", "Essay", "s2")), grades=(going,))
    found = looked(warehouse, "read")
    warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
    whole = CanvasUser(sandbox, canvas_user.TEACHER)
    whole.launches()
    window = f"{url}/courses/{COURSE}/sync"
    assert "assignment_refused" in whole.get(window, timeout=60).text
    page = signs_in(sandbox).get(window, timeout=60).text
    assert "student_not_on_roster" in page
    assert "assignment_refused" not in page


def test_every_page_and_file_is_of_their_section_alone(url: str, sandbox: Sandbox, preview: Request) -> None:
    limited, whole = signs_in(sandbox), CanvasUser(sandbox, canvas_user.TEACHER)
    whole.launches()
    told = set()
    for each in (*PAGES, f"/requests/{preview.request_id}"):
        path = each.format(seen=preview.request_id)
        answer = limited.get(url + path, timeout=60)
        assert answer.status_code == 200, path
        assert [word for word in OF_OTHERS if word in answer.text] == [], path
        page = whole.get(url + path, timeout=60).text
        told |= {word for word in OF_OTHERS if word in page}
    assert told == set(OF_OTHERS)  # and to those of the whole course it is shown
    past_their_list = "/syncs/j1/grades?student=3"
    assert limited.get(url + past_their_list, timeout=60).status_code == 400
    assert whole.get(url + past_their_list, timeout=60).status_code == 200


def test_every_count_is_of_their_section_alone(url: str, sandbox: Sandbox, preview: Request) -> None:
    browser = signs_in(sandbox)

    def page(path: str) -> str:
        text = browser.get(url + path, timeout=60).text
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())

    assert "1 of 1 100 % 2 of 3 66.7 %" in page(f"/courses/{COURSE}")
    assert "Sections 1 Assignments 2 Grades 5" in page("/syncs/j1")
    assert "Sections 1 1" in page("/syncs/j1/filtered")
    assert "Would fail" not in page(f"/requests/{preview.request_id}")
    front = page("/")
    assert "roster of the SIS's class. 1 grade" in html.unescape(front)
    assert "It has no due date for this section. 1 assignment, for which 1 grade waits" in front
    for name, count in (("issues", 3), ("assignments", 3), ("grades", 6)):
        text = browser.get(f"{url}/syncs/j1/{name}.csv", timeout=60).text
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == count, name
        assert {row["SIS section id"] for row in rows} == {"SIS-s1"}


def test_a_sync_that_shares_the_rows_of_an_earlier_one_shows_their_part_too(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    def equal(session: Connection) -> None:
        history.begin(
            session, [Begun(job_id="j2", course_id=COURSE, type="nightly", posted_by="Admin", at=NOON)]
        )
        counts = Counts.of(algebra())
        end = End(job_id="j2", at=NOON, status="Completed", counts=counts, judged_in="j1")
        history.end(session, [end])

    warehouse.commit(equal)
    browser = signs_in(sandbox)
    page = browser.get(f"{url}/syncs/j2/grades", timeout=60).text
    assert "Ada Lovelace" in page
    assert [word for word in OF_OTHERS if word in page] == []
    told = re.sub(r"<[^>]+>", " ", browser.get(f"{url}/courses/{COURSE}", timeout=60).text)
    assert "0 of 0" in " ".join(told.split())  # it wrote nothing itself


def test_a_trace_is_of_what_was_sent_for_their_section(url: str, sandbox: Sandbox, preview: Request) -> None:
    browser = signs_in(sandbox)

    page = browser.get(f"{url}/syncs/j1/grades", timeout=60).text
    token = page.partition('name="token" value="')[2].partition('"')[0]

    def traced(student: str) -> str:
        asked = {"token": token, "student": student, "assignment": "a1"}
        return browser.post(f"{url}/courses/{COURSE}/trace", data=asked, headers=FROM_HERE, timeout=60).text

    assert "9.5" in traced("u1")
    other = traced("u3")
    assert "Nothing was ever sent for it." in other
    assert "No sync on record has seen it." in other
    assert "HYPERLINK" not in other
    assert "the data team sees why" in traced("u1")  # no Canvas is set for these pages
    assert "Who graded it in Canvas" not in other


@pytest.mark.parametrize(
    "path",
    [
        "/syncs/j1/grades?section=s2",
        "/syncs/j1/assignments?section=s2",
        "/syncs/j1/grades.csv?section=s2",
        "/syncs/j1/assignments.csv?section=s2",
        "/syncs/j1/issues.csv?section=s2",
        "/syncs/j1/issues.csv?section=none",
        f"/courses/{COURSE}/sync?seen={{seen}}&sections=2",
        f"/courses/{COURSE}/sync?seen={{seen}}&sections=3",
        f"/courses/{COURSE}/sync?view=s2",
    ],
)
def test_another_sections_id_in_an_address_answers_like_none(
    url: str, sandbox: Sandbox, preview: Request, path: str
) -> None:
    address = url + path.format(seen=preview.request_id)
    assert signs_in(sandbox).get(address, timeout=60).status_code == 404


@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        ("sync", {"section": "s2", "assignment": ["a1"]}, 404),
        ("sync", {"section": ["s1", "s2"], "assignment": ["a1"]}, 404),
        ("sync", {"assignment": ["a9"]}, 400),
        ("sync", {"previewed": "theirs"}, 404),
        ("sync", {"previewed": "none"}, 409),
        ("sync", {"section": [], "assignment": ["a1"]}, 400),
        ("preview", {"section": "s2", "assignment": ["a1"]}, 404),
        ("preview", {"type": "remaster", "assignment": ["a1"]}, 403),
        ("remaster", {"previewed": "theirs"}, 403),
        ("remaster", {"section": ["s1"], "assignment": ["a1"]}, 403),
        ("nightly", {"enabled": "true"}, 403),
        ("categories", {"category": "g1:s2:c:1"}, 400),
        ("categories", {"category": ["g1:s1:c2", "g1:s2:"]}, 400),
    ],
)
def test_what_is_not_theirs_cannot_be_asked_for(
    url: str,
    sandbox: Sandbox,
    warehouse: Warehouse,
    preview: Request,
    kind: str,
    fields: dict[str, Any],
    status: int,
) -> None:
    if fields.get("previewed") == "theirs":
        fields = {"previewed": preview.request_id}
    assert asks(signs_in(sandbox), url, kind, **fields).status_code == status
    assert len(made(warehouse)) == 2


def test_all_that_they_post_is_their_section_by_name(
    url: str, sandbox: Sandbox, warehouse: Warehouse, preview: Request
) -> None:
    browser = signs_in(sandbox)
    assert asks(browser, url, "sync", assignment=["a1", "a2"]).status_code == 303
    assert made(warehouse)[0].wanted == {"sections": ["s1"], "assignments": ["a1", "a2"]}
    answer = asks(browser, url, "preview", assignment=["a1"])
    [asked, *_] = made(warehouse)
    assert asked.wanted == {"sections": ["s1"], "assignments": ["a1"], "type": "manual"}
    warehouse.commit(requests.keep, asked, SEEN.as_json(), at=datetime.now(UTC))
    own = browser.get(url + answer.headers["Location"], timeout=60).text
    assert "Post Grades" in own
    assert "Theirs" not in own
    assert asks(browser, url, "sync", previewed=asked.request_id).status_code == 303
    assert made(warehouse)[0].wanted == {"sections": ["s1"], "assignments": ["a1"]}


def test_their_categories_are_saved_and_the_labels_are_of_their_section(
    url: str, sandbox: Sandbox, warehouse: Warehouse, preview: Request
) -> None:
    browser = signs_in(sandbox)
    page = browser.get(f"{url}/courses/{COURSE}/categories", timeout=60).text
    assert "Synchronized" in page
    assert "unassociated section" not in page
    assert asks(browser, url, "categories", category="g1:s1:c2").status_code == 303
    edit = {"group_id": "g1", "section_id": "s1", "category_id": "c2"}
    assert made(warehouse)[0].wanted == {"edits": [edit]}


def test_what_others_asked_for_is_told_and_cannot_be_repeated_for_all(
    url: str, sandbox: Sandbox, warehouse: Warehouse, preview: Request
) -> None:
    browser = signs_in(sandbox)
    assert "Post Grades" not in browser.get(f"{url}/requests/{preview.request_id}", timeout=60).text
    now = datetime.now(UTC)
    asked = NewRequest(course_id=COURSE, kind="sync", by="Dana", by_id="55", at=now)
    failed = warehouse.commit(requests.ask, asked)
    warehouse.commit(requests.step, failed, "failed", at=now, cause="Section Period 2 is gone.")
    page = browser.get(f"{url}/requests/{failed}", timeout=60).text
    assert "Failed" in page
    assert "Period 2" not in page


def test_the_remaster_and_the_nightly_switch_are_of_the_whole_course(
    url: str, sandbox: Sandbox, preview: Request
) -> None:
    browser = signs_in(sandbox)
    page = browser.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
    assert "A teacher of the whole course switches it." in page
    assert 'role="switch"' not in page
    assert "/remaster" not in page
    assert browser.get(f"{url}/courses/{COURSE}/remaster", timeout=60).status_code == 403


def test_who_has_no_section_sees_no_row(url: str, sandbox: Sandbox, preview: Request) -> None:
    browser = signs_in(sandbox, "$Canvas.course.sectionIds")
    for path in ("/syncs/j1/grades", "/syncs/j1/grades.csv", "/syncs/j1/issues", "/syncs/j1"):
        page = browser.get(url + path, timeout=60).text
        assert [word for word in ("Ada", "Period 1", "SIS-s1", *OF_OTHERS) if word in page] == []
    assert asks(browser, url, "sync", assignment=["a1"]).status_code == 404
    assert asks(browser, url, "sync", section=[], assignment=["a1"]).status_code == 400


@pytest.mark.parametrize(
    "said", [{"section_restricted": "$Canvas.course.sectionRestricted"}, {"section_restricted": None}, {}]
)
def test_who_is_not_said_to_be_unlimited_is_limited(
    url: str, sandbox: Sandbox, preview: Request, said: dict[str, Any]
) -> None:
    custom = {
        "canvas_course_id": COURSE,
        "canvas_user_id": str(canvas_user.LIMITED),
        "permissions": "view_all_grades,manage_grades",
        "section_ids": "s1",
    }
    browser = CanvasUser(sandbox, canvas_user.LIMITED)
    sandbox.control("canvas", "PUT", "/lti/forgery", {"claims": {CLAIM + "custom": custom | said}})
    assert browser.launches(int(COURSE)).status_code == 200
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    page = browser.get(f"{url}/syncs/j1/grades", timeout=60).text
    assert "Ada Lovelace" in page
    assert [word for word in OF_OTHERS if word in page] == []


def test_a_limit_is_of_its_course_and_of_the_latest_launch(
    url: str, sandbox: Sandbox, preview: Request
) -> None:
    browser = signs_in(sandbox, "s7", int(OTHER))
    sandbox.control("canvas", "PUT", "/lti/forgery", {"custom": {"section_restricted": "false"}})
    browser.launches(int(COURSE))
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    assert "Period 2" in browser.get(f"{url}/syncs/j1/grades", timeout=60).text
    sandbox.control("canvas", "PUT", "/lti/forgery", {"custom": {"section_ids": "s1"}})
    browser.launches(int(COURSE))
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    assert "Period 2" not in browser.get(f"{url}/syncs/j1/grades", timeout=60).text
