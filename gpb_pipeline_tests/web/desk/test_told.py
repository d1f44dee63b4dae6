"""What those who teach are told: why something came to nothing, what they can do, whom to ask; no command."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gpb_pipeline.outlook import CauseCount, GradeCount
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import history, requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Begun, End
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import algebra, assignment, outcome, put_course, put_stop, put_sync
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import ALL, COURSE, OTHER, OUTLOOK, asked, looked, offer
from gpb_pipeline_tests.web.tool import empty_warehouse

COMMAND = re.compile(r"gpb |--[a-z]|\b(SIS|GPB|CANVAS)_[A-Z_]+|[Oo]perator|the next sync tries again")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A course with a sync of every kind of cause, and one whose last sync stopped."""
    with empty_warehouse(tmp_path_factory.mktemp("told")) as opened:
        put_course(opened, COURSE)
        put_course(opened, OTHER, "Biology")
        put_sync(opened, "j1", algebra(), course_id=COURSE)
        put_stop(opened, "stopped", course_id=OTHER)
        yield opened


@pytest.fixture
def teacher(sandbox: Sandbox, _as_new: None) -> CanvasUser:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    for course in (COURSE, OTHER):
        browser.launches(int(course))
    return browser


def words(page: str) -> str:
    """Give what a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_no_page_of_theirs_has_a_command(url: str, teacher: CanvasUser, warehouse: Warehouse) -> None:
    every = [offer(f"x{n}", f"Of {code}", "s1", code.value) for n, code in enumerate(CATALOGUE)]
    told = [CauseCount(code=code.value, section_id="s1", assignment_id="a1", count=1) for code in CATALOGUE]
    seen = replace(OUTLOOK, offers=(*OUTLOOK.offers, *every), causes=tuple(told))
    for kind in ("read", "preview"):
        wanted = ALL | {"type": "manual", "assignments": [each.assignment_id for each in seen.offers]}
        found = looked(warehouse, kind, **wanted)
        warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
    windows = [f"/courses/{COURSE}/{each}" for each in ("sync", "remaster", "categories", "utilities")]
    syncs = [f"/syncs/{each}{tab}" for each in ("j1", "stopped") for tab in ("", "/issues", "/assignments")]
    pages = ["/", "/differences", f"/courses/{COURSE}", f"/courses/{OTHER}", *windows, *syncs]
    for path in (*pages, f"/requests/{found.request_id}"):
        said = words(teacher.get(url + path, timeout=60).text)
        assert COMMAND.findall(said) == [], path
    for sync in ("j1", "stopped"):
        log = teacher.get(f"{url}/syncs/{sync}/issues.csv", timeout=60).text
        assert COMMAND.findall(log) == []
        assert "There is nothing that you need to change in your course" in log or sync == "j1"
    meaning = CATALOGUE[Code.GONE_HELD]
    assert meaning.cause in said
    assert meaning.to_instructor in said


@pytest.mark.usefixtures("_as_new")
def test_their_list_of_courses_says_what_to_do_and_is_no_data_teams(url: str, teacher: CanvasUser) -> None:
    page = words(teacher.get(f"{url}/", timeout=60).text)
    assert "Algebra I 1001 Completed (with errors)" in page
    assert "It is marked Missing and has no score. 1 grade Enter a score, or excuse the student." in page
    for theirs in ("Who must act", "Most common causes", "Unresolved", "Filter"):
        assert theirs not in page


def test_who_runs_the_pipeline_has_the_command(url: str, sandbox: Sandbox, warehouse: Warehouse) -> None:
    told = CauseCount(code="gone_held", section_id=None, assignment_id=None, count=1)
    seen = replace(OUTLOOK, causes=(told,), offers=(*OUTLOOK.offers, offer("x", "X", "s1", "gone_held")))
    wanted = ALL | {"type": "manual", "assignments": ["x"]}
    found = looked(warehouse, "preview", **wanted)
    warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
    proxied = CanvasUser(sandbox, canvas_user.TEACHER)
    secret = {"Authorization": "Bearer hunter2"}
    said = words(proxied.get(f"{url}/requests/{found.request_id}", headers=secret, timeout=60).text)
    assert CATALOGUE[Code.GONE_HELD].remedy in said
    said = words(proxied.get(f"{url}/syncs/stopped", headers=secret, timeout=60).text)
    assert "For the Canvas admin: course 1002: Canvas answered 403. Give the permissions." in said


@pytest.mark.parametrize(
    ("code", "cause", "told"),
    [
        (
            "canvas_access",
            "CANVAS_API_TOKEN: Canvas refuses the token. Set it to one that has not expired.",
            "it is for the Canvas admin. Ask again when it is mended. canvas_access",
        ),
        (
            "canvas_unavailable",
            "course 1001: Canvas answered 503. The next sync tries again.",
            "Canvas did not answer. Ask again in a few minutes; if it stays so, tell the data team.",
        ),
        (
            "course_unpublished",
            "course 1001: unpublished. Publish it.",
            "Publish it in Canvas first.",
        ),
        ("usage", "course 1001, sections: the course has no section 7. See `gpb", "Read the course again"),
        ("unexpected", "course 1001: a fault of the pipeline. Report it.", "it is for the data team."),
    ],
)
def test_what_came_to_nothing_says_why_and_who_can_mend_it(
    url: str, teacher: CanvasUser, warehouse: Warehouse, code: str, cause: str, told: str
) -> None:
    failed = asked(warehouse, "read")
    now = datetime.now(UTC)
    warehouse.commit(requests.step, failed, "failed", at=now, cause=cause, code=code)
    for path in (f"/requests/{failed}", f"/courses/{COURSE}/sync", f"/courses/{COURSE}/categories"):
        said = words(teacher.get(url + path, timeout=60).text)
        assert told in said, path
        assert cause not in said
        assert COMMAND.findall(said) == []


def test_what_failed_and_was_asked_for_again_is_not_told_any_more(
    url: str, teacher: CanvasUser, warehouse: Warehouse
) -> None:
    early = timedelta(minutes=5)
    failed = [asked(warehouse, "read", ago=early), asked(warehouse, "sync", ago=early, assignments=["a1"])]
    for each in failed:
        warehouse.commit(
            requests.step, each, "failed", at=datetime.now(UTC) - early, cause="No.", code="usage"
        )
    asked(warehouse, "sync", assignments=["a2"])
    assert "/requests/" + failed[0] in teacher.get(f"{url}/courses/{COURSE}", timeout=60).text
    looked(warehouse, "read")
    page = teacher.get(f"{url}/courses/{COURSE}", timeout=60).text
    assert "/requests/" + failed[0] not in page
    assert "/requests/" + failed[1] in page  # another wish was


def test_what_the_last_sync_could_not_send_is_told_where_it_is_to_be_sent_again(
    url: str, teacher: CanvasUser, warehouse: Warehouse
) -> None:
    going = GradeCount(assignment_id="a2", section_id="s1", state="create", code=None, count=3)
    seen = replace(OUTLOOK, offers=(*OUTLOOK.offers, offer("a2", "Essay", "s2")), grades=(going,))
    for kind in ("read", "preview"):
        found = looked(warehouse, kind, **ALL, type="manual")
        warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
    refused = "It failed in the last sync: The SIS refused it. assignment_refused "
    refused += f"{CATALOGUE[Code.ASSIGNMENT_REFUSED].to_instructor} Who: SIS admin. It is tried again."
    grade = "1 grade failed in the last sync: " + CATALOGUE[Code.STUDENT_NOT_ON_ROSTER].cause
    preview, window = f"{url}/requests/{found.request_id}", f"{url}/courses/{COURSE}/sync"
    rows = [words(each) for each in teacher.get(preview, timeout=60).text.split("<tr>")]
    for section, told in (("Period 1", grade), ("Period 2 <i>", refused)):
        assert [told in each for each in rows if each.startswith(f"Essay {section}")] == [True]
    assert sum("in the last sync" in each for each in rows) == 2  # and of no other
    for address in (window, f"{url}/courses/{COURSE}/remaster"):
        said = words(teacher.get(address, timeout=60).text)
        assert said.count("in the last sync") == 2, address
        assert refused in said
        assert grade in said

    put_stop(warehouse, "away", course_id=COURSE)  # it sent nothing, and changes nothing
    assert refused in words(teacher.get(preview, timeout=60).text)
    put_sync(
        warehouse,
        "mended",
        outcome(assignments=[assignment("s2", "a2", "created")]),
        course_id=COURSE,
        at=NOON + timedelta(hours=1),
        status="Completed",
    )
    for address in (preview, window):
        assert "in the last sync" not in teacher.get(address, timeout=60).text


def test_a_failed_sync_and_its_cause_are_there_at_once(
    url: str, teacher: CanvasUser, warehouse: Warehouse
) -> None:
    now = datetime.now(UTC)
    request = asked(warehouse, "sync")
    warehouse.commit(requests.step, request, "launched", at=now, job_id="fails")
    warehouse.commit(
        history.begin, [Begun(job_id="fails", course_id=COURSE, type="manual", posted_by="Dana", at=now)]
    )
    cause = "CANVAS_API_TOKEN: Canvas refuses the token. Set it anew."
    end = End(
        job_id="fails", at=now, status="Failed", counts=Counts.none(), code="canvas_access", cause=cause
    )
    warehouse.commit(history.end, [end])
    page = words(teacher.get(f"{url}/requests/{request}", timeout=60).text)  # its run has not ended yet
    assert "Failed" in page
    assert "it is for the Canvas admin" in page


def test_categories_of_one_title_are_told_apart_and_why_none_was_taken_is_told(
    url: str, teacher: CanvasUser, warehouse: Warehouse
) -> None:
    [group] = OUTLOOK.groups
    row = replace(
        group.sections[0],
        category_id=None,
        code="category_ambiguous",
        offered=("c:1", "c2", "c3"),
        apart={"c:1": "of every class, c:1", "c3": "of every class, c3"},
    )
    seen = replace(
        OUTLOOK,
        groups=(replace(group, sections=(row,)),),
        categories={"c:1": "Homework", "c2": "Labs", "c3": "Homework"},
    )
    found = looked(warehouse, "read")
    warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
    page = words(teacher.get(f"{url}/courses/{COURSE}/categories", timeout=60).text)
    offered = "Unassociated Homework (of every class, c:1) Labs Homework (of every class, c3)"
    assert offered in page
    assert "The SIS has several categories of its assignment group's name." in page


def test_a_preview_tells_of_a_chosen_assignment_that_is_there_no_more(
    url: str, teacher: CanvasUser, warehouse: Warehouse
) -> None:
    gone = CauseCount(code="left_course", section_id="s1", assignment_id="a2", count=1)
    whole = CauseCount(code="mass_change", section_id=None, assignment_id=None, count=1)
    offers = tuple(each for each in OUTLOOK.offers if each.assignment_id != "a2")
    found = looked(warehouse, "preview", **ALL, type="manual")
    seen = replace(OUTLOOK, offers=offers, causes=(gone, whole))
    warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
    page = words(teacher.get(f"{url}/requests/{found.request_id}", timeout=60).text)
    assert "An assignment that was chosen is not in the course any more; what else was chosen goes." in page
    assert CATALOGUE[Code.MASS_CHANGE].cause in page


def test_a_course_that_is_not_published_says_so_before_anything_is_posted(
    url: str, teacher: CanvasUser, warehouse: Warehouse
) -> None:
    seen = replace(OUTLOOK, stop="course_unpublished")
    kinds: tuple[requests.RequestKind, ...] = ("read", "preview")
    for kind in kinds:
        found = looked(warehouse, kind, **ALL, type="manual")
        warehouse.commit(requests.keep, found, seen.as_json(), at=datetime.now(UTC))
        path = f"/requests/{found.request_id}" if kind == "preview" else f"/courses/{COURSE}/sync"
        page = teacher.get(url + path, timeout=60).text
        assert "The course is not published. Nothing of it is sent as it is. Publish it in" in words(page)
        assert ("Post Grades</button>" in page) is (kind == "read")


@pytest.mark.parametrize("chosen", [["a1", "gone"], ["a1", "a2", "gone"]], ids=["some", "all"])
def test_what_was_deleted_since_the_list_was_read_is_told_by_name(
    url: str, teacher: CanvasUser, warehouse: Warehouse, chosen: list[str]
) -> None:
    offers = (*OUTLOOK.offers, offer("gone", "Field <trip>"))
    orphan = assignment("s1", "a3", "skipped", "assignment_orphan") | {"assignment_id": "gone"}
    held = outcome([assignment("s1", "a1", "created"), assignment("s1", "a2", "unchanged"), orphan])
    put_sync(warehouse, f"held-{len(chosen)}", held, course_id=COURSE)
    listed = looked(warehouse, "read")
    warehouse.commit(requests.keep, listed, replace(OUTLOOK, offers=offers).as_json(), at=datetime.now(UTC))
    synced = asked(warehouse, "sync", assignments=chosen, sections=["s1", "s2"])
    pages = []
    for job in (None, "j1", f"held-{len(chosen)}"):
        warehouse.commit(requests.step, synced, "launched", at=datetime.now(UTC), job_id=job)
        pages.append(words(teacher.get(f"{url}/requests/{synced}", timeout=60).text))
    assert "Field" not in pages[0]
    for page in pages[1:]:
        assert "it is left out: Field <trip> . What else was chosen went." in page
    every = ALL | {"assignments": ["a1", "a2", "gone"], "type": "manual"}
    previewed = looked(warehouse, "preview", **every)
    seen = replace(OUTLOOK, offers=(*OUTLOOK.offers, offer("gone", "Field", code="assignment_orphan")))
    warehouse.commit(requests.keep, previewed, seen.as_json(), at=datetime.now(UTC))
    page = words(teacher.get(f"{url}/requests/{previewed.request_id}", timeout=60).text)
    assert "it is left out: Field <trip> ." in page


@pytest.mark.usefixtures("_as_new")
def test_another_courses_sync_file_and_trace_answer_like_none_inside_canvass_frame(
    url: str, sandbox: Sandbox
) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches(int(OTHER))
    tabs = ("", "/issues", "/filtered", "/assignments", "/grades", "/issues.csv", "/grades.csv")
    for path in (*(f"/syncs/j1{tab}" for tab in tabs), "/syncs/none", "/requests/none"):
        answer = browser.get(url + path, timeout=60)
        assert answer.status_code == 404, path
        assert "frame-ancestors http://127.0.0.1" in answer.headers["Content-Security-Policy"]
    traced = {"student": "1", "assignment": "1"}
    assert browser.post(f"{url}/courses/{COURSE}/trace", data=traced, timeout=60).status_code == 404


@pytest.mark.usefixtures("_as_new")
def test_who_looks_through_someone_elses_account_is_on_record_with_both(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER, masquerader="99")
    browser.launches(int(COURSE))
    assert browser.get(f"{url}/syncs/j1/grades", timeout=60).status_code == 200
    kept = "".join(each.read_text() for each in warehouse.settings.looks_folder.glob("*.jsonl"))
    assert "Dana Whitfield (Canvas user 55, through Canvas user 99)" in kept


@pytest.mark.usefixtures("_as_new")
def test_names_from_a_launch_are_text_and_not_markup(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    sandbox.control("canvas", "PUT", "/lti/forgery", {"custom": {"user_name": "<b>Dana</b>"}})
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches(int(COURSE))
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    page = browser.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
    form = {"token": page.partition('name="token" value="')[2].partition('"')[0], "enabled": "true"}
    address = f"{url}/courses/{COURSE}/ask/nightly"
    browser.post(address, data=form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
    page = browser.get(f"{url}/courses/{COURSE}", timeout=60).text
    assert "asked by &lt;b&gt;Dana&lt;/b&gt;" in page
