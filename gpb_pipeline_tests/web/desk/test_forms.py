"""The desk's forms over real HTTP: what is asked for, by whom, and each way in which it is not taken."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests as http

from gpb_pipeline.outlook import GradeCount
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.requests import NewRequest, Request
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import ALL, COURSE, ONE_ALONE, OTHER, OUTLOOK, looked, made, offer
from gpb_pipeline_tests.web.tool import Clock

pytestmark = pytest.mark.usefixtures("_as_new")
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


def teacher(sandbox: Sandbox, course: int = 1001) -> CanvasUser:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches(course)
    return browser


def token(browser: CanvasUser, url: str) -> str:
    """The session's token, as it stands in a page."""
    page = browser.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
    return page.partition('name="token" value="')[2].partition('"')[0]


def asks(
    browser: CanvasUser, url: str, kind: str, headers: dict[str, str] = FROM_HERE, **fields: Any
) -> http.Response:
    sections = {"section": ["s1", "s2"]} if kind in ("sync", "preview") else {}  # as the windows have them
    fields = {"token": token(browser, url)} | sections | fields
    course = fields.pop("course", COURSE)
    address = f"{url}/courses/{course}/ask/{kind}"
    return browser.post(address, data=fields, headers=headers, allow_redirects=False, timeout=60)


def test_a_form_becomes_a_request_by_who_is_signed_in(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    answer = asks(teacher(sandbox), url, "sync", shown=1, section=["s1", "s2"], assignment=["a1"])
    assert answer.status_code == 303
    [asked, _] = made(warehouse)
    assert answer.headers["Location"] == f"/requests/{asked.request_id}"
    assert (asked.kind, asked.asked_by, asked.asked_by_id) == ("sync", "Dana Whitfield", "55")
    assert asked.wanted == {"sections": ["s1", "s2"], "assignments": ["a1"]}


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"assignment": ["a1", "a2"]}, {"sections": ["s1", "s2"], "assignments": ["a1", "a2"]}),
        (
            {"assignment": ["a1", "a2", "a3", "a4", "x"]},
            {"sections": ["s1", "s2"], "assignments": ["a1", "a2"]},
        ),
        ({"assignment": ["a1"], "section": "s2"}, {"sections": ["s2"], "assignments": ["a1"]}),
        ({"assignment": ["a2"], "section": "s1"}, {"sections": ["s1"], "assignments": ["a2"]}),
    ],
)
def test_a_selection_is_what_is_on_the_list_by_name_also_where_it_is_all(
    url: str,
    sandbox: Sandbox,
    warehouse: Warehouse,
    read: Request,
    fields: dict[str, Any],
    wanted: dict[str, list[str]],
) -> None:
    assert asks(teacher(sandbox), url, "sync", **fields).status_code == 303
    assert made(warehouse)[0].wanted == wanted


@pytest.mark.parametrize("assignment", [[], ["a3"], ["unknown"]])
def test_nothing_to_send_is_told(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request, assignment: list[str]
) -> None:
    answer = asks(teacher(sandbox), url, "sync", assignment=assignment)
    assert answer.status_code == 400
    assert "No assignment was chosen" in answer.text
    assert f'href="/courses/{COURSE}">Back to the course' in answer.text
    assert len(made(warehouse)) == 1


@pytest.mark.parametrize("kind", ["sync", "preview"])
@pytest.mark.parametrize("section", [[], ["unknown"]])
def test_no_section_is_not_all_sections(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request, kind: str, section: list[str]
) -> None:
    browser = teacher(sandbox)
    answer = asks(browser, url, kind, section=section, assignment=["a1", "a2"])
    assert answer.status_code == 400
    assert "No section was chosen" in answer.text
    page = browser.get(
        f"{url}/courses/{COURSE}/sync?seen={read.request_id}&assignments=1&sections=0", timeout=20
    ).text
    assert "No section is chosen" in page
    assert "checked" not in page.partition("<legend>")[2].partition("</fieldset>")[0]
    assert len(made(warehouse)) == 1


def test_the_front_page_leads_to_a_course_that_was_opened_and_never_synced(
    url: str, sandbox: Sandbox
) -> None:
    page = teacher(sandbox).get(f"{url}/", timeout=60).text
    assert "Never synced" in page.partition(f'<a href="/courses/{COURSE}">')[2]


