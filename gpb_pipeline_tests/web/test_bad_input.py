"""Every parameter, form field and header of every page, with what makes no sense: a 4xx page that names it.

The names come from the application: its routes, what a handler reads of its address and headers (written down
while it reads), and the forms of our own pages. So what is added later is tried too.
"""

import asyncio
import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.routing import Route
from starlette.types import ASGIApp

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.web import front
from gpb_pipeline.web.access import SECURITY_HEADERS
from gpb_pipeline.web.wishes import WANTED
from gpb_pipeline_tests.warehouse.syncs import algebra, put_course, put_sync
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import COURSE, looked, made
from gpb_pipeline_tests.web.tool import empty_warehouse, tool_served

UNREADABLE = ("%00", "%0A", "%7F", "%ED%A0%80", "%FF", "x" * 5_000)
TWO = "1&{}=2"
UNKNOWN = ("%F0%9F%98%80", "'%20OR%201=1%20--", "-1", "0", "9" * 400, "NaN", "1e999", "../etc/passwd", "<b>")
HEADERS = ("", "\xe9", "Basic \xe9", "Basic !!!", "Bearer \xe9", "[", ";=;", "x" * 5_000)
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Pages:
    """The pages over HTTP as a teacher of one course reaches them, who came from Canvas."""

    browser: CanvasUser
    url: str
    app: Starlette
    warehouse: Warehouse
    request_id: str

    def paths(self, method: str = "GET", **other: str) -> list[str]:
        """The addresses of all routes; `other` stands in the place of a part that is there."""
        given = {"course_id": COURSE, "job_id": "j1", "request_id": self.request_id, "kind": "sync"} | other
        return [each.path.format(**given) for each in self.routes(method)]

    def routes(self, method: str = "GET") -> list[Route]:
        return [
            each for each in self.app.routes if isinstance(each, Route) and method in (each.methods or ())
        ]

    def get(self, path: str) -> requests.Response:
        return self.browser.get(self.url + path, timeout=60)

    def post(self, path: str, **fields: Any) -> requests.Response:
        address = self.url + path
        return self.browser.post(address, data=fields, headers=FROM_HERE, timeout=20, allow_redirects=False)

    def token(self) -> str:
        """The session's, as it stands in a page."""
        return (
            self.get(f"/courses/{COURSE}/utilities")
            .text.partition('name="token" value="')[2]
            .partition('"')[0]
        )

    def reads(self, path: str) -> list[str]:
        """The names that a page's handler, and all before it, reads of its address."""
        with noted(QueryParams) as names:
            assert self.get(path).status_code < 500
        return sorted(names)


@contextmanager
def noted(of: type) -> Iterator[set[str]]:
    names: set[str] = set()

    def noting(method: Any) -> Callable[..., Any]:
        def read(mapping: Any, name: str, *rest: Any) -> Any:
            names.add(name.lower())
            return method(mapping, name, *rest)

        return read

    with pytest.MonkeyPatch.context() as patch:
        for method in ("get", "getlist", "__getitem__", "__contains__"):
            patch.setattr(of, method, noting(getattr(of, method)), raising=False)
        yield names


