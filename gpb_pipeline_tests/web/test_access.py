"""Who gets in, and what they see: over the wire, and the rules by themselves."""

import base64
import http.client
from urllib.parse import urlsplit

import pytest
from starlette.datastructures import Headers

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WebSettings
from gpb_pipeline.web.access import SECURITY_HEADERS, Refusal, Viewer, admit, assure_guarded
from gpb_pipeline_tests.web.conftest import Client, Serve

PATHS = ("/", "/courses/1", "/syncs/j1", "/syncs/j1/grades", "/syncs/j1/grades.csv", "/static/page.css")


@pytest.fixture(scope="module")
def secret(serve: Serve) -> str:
    return serve(secret="hunter2")


@pytest.fixture(scope="module")
def proxied(serve: Serve) -> str:
    return serve(user_header="X-Forwarded-User")


def test_nothing_is_shown_without_the_secret(secret: str) -> None:
    with Client(secret) as client:
        for path in PATHS:
            assert "secret" in client.page(path, 401)
        answer = client.get(secret, timeout=60)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        client.page("/", 401, auth=("anyone", "wrong"))
        client.page("/", 200, auth=("anyone", "hunter2"))
        client.page("/", 200, headers={"Authorization": "Bearer hunter2"})


def test_a_proxys_user_sees_the_courses_that_it_allows_and_no_other(proxied: str) -> None:
    teacher = {"X-Forwarded-User": "frizzle", "X-GPB-Courses": "2, 7"}
    with Client(proxied) as client:
        page = client.page("/", headers=teacher)
        assert "Biology" in page
        assert "Algebra" not in page
        client.page("/courses/2", headers=teacher)
        for path in ("/courses/1", "/courses/1/trace", *PATHS[2:5]):
            unseen = client.page(path, 404, headers=teacher)
            assert "Ada" not in unseen
        for path in PATHS:
            client.page(path, 401)
        everything = {"X-Forwarded-User": "admin", "X-GPB-Courses": "*"}
        assert "Algebra" in client.page("/", headers=everything)
        assert "No course is here for you yet." in client.page("/", headers={"X-Forwarded-User": "new"})


def test_every_answer_carries_the_headers_that_keep_browsers_from_harm(client: Client, secret: str) -> None:
    for url in (client.url, f"{client.url}/static/page.js", f"{client.url}/nothing", secret):
        answer = client.get(url, timeout=60)
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_name_that_someone_pointed_at_this_machine_is_refused(client: Client) -> None:
    client.page("/", 400, headers={"Host": "evil.example:8080"})
    client.page("/", 400, headers={"Host": "[nonsense"})


@pytest.mark.parametrize(
    ("site", "status"),
    [(None, 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("none", 403)],
)
def test_a_trace_that_another_page_asks_for_is_refused(client: Client, site: str | None, status: int) -> None:
    told = {"Sec-Fetch-Site": site} if site else {}
    asked = {"student": "u1", "assignment": "a1"}
    answer = client.post(f"{client.url}/courses/1/trace", data=asked, headers=told, timeout=60)
    assert answer.status_code == status
    assert ("Ada Lovelace" in answer.text) == (status == 200)


def headers(**named: str) -> Headers:
    return Headers({name.replace("_", "-"): value for name, value in named.items()})


@pytest.mark.parametrize("name", ["X-Forwarded-User", "X-GPB-Courses"])
def test_a_header_of_the_proxys_that_a_client_sent_too_lets_nobody_in(proxied: str, name: str) -> None:
    """A proxy that adds to what came, where it should replace it, would let a client's `*` win."""
    for first, second in (("*", "2"), ("2", "*")):
        wire = http.client.HTTPConnection(urlsplit(proxied).netloc, timeout=60)
        wire.putrequest("GET", "/")
        for header in {"X-Forwarded-User", "X-GPB-Courses"} - {name}:
            wire.putheader(header, "2")
        wire.putheader(name, first)
        wire.putheader(name, second)
        wire.endheaders()
        answer = wire.getresponse()
        told = answer.read().decode()
        assert (answer.status, told) == (
            400,
            f"{name} came twice: the proxy must replace what a client sends.",
        )
        assert answer.headers["X-Frame-Options"] == "DENY"
        wire.close()
    joined = {"X-Forwarded-User": "frizzle", "X-GPB-Courses": "2, *"}
    with Client(proxied) as client:
        assert "both * and courses" in client.page("/", 400, headers=joined)


def test_a_proxys_headers_are_believed_from_its_address_alone() -> None:
    settings = WebSettings(user_header="X-User", trusted_proxies="10.0.0.5")
    told = headers(x_user="frizzle", x_gpb_courses="*")
    assert admit(settings, told, "10.0.0.5") == Viewer(None, name="frizzle")
    assert isinstance(admit(settings, told, "10.0.0.6"), Refusal)


def test_with_a_secret_and_a_proxy_both_are_asked_for() -> None:
    settings = WebSettings(user_header="X-User", secret="hunter2")
    basic = "Basic " + base64.b64encode(b"proxy:hunter2").decode()
    both = headers(x_user="frizzle", x_gpb_courses="1", authorization=basic)
    assert admit(settings, both, "127.0.0.1") == Viewer(frozenset({"1"}), name="frizzle")
    assert isinstance(admit(settings, headers(x_user="frizzle"), "127.0.0.1"), Refusal)
    assert isinstance(admit(settings, headers(authorization=basic), "127.0.0.1"), Refusal)


@pytest.mark.parametrize(
    "value",
    ["", "Basic", "Basic !!!", "Basic aHVudGVyMg==", "Digest hunter2", "hunter2", "Basic é", "Bearer é"],
)
def test_a_malformed_secret_is_none(value: str) -> None:
    settings = WebSettings(secret="hunter2")
    assert isinstance(admit(settings, headers(authorization=value), "127.0.0.1"), Refusal)


def test_beyond_this_machine_something_must_be_asked_for() -> None:
    with pytest.raises(SettingsError, match="GPB_WEB_HOST"):
        assure_guarded(WebSettings(host="0.0.0.0"))  # noqa: S104  what is refused
    assure_guarded(WebSettings(host="0.0.0.0", secret="hunter2"))  # noqa: S104
    assure_guarded(WebSettings(host="0.0.0.0", user_header="X-User"))  # noqa: S104
    assure_guarded(WebSettings())