def test_a_course_that_was_never_read_is_to_be_read_first(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    browser = teacher(sandbox)
    for window in ("sync", "remaster", "categories"):
        page = browser.get(f"{url}/courses/{COURSE}/{window}", timeout=60).text
        assert "have not been read yet" in page
    assert asks(browser, url, "sync", assignment="a1").status_code == 409
    assert asks(browser, url, "read", window="remaster").headers["Location"].endswith("/remaster")
    assert asks(browser, url, "read").headers["Location"].endswith("/sync")
    assert asks(browser, url, "read", window="//evil.example").status_code == 400
    assert len(made(warehouse)) == 1  # the second click is the same request
    assert "Scheduled" in browser.get(f"{url}/courses/{COURSE}/sync", timeout=60).text


def test_what_waits_over_a_minute_says_so(url: str, sandbox: Sandbox, warehouse: Warehouse) -> None:
    early = datetime.now(UTC) - timedelta(seconds=90)
    asked = NewRequest(course_id=COURSE, kind="sync", by="Dana", by_id="55", at=early)
    request_id = warehouse.commit(requests.ask, asked)
    browser = teacher(sandbox)
    page = browser.get(f"{url}/requests/{request_id}", timeout=60).text
    assert "Click to see progress" in page
    assert "has not begun within a minute" in page
    warehouse.commit(
        requests.step, request_id, "failed", at=datetime.now(UTC), cause="Canvas refuses the <token>."
    )
    assert "Canvas refuses the &lt;token&gt;." in browser.get(f"{url}/requests/{request_id}", timeout=60).text
    assert "Failed" in browser.get(f"{url}/courses/{COURSE}", timeout=60).text


def test_categories_are_saved_as_far_as_they_changed(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    browser = teacher(sandbox)
    for wrong in ("g1:s1:c9", "g1:s9:c2", "g9:s1:c2", "nonsense"):
        assert asks(browser, url, "categories", category=wrong).status_code == 400
    assert asks(browser, url, "categories", category=["g1:s1:c2"]).status_code == 303
    edit = {"group_id": "g1", "section_id": "s1", "category_id": "c2"}
    assert made(warehouse)[0].wanted == {"edits": [edit]}
    assert asks(browser, url, "categories", category=["g1:s1:c:1"]).status_code == 303
    assert made(warehouse)[0].wanted == {"edits": []}
    assert asks(browser, url, "categories", category=["g1:s1:"]).status_code == 303
    assert made(warehouse)[0].wanted == {"edits": [edit | {"category_id": None}]}


def test_of_two_tabs_the_older_one_takes_back_nothing_that_the_other_saved(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    browser = teacher(sandbox)
    older = browser.get(f"{url}/courses/{COURSE}/categories", timeout=60).text
    drawn = older.partition('name="seen" value="')[2].partition('"')[0]
    group = OUTLOOK.groups[0]
    saved = replace(group, sections=(replace(group.sections[0], category_id="c2"),))
    newer = looked(warehouse, "categories", edits=[])
    after = replace(OUTLOOK, groups=(saved,)).as_json()
    warehouse.commit(requests.keep, newer, after, at=datetime.now(UTC))
    assert asks(browser, url, "categories", category=["g1:s1:c:1"], seen=drawn).status_code == 303
    assert made(warehouse)[0].wanted == {"edits": []}
    for wrong in ("none", looked(warehouse, "read", course=OTHER).request_id):
        answer = asks(browser, url, "categories", category=["g1:s1:c2"], seen=wrong)
        assert answer.status_code == 409


def test_the_counts_of_a_preview_come_before_a_remaster(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    browser = teacher(sandbox)
    assert asks(browser, url, "remaster", assignment=["a1"]).status_code == 409
    answer = asks(browser, url, "preview", type="remaster", assignment=["a1", "a2"])
    [asked, _] = made(warehouse)
    assert (asked.kind, asked.wanted) == ("preview", {**ALL, "type": "remaster"})
    warehouse.commit(requests.keep, asked, OUTLOOK.as_json(), at=datetime.now(UTC))
    page = browser.get(url + answer.headers["Location"], timeout=60).text
    for told in ("Would be created", "It has no due date for this section.", "Instructor", "Remaster Grades"):
        assert told in page
    assert asks(browser, url, "sync", previewed=asked.request_id).status_code == 409  # it is no sync's
    assert asks(browser, url, "remaster", previewed=asked.request_id).status_code == 303
    [remaster, *_] = made(warehouse)
    going = {"sections": ["s1", "s2"], "assignments": ["a1", "a2"]}  # by name: nothing that came since
    assert (remaster.kind, remaster.wanted) == ("remaster", going)


def test_a_preview_says_that_nothing_is_sent_and_asks_above_its_rows(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    preview = looked(warehouse, "preview", type="remaster", **ALL)
    page = teacher(sandbox).get(f"{url}/requests/{preview.request_id}", timeout=60).text
    assert "Nothing has been sent yet." in page
    assert "Completed" not in page
    assert page.count("Remaster Grades</button>") == 1
    assert page.index("Would be created") < page.index("Remaster Grades</button>") < page.index("<table")


@pytest.mark.parametrize("kind", ["sync", pytest.param("remaster", marks=pytest.mark.long)])
def test_a_preview_is_confirmed_once_and_says_so(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request, kind: str
) -> None:
    browser = teacher(sandbox)
    preview = looked(warehouse, "preview", type="remaster" if kind == "remaster" else "manual", **ALL)
    first = asks(browser, url, kind, previewed=preview.request_id).headers["Location"]
    sent = first.removeprefix("/requests/")
    for step in ("launched", "ended", None):
        page = browser.get(f"{url}/requests/{preview.request_id}", timeout=60).text
        assert "Sent for by Dana Whitfield" in page
        assert f'href="{first}">See progress' in page
        assert "Nothing has been sent yet" not in page
        assert 'name="token"' not in page
        assert asks(browser, url, kind, previewed=preview.request_id).headers["Location"] == first
        if step:
            warehouse.commit(requests.step, sent, step, at=datetime.now(UTC))
            looked(warehouse, "read", again=step)  # by which the preview is past
    another = looked(warehouse, "preview", type="remaster" if kind == "remaster" else "manual", **ALL)
    assert asks(browser, url, kind, previewed=another.request_id).headers["Location"] != first


@pytest.mark.parametrize("kind", ["sync", pytest.param("remaster", marks=pytest.mark.long)])
def test_a_preview_that_is_old_or_older_than_the_list_is_made_again(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request, kind: str
) -> None:
    browser = teacher(sandbox)
    sync_type = "remaster" if kind == "remaster" else "manual"
    preview = looked(warehouse, "preview", type=sync_type, **ALL)
    address = f"{url}/requests/{preview.request_id}"
    assert "Preview it anew" not in browser.get(address, timeout=60).text
    looked(warehouse, "read", again=True)
    for past in (preview, looked(warehouse, "preview", ago=timedelta(minutes=31), type=sync_type, **ALL)):
        page = browser.get(f"{url}/requests/{past.request_id}", timeout=60).text
        assert "Preview it anew" in page
        assert 'name="token"' not in page
        answer = asks(browser, url, kind, previewed=past.request_id)
        assert answer.status_code == 409
        assert "Preview it again" in answer.text
    for wrong in ("none", looked(warehouse, "preview", course=OTHER, type=sync_type, **ALL).request_id):
        assert asks(browser, url, kind, previewed=wrong).status_code == 409
    assert kind not in {each.kind for each in made(warehouse)}


@pytest.mark.parametrize(("window", "sync_type"), [("sync", "manual"), ("remaster", "remaster")])
def test_from_a_preview_back_is_back_to_the_choice(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request, window: str, sync_type: str
) -> None:
    browser = teacher(sandbox)
    chosen: dict[str, Any] = {"sections": ["s1"] if window == "sync" else ["s1", "s2"], "assignments": ["a2"]}
    preview = looked(warehouse, "preview", type=sync_type, **chosen)
    page = browser.get(f"{url}/requests/{preview.request_id}", timeout=60).text
    [back] = re.findall(r'href="([^"]+)">Back<', page)
    there = browser.get(url + back, timeout=60).text
    assert re.findall(r'name="assignment" value="(\w+)"[^>]* checked', there) == ["a2"]
    if window == "sync":
        assert re.findall(r'name="section" value="(\w+)" checked', there) == ["s1"]
    assert "The list is newer" not in there
    looked(warehouse, "read", again=True)
    there = browser.get(url + back, timeout=60).text
    assert re.findall(r'name="assignment" value="(\w+)"[^>]* checked', there) == ["a2"]
    assert "The list is newer than your choice" in there


def test_reading_again_keeps_what_was_chosen(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    browser = teacher(sandbox)
    window: dict[str, Any] = {"window": "sync", "shown": "1", "seen": read.request_id}
    every = asks(browser, url, "read", **window, section=["s1", "s2"], assignment=["a1", "a2"])
    assert every.headers["Location"] == f"/courses/{COURSE}/sync"
    some = asks(browser, url, "read", **window, section=["s1"], assignment=["a2"]).headers["Location"]
    looked(warehouse, "read", again=True)
    there = browser.get(url + some, timeout=60).text
    assert re.findall(r'name="assignment" value="(\w+)"[^>]* checked', there) == ["a2"]
    assert re.findall(r'name="section" value="(\w+)" checked', there) == ["s1"]
    assert "The list is newer than your choice" in there


def test_a_preview_says_of_each_assignment_what_would_become_of_it_and_counts_what_was_chosen(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    def count(assignment_id: str, state: str, number: int, code: str | None = None) -> GradeCount:
        return GradeCount(assignment_id=assignment_id, section_id="s1", state=state, code=code, count=number)

    grades = (
        count("a1", "create", 5),
        count("a1", "skipped", 2, "hidden"),
        count("a3", "skipped", 7, "assignment_not_sent"),
        count("a4", "skipped", 90, "assignment_not_sent"),
    )
    chosen: dict[str, Any] = {"sections": ["s1"], "assignments": ["a1", "a3"]}
    preview = looked(warehouse, "preview", type="manual", **chosen)
    found = replace(OUTLOOK, grades=grades).as_json()
    warehouse.commit(requests.keep, preview, found, at=datetime.now(UTC))
    text = teacher(sandbox).get(f"{url}/requests/{preview.request_id}", timeout=60).text
    page = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert "Would be created 1 Would be skipped 1 Grades Would be created 5 Would be skipped 9" in page
    assert "It has no due date for this section. Add a due date. Instructor 1 7" in page
    assert "It is hidden from the student. Post the grade. Instructor 0 2" in page
    assert "Quiz &lt;b&gt; Period 1 Would be created 5 2 It is hidden from the student." in page
    assert "Undated Period 1 Would be skipped 0 7 It has no due date for this section." in page
    assert "Twin" not in page
    assert "Period 2" not in page


def test_names_are_shown_as_they_are_and_what_cannot_go_says_why(
    url: str, sandbox: Sandbox, read: Request
) -> None:
    browser = teacher(sandbox)
    for window in ("sync", "remaster"):
        page = browser.get(f"{url}/courses/{COURSE}/{window}", timeout=60).text
        assert "Quiz &lt;b&gt;" in page
        assert "It has no due date for this section." in page
        assert page.count("disabled") == 2


def test_what_one_section_cannot_send_says_so_and_its_date_is_not_shown(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    twin = replace(offer("a2", "Essay", "s2", code="duplicate_name"), due_at="2026-11-02T05:00:00+00:00")
    seen = replace(OUTLOOK, offers=(*OUTLOOK.offers, twin))
    warehouse.commit(requests.keep, read, seen.as_json(), at=datetime.now(UTC))
    browser = teacher(sandbox)
    for window in ("sync", "remaster"):
        page = browser.get(f"{url}/courses/{COURSE}/{window}", timeout=60).text
        essay = page.partition("Essay</label>")[2].partition("</tr>")[0]
        assert f"Not for Period 2 &lt;i&gt;: {CATALOGUE[Code.DUPLICATE_NAME].cause}" in essay
        assert re.findall(r"datetime=\"([\d-]+)T", essay) == ["2026-11-20"]
        assert page.count("Not for") == 1


def test_from_a_preview_back_what_another_section_can_send_is_chosen_still(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    seen = replace(ONE_ALONE, offers=(*ONE_ALONE.offers, offer("a5", "Lab", "s2")))
    warehouse.commit(requests.keep, read, seen.as_json(), at=datetime.now(UTC))
    assert asks(teacher(sandbox), url, "preview", section=["s2"], assignment=["a1", "a2"]).status_code == 303
    assert made(warehouse)[0].wanted == {"assignments": ["a1", "a2"], "sections": ["s2"], "type": "manual"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_form_from_elsewhere_is_refused(
    url: str, sandbox: Sandbox, warehouse: Warehouse, headers: dict[str, str]
) -> None:
    browser = teacher(sandbox)
    assert asks(browser, url, "nightly", headers, enabled="true").status_code == 403
    assert made(warehouse) == []


@pytest.mark.parametrize(
    ("name", "asked_by", "asked_by_id"),
    [("user_name", "Canvas user 55", "55"), ("canvas_user_id", "Dana Whitfield", "")],
)
def test_who_asks_is_never_a_variable_that_canvas_left_as_it_is(
    url: str, sandbox: Sandbox, warehouse: Warehouse, name: str, asked_by: str, asked_by_id: str
) -> None:
    sandbox.control("canvas", "PUT", "/lti/forgery", {"custom": {name: "$Canvas.literal"}})
    browser = teacher(sandbox)
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    assert asks(browser, url, "nightly", enabled="true").status_code == 303
    [asked] = made(warehouse)
    assert (asked.asked_by, asked.asked_by_id) == (asked_by, asked_by_id)


@pytest.mark.parametrize(
    ("headers", "named", "status"),
    [
        (FROM_HERE, {}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, {}, 403),
        ({"Sec-Fetch-Site": "same-site"}, {}, 403),
        ({"Origin": "https://evil.example"}, {}, 403),
        ({}, {}, 403),
        (FROM_HERE, {"token": "guessed"}, 403),
        (FROM_HERE, {"token": []}, 403),
    ],
)
def test_a_trace_is_asked_for_by_our_own_page_and_this_session(
    url: str, sandbox: Sandbox, headers: dict[str, str], named: dict[str, Any], status: int
) -> None:
    browser = teacher(sandbox)
    fields = {"token": token(browser, url), "student": "1", "assignment": "1"} | named
    answer = browser.post(f"{url}/courses/{COURSE}/trace", data=fields, headers=headers, timeout=60)
    assert answer.status_code == status
    assert ("Every value ever sent" in answer.text) == (status == 200)


def test_an_older_browser_says_where_a_form_is_from(url: str, sandbox: Sandbox, warehouse: Warehouse) -> None:
    assert asks(teacher(sandbox), url, "nightly", {"Origin": url}, enabled="true").status_code == 303
    assert made(warehouse)[0].wanted == {"enabled": True}


def test_a_form_without_this_sessions_token_is_refused(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    browser, another = teacher(sandbox), teacher(sandbox)
    for wrong in ("", "guessed", token(another, url)):
        assert asks(browser, url, "nightly", token=wrong, enabled="true").status_code == 403
    bare = browser.post(f"{url}/courses/{COURSE}/ask/nightly", headers=FROM_HERE, timeout=60)
    assert bare.status_code == 403
    assert made(warehouse) == []


def test_another_courses_id_answers_like_none(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    browser = teacher(sandbox, 1002)
    own = browser.get(f"{url}/courses/{OTHER}/utilities", timeout=60).text
    mine = own.partition('name="token" value="')[2].partition('"')[0]
    assert asks(browser, url, "nightly", token=mine, enabled="true").status_code == 404
    for path in (f"courses/{COURSE}", f"courses/{COURSE}/sync", f"requests/{read.request_id}"):
        assert browser.get(f"{url}/{path}", timeout=60).status_code == 404
    assert len(made(warehouse)) == 1


@pytest.mark.parametrize(
    ("user", "masquerader", "told"),
    [
        (canvas_user.LOOKER, "", "Only those who may manage the grades"),
        (canvas_user.TEACHER, "99", "While you act as someone else"),
    ],
)
def test_who_may_only_look_or_acts_as_someone_else_changes_nothing(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request, user: int, masquerader: str, told: str
) -> None:
    browser = CanvasUser(sandbox, user, masquerader)
    assert browser.launches(placement="post_grades").status_code == 200  # the history
    for path in ("utilities", "sync", "remaster", "categories"):
        answer = browser.get(f"{url}/courses/{COURSE}/{path}", timeout=60)
        assert answer.status_code == 403
        assert told in answer.text
    answer = browser.post(f"{url}/courses/{COURSE}/ask/nightly", headers=FROM_HERE, timeout=60)
    assert answer.status_code == 403
    assert browser.get(f"{url}/requests/{read.request_id}", timeout=60).status_code == 200
    assert len(made(warehouse)) == 1


def test_the_data_team_looks_and_does_not_ask(url: str, warehouse: Warehouse) -> None:
    address = f"{url}/courses/{COURSE}/ask/nightly"
    answer = http.post(address, auth=("team", "hunter2"), headers=FROM_HERE, timeout=60)
    assert answer.status_code == 403
    assert http.post(address, timeout=60).status_code == 401
    assert made(warehouse) == []


def test_looking_changes_nothing_and_an_old_session_neither(
    url: str, sandbox: Sandbox, warehouse: Warehouse, clock: Clock
) -> None:
    browser = teacher(sandbox)
    mine = token(browser, url)
    typed = browser.get(f"{url}/courses/{COURSE}/ask/nightly", timeout=60)
    assert typed.status_code == 405
    assert "Nothing was asked for: go back." in typed.text
    clock.ahead = 3601
    assert asks(browser, url, "nightly", token=mine, enabled="true").status_code == 401
    assert made(warehouse) == []


def test_what_is_no_form_is_refused(url: str, sandbox: Sandbox, warehouse: Warehouse) -> None:
    browser = teacher(sandbox)
    for body, status in ((b"x" * 600_000, 413), (b"\xff", 400), (b"a=1&" * 6_000, 400)):
        answer = browser.post(f"{url}/courses/{COURSE}/ask/read", data=body, headers=FROM_HERE, timeout=60)
        assert answer.status_code == status
    assert asks(browser, url, "nonsense").status_code == 404
    assert made(warehouse) == []


@pytest.mark.parametrize("path", ["choose", "ask/read"])
@pytest.mark.parametrize("window", ["sync", "remaster"])
def test_a_choice_among_many_fits_an_address_and_is_there_again(
    url: str, sandbox: Sandbox, warehouse: Warehouse, path: str, window: str
) -> None:
    read = looked(warehouse, "read")
    ids = [f"{10**17 + number}" for number in range(300)]
    long = replace(OUTLOOK, offers=tuple(offer(each, f"Work {each}") for each in ids))
    warehouse.commit(requests.keep, read, long.as_json(), at=datetime.now(UTC))
    browser = teacher(sandbox)
    chosen = [each for number, each in enumerate(ids) if number % 3]
    drawn = {"window": window, "shown": "1", "seen": read.request_id, "type": "remaster" * (window != "sync")}
    fields = drawn | {"token": token(browser, url), "assignment": chosen, "section": ["s1"], "sort": "-due"}
    answer = browser.post(
        f"{url}/courses/{COURSE}/{path}", data=fields, headers=FROM_HERE, allow_redirects=False, timeout=20
    )
    assert answer.status_code == 303
    assert len(answer.headers["Location"]) < 300
    there = browser.get(url + answer.headers["Location"], timeout=60).text
    assert sorted(re.findall(r'name="assignment" value="(\w+)"[^>]* checked', there)) == chosen
    assert 'aria-sort="descending"' in there
    if window == "sync":
        assert re.findall(r'name="section" value="(\w+)" checked', there) == ["s1"]


def test_what_has_no_date_is_last_whichever_way_it_is_sorted(
    url: str, sandbox: Sandbox, warehouse: Warehouse, read: Request
) -> None:
    browser = teacher(sandbox)
    for sort in ("due", "-due"):
        page = browser.get(f"{url}/courses/{COURSE}/sync?sort={sort}", timeout=60).text
        assert re.findall(r'name="assignment" value="(\w+)"', page)[-1] == "a3"


def test_a_list_of_a_thousand_assignments_is_one_page(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    read = looked(warehouse, "read")
    long = replace(OUTLOOK, offers=tuple(offer(f"x{n}", f"Work {n}") for n in range(1000)))
    warehouse.commit(requests.keep, read, long.as_json(), at=datetime.now(UTC))
    browser = teacher(sandbox)
    assert browser.get(f"{url}/courses/{COURSE}/sync", timeout=60).text.count("<tr") == 1001
    chosen = [f"x{n}" for n in range(999)]
    assert asks(browser, url, "sync", assignment=chosen).status_code == 303
    assert len(made(warehouse)[0].wanted["assignments"]) == 999