class Fields(HTMLParser):
    """The names of all fields of a page's forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names = set[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("name")
        if tag in ("input", "select", "button", "textarea") and name:
            self.names.add(name)


def fault(answer: requests.Response, name: str, *, refused: bool = False) -> str | None:
    """What is wrong with an answer to nonsense in `name`; if that must be `refused`, also that it was not."""
    missing = {each for each in SECURITY_HEADERS if each not in answer.headers} - {"X-Frame-Options"}
    if answer.status_code >= 500 or missing or "Traceback" in answer.text:
        return f"{answer.status_code}, without {sorted(missing)}"
    if refused and answer.status_code < 400:
        return f"{answer.status_code}, and not refused"
    named = f">{name}: " if name not in ("", "address") else name  # no tag's name, such as <section>
    if answer.status_code in (400, 413) and named not in answer.text:
        return f"{answer.status_code}, and {name} is not named"
    if answer.headers.get("Content-Type", "").startswith("text/csv") and answer.text.count("\r\n") > 1:
        return "rows that were not asked for"
    return None


@pytest.fixture(scope="module")
def pages(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder, kept = tmp_path_factory.mktemp("nonsense"), list[Starlette]()

    def keep(app: ASGIApp) -> ASGIApp:
        assert isinstance(app, Starlette)
        kept.append(app)
        return app

    with empty_warehouse(folder) as warehouse:
        put_course(warehouse, COURSE, "Algebra I")
        put_sync(warehouse, "j1", algebra(), course_id=COURSE)
        read = looked(warehouse, "read")
        with tool_served(sandbox, warehouse, folder, around=keep) as url:
            browser = CanvasUser(sandbox, canvas_user.TEACHER)
            browser.launches()
            yield Pages(browser, url, kept[0], warehouse, read.request_id)


def test_no_page_breaks_on_a_parameter_or_shows_more_than_was_asked_for(pages: Pages) -> None:
    """Each parameter meets what cannot be read, and in turn two things at once and what nobody has."""
    unreadable, unclear = cycle(UNREADABLE), cycle((*UNKNOWN, TWO))
    asked, faults = 0, []
    for path in pages.paths():
        for name in pages.reads(path):
            for value in (next(unreadable), next(unclear)):
                asked += 1
                query = f"{name}={value.format(name)}"
                refused = value in (*UNREADABLE, TWO)
                wrong = fault(pages.get(f"{path}?{query}"), name, refused=refused)
                faults += [f"{path}?{query[:40]}: {wrong}"] if wrong else []
    assert faults == []
    assert asked > 100


def test_every_nonsense_is_met_by_one_filter(pages: Pages) -> None:
    found = {value: pages.get(f"/syncs/j1/grades?section={value}") for value in (*UNREADABLE, *UNKNOWN)}
    assert [(value, wrong) for value, answer in found.items() if (wrong := fault(answer, "section"))] == []
    assert {value[:5] for value, answer in found.items() if answer.status_code == 400} == {
        value[:5] for value in UNREADABLE
    }


def test_no_part_of_an_address_breaks_a_page(pages: Pages) -> None:
    parts = {name for route in (*pages.routes(), *pages.routes("POST")) for name in route.param_convertors}
    faults = []
    for name in sorted(parts):
        known = {*pages.paths(), *pages.paths("POST")}
        for value in ("%00", "%FF", "%F0%9F%98%80", "'%20OR%201=1%20--", "x" * 5_000):
            for method in ("GET", "POST"):
                for path in {*pages.paths(method, **{name: value})} - known:
                    answer = pages.get(path) if method == "GET" else pages.post(path)
                    wrong = fault(answer, "address" if answer.status_code == 400 else "", refused=True)
                    faults += [(method, path[:40], wrong)] if wrong else []
    assert faults == []
    assert len(parts) == 4


def test_no_form_breaks_on_a_field_or_asks_for_what_it_refuses(pages: Pages) -> None:
    shown = [pages.get(path) for path in pages.paths()]
    names = set[str]().union(
        *(Fields(each.text).names for each in shown if each.text.startswith("<!doctype"))
    )
    assert {"token", "section", "assignment", "category", "enabled", "window", "type", "student"} <= names
    token = pages.token()
    right = {"token": token, "section": ["s1"], "shown": "1", "assignment": ["a1"], "enabled": "true"}
    paths = [each for kind in ("read", *WANTED, "none") for each in pages.paths("POST", kind=kind)]
    faults, before = [], len(made(pages.warehouse))
    asking = sorted({each for each in paths if not each.startswith("/lti/")})
    for path in asking:
        for name in sorted(names):
            wrong = fault(pages.post(path, **(right | {name: "\0"})), name, refused=True)
            faults += [f"{path} {name}: {wrong}"] if wrong else []
    assert len(made(pages.warehouse)) == before
    unclear = cycle(("\U0001f600", ["1", "2"], "' OR 1=1 --", "x" * 500))
    for path, name, value in zip(cycle(asking), sorted(names), unclear, strict=False):  # each once, somewhere
        wrong = fault(pages.post(path, **(right | {name: value})), "")
        faults += [f"{path} {name}={value}: {wrong}"] if wrong else []
    assert faults == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("nightly", {"enabled": "maybe"}),
        ("nightly", {"enabled": ["true", "false"]}),
        ("nightly", {"enabled": []}),
        ("categories", {"category": []}),
        ("categories", {"category": ["g1:s1:c2", "g1:s1:"]}),
        ("read", {"sort": "sideways"}),
        ("read", {"view": ["s1", "s2"]}),
        ("read", {"window": "elsewhere"}),
        ("sync", {"type": ["remaster", "manual"]}),
        ("sync", {"type": "everything"}),
        ("sync", {"seen": ["1", "2"]}),
        ("remaster", {"previewed": ["1", "2"]}),
    ],
)
def test_a_field_that_is_one_of_a_few_words_is_refused_by_its_name(
    pages: Pages, kind: str, fields: dict[str, Any]
) -> None:
    token = pages.token()
    before = len(made(pages.warehouse))
    sent = {"token": token, "section": ["s1"], "shown": "1", "assignment": ["a1"]} | fields
    answer = pages.post(f"/courses/{COURSE}/ask/{kind}", **sent)
    assert answer.status_code == 400
    assert f">{next(iter(fields))}: " in answer.text
    assert len(made(pages.warehouse)) == before


@pytest.mark.parametrize(
    ("fields", "missing"), [({"student": "7"}, "assignment"), ({"assignment": "7"}, "student")]
)
def test_a_trace_of_half_a_question_names_the_field_that_is_missing(
    pages: Pages, fields: dict[str, str], missing: str
) -> None:
    answer = pages.post(f"/courses/{COURSE}/trace", token=pages.token(), **fields)
    assert answer.status_code == 400
    assert f"{missing}: is missing." in answer.text


def test_no_launch_breaks_on_a_field(pages: Pages, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    begun = browser.begins()
    for form in (begun, browser.comes_back(begun)):
        for name in form.fields:
            for value in ("", "\0", "\U0001f600", "x" * 100_000, ["1", "2"]):
                sent = form.fields | {name: value}
                answer = browser.post(form.action, data=sent, timeout=20, allow_redirects=False)
                assert fault(answer, "") is None
                assert answer.status_code < 400 or "Grade Sync did not open" in answer.text
                assert answer.status_code >= 400 or value not in ("\0", ["1", "2"])


def test_a_name_in_canvas_is_text_of_one_line_here(pages: Pages, sandbox: Sandbox) -> None:
    """It goes into the history and a run's tags."""
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    odd = {"custom": {"user_name": "Da\nna\0"}}
    sandbox.control("canvas", "PUT", "/lti/forgery", odd)
    try:
        assert browser.launches().status_code == 200
    finally:
        sandbox.control("canvas", "PUT", "/lti/forgery", {})
    theirs = replace(pages, browser=browser)
    assert (
        theirs.post(f"/courses/{COURSE}/ask/nightly", token=theirs.token(), enabled="false").status_code
        == 303
    )
    assert made(pages.warehouse)[0].asked_by == "Da na"


def test_who_leaves_in_the_middle_of_a_form_is_no_fault_of_ours(pages: Pages) -> None:
    """Else the server's log has a traceback for each; the application is called as the server calls it."""
    told: list[Any] = []
    events: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"token=", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return next(events)

    async def send(message: Any) -> None:
        told.append(message.get("status"))

    cookie = "; ".join(f"{each.name}={each.value}" for each in pages.browser.cookies)
    headers = {"host": urlsplit(pages.url).netloc, "cookie": cookie, "sec-fetch-site": "same-origin"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/courses/{COURSE}/ask/sync",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(pages.app(scope, receive, send))
    assert told[0] == 400


def test_no_header_breaks_a_page(pages: Pages) -> None:
    host = urlsplit(pages.url)
    with noted(Headers) as names:
        pages.post(f"/courses/{COURSE}/ask/sync")
        pages.get("/static/page.css")
        requests.get(pages.url, timeout=60)
    assert {"authorization", "cookie", "sec-fetch-site", "if-none-match"} <= names
    faults = []
    for name in sorted(names | {"host", "content-type"}):
        for values in (*((value,) for value in HEADERS), ("1", "2")):
            wire = http.client.HTTPConnection(str(host.hostname), host.port, timeout=60)
            wire.putrequest(
                "GET", "/static/page.css" if name.startswith("if-") else "/", skip_host=name == "host"
            )
            for value in values:
                wire.putheader(name, value.encode("latin-1"))
            wire.endheaders()
            answer = wire.getresponse()
            is_http = b"Invalid HTTP" not in answer.read()  # what the server itself refuses reaches no page
            if answer.status >= 500 or (is_http and "X-Content-Type-Options" not in answer.headers):
                faults.append(f"{name}: {values[0][:20]}: {answer.status}")
            wire.close()
    assert faults == []


def test_a_fault_of_ours_is_told_in_a_page_with_the_headers_of_all_pages(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_their_courses", lambda *_: 1 / 0)
    answer = pages.get("/")
    assert answer.status_code == 500
    assert "This page has a fault of its own." in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
