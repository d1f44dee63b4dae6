"""Tokens, retries and faults, as they happen on the wire."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from gpb_pipeline import pooled_session
from gpb_pipeline.errors import PermanentError, SettingsError, TransientError
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.errors import AccessError, RefusedError, UnavailableError, UnknownOutcome
from gpb_pipeline.sis.refusals import RETRY_AFTER_MIN, retry_after
from gpb_pipeline.sis.transport import ATTEMPTS
from gpb_pipeline_tests.canvas.script import scripted
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import BASE, CutShort, OneRosterServer, Running
from gpb_pipeline_tests.sis.samples import LINE_ITEM, RESULT

BUSY = {"Retry-After": "0"}


def test_the_token_is_asked_for_once_without_a_scope_in_1p1(sis: OneRosterServer, connect: Connect) -> None:
    client = connect()
    client.put_line_item(LINE_ITEM)
    client.put_result(RESULT)
    assert sis.token_forms == [{"grant_type": ["client_credentials"]}]


@pytest.mark.parametrize(
    ("settings", "scopes"),
    [({}, 4), ({"scope": "https://example.org/all"}, 1)],
    ids=["those that are used", "as set"],
)
def test_1p2_asks_for_scopes(
    sis: OneRosterServer, connect: Connect, settings: dict[str, Any], scopes: int
) -> None:
    connect(dialect="oneroster-1.2", **settings).put_line_item(LINE_ITEM)
    assert len(sis.token_forms[0]["scope"][0].split()) == scopes


def test_an_expired_token_is_renewed_once_and_the_same_write_replayed(
    sis: OneRosterServer, connect: Connect
) -> None:
    client = connect()
    client.put_line_item(LINE_ITEM)
    sis.live_token = None
    client.put_result(RESULT)
    assert len(sis.token_forms) == 2
    refused, replayed = sis.seen[-2:]
    assert (refused.path, refused.body) == (replayed.path, replayed.body)


def test_threads_that_are_refused_together_renew_once(sis: OneRosterServer, connect: Connect) -> None:
    client = connect()
    client.put_line_item(LINE_ITEM)
    sis.live_token = None
    threads = [Thread(target=client.put_result, args=(RESULT,)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(sis.token_forms) == 2


def test_a_second_401_ends_it(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults += [Response(status_code=401), Response(status_code=401)]
    with pytest.raises(AccessError, match="line item li-c101-9001: refused by the SIS: HTTP 401") as raised:
        connect().put_line_item(LINE_ITEM)
    assert raised.value.status == 401
    assert sis.methods() == ["PUT", "PUT"]


def test_wrong_credentials_end_it_and_are_not_shown(sis: OneRosterServer, connect: Connect) -> None:
    with pytest.raises(AccessError, match=r"SIS token: .*HTTP 401 \(invalid_client\)") as raised:
        connect(client_secret="wrong-secret").put_line_item(LINE_ITEM)
    assert "wrong-secret" not in f"{raised.value!s}{raised.value!r}"
    assert sis.seen == []


def test_a_scope_that_the_sis_does_not_grant_ends_it(sis: OneRosterServer, connect: Connect) -> None:
    sis.token_faults.append(JSONResponse({"error": "invalid_scope"}, 400))
    with pytest.raises(AccessError, match="invalid_scope"):
        connect().categories()


@pytest.mark.parametrize("answer", [PlainTextResponse("hello"), JSONResponse([]), JSONResponse({})])
def test_a_token_endpoint_that_is_none_is_named(
    sis: OneRosterServer, connect: Connect, answer: Response
) -> None:
    sis.token_faults.append(answer)
    with pytest.raises(PermanentError, match="without an access token"):
        connect().categories()


def test_a_busy_token_endpoint_is_asked_again(sis: OneRosterServer, connect: Connect) -> None:
    sis.token_faults += [Response(status_code=503), CutShort()]
    connect().put_line_item(LINE_ITEM)
    assert len(sis.token_forms) == 3


@pytest.mark.parametrize(
    "fault",
    [
        Response(status_code=408),
        Response(status_code=429),
        Response(status_code=429, headers=BUSY),
        Response(status_code=503, headers=BUSY),
        Response(status_code=403, headers=BUSY),
        PlainTextResponse("Rate limit exceeded for this client", 403),
        Response(status_code=500),
        CutShort(),
    ],
    ids=[
        "408",
        "429",
        "429 for a while",
        "503",
        "403 for a while",
        "403 for the rate",
        "stored, then 500",
        "stored, then cut short",
    ],
)
def test_a_keyed_write_is_repeated(sis: OneRosterServer, connect: Connect, fault: Response) -> None:
    sis.faults.append(fault)
    assert connect().put_line_item(LINE_ITEM) == LINE_ITEM.sourced_id
    assert sis.methods() == ["PUT", "PUT"]
    assert sis.seen[0].body == sis.seen[1].body


@pytest.mark.parametrize("charset", ["undefined", "idna", "nobodys"])
def test_what_cannot_be_its_charset_hides_no_answer(
    sis: OneRosterServer, connect: Connect, charset: str
) -> None:
    odd = {"Content-Type": f"application/json; charset={charset}"}
    accepted = json.dumps({"lineItem": {"sourcedId": LINE_ITEM.sourced_id}})
    sis.faults += [
        Response(accepted, 201, odd),
        Response('{"imsx_description": "no such category"}', 422, odd),
    ]
    client = connect()
    assert client.put_line_item(LINE_ITEM) == LINE_ITEM.sourced_id
    with pytest.raises(RefusedError) as refused:
        client.put_line_item(LINE_ITEM)
    assert refused.value.sis_words == "no such category"
    assert sis.methods() == ["PUT", "PUT"]


def test_a_read_is_repeated(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/categories"] = ("categories", [])
    sis.faults += [CutShort(), Response(status_code=502)]
    assert connect().categories() == []
    assert sis.methods() == ["GET"] * 3


def test_a_write_without_a_key_is_not_repeated_when_its_outcome_is_unknown(
    sis: OneRosterServer, connect: Connect
) -> None:
    for fault in (CutShort(), Response(status_code=500)):
        sis.seen.clear()
        sis.faults.append(fault)
        with pytest.raises(UnknownOutcome, match="whether the SIS took it is unknown"):
            connect(id_mode="provider").put_line_item(LINE_ITEM)
        assert sis.methods() == ["PUT"]


def test_what_an_earlier_try_may_have_done_no_later_one_undoes(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.faults += [CutShort(), *[Response(status_code=408)] * ATTEMPTS]
    with pytest.raises(UnknownOutcome):
        connect().put_result(RESULT)
    assert len(sis.seen) > 1
    sis.faults.clear()
    sis.faults += [CutShort(), *[Response(status_code=401)] * 2]
    with pytest.raises(UnknownOutcome):
        connect().put_result(RESULT)


def test_a_write_without_a_key_is_repeated_when_it_was_not_looked_at(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.allocates = True
    sis.faults += [Response(status_code=429), Response(status_code=503, headers=BUSY)]
    assert connect(id_mode="provider").put_line_item(LINE_ITEM) == "theirs-1"
    assert sis.methods() == ["PUT"] * 3


class _OneAnswerAConnection(BaseHTTPRequestHandler):
    """Ends a connection that it has kept at the second request on it, as if it had been idle for too long."""

    protocol_version = "HTTP/1.1"
    answered = False

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        body = json.dumps({"access_token": "token", "lineItem": {"sourcedId": "theirs"}}).encode()
        self.send_response(201 if self.command == "PUT" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT  # noqa: N815  the base class's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Keep the test output clean."""


def test_no_write_goes_over_a_connection_that_was_idle_so_long_that_the_sis_may_be_ending_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = 0.0
    monkeypatch.setattr(pooled_session, "monotonic", lambda: monotonic() + idle)
    with ThreadingHTTPServer(("127.0.0.1", 0), _OneAnswerAConnection) as server, ExitStack() as end:
        server.daemon_threads = True  # else its end waits for the connections that are kept
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        end.callback(server.shutdown)
        origin = f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        client = connect(base_url=origin, token_url=f"{origin}/Token", id_mode="provider")
        client.authorize()
        with pytest.raises(UnknownOutcome, match="the connection broke before the answer"):
            client.put_line_item(LINE_ITEM)  # at once, over the same
        client.put_line_item(LINE_ITEM)
        idle = 5.0  # what uvicorn, Apache and Node grant
        assert client.put_line_item(LINE_ITEM) == "theirs"


def test_retries_end(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults += [Response(status_code=500)] * ATTEMPTS
    with pytest.raises(UnknownOutcome, match="HTTP 500"):
        connect().put_result(RESULT)
    assert len(sis.seen) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 501])
def test_a_refusal_is_not_repeated_and_keeps_what_the_sis_said(
    sis: OneRosterServer, connect: Connect, status: int
) -> None:
    told = {"imsx_codeMinor": "invaliddata", "imsx_description": "Student ST1 is not enrolled"}
    sis.faults.append(JSONResponse(told, status))
    with pytest.raises(RefusedError) as raised:
        connect().put_result(RESULT)
    refused = raised.value
    assert (refused.status, refused.sis_code) == (status, "invaliddata")
    assert refused.sis_words == "Student ST1 is not enrolled"
    assert "ST1 is" not in f"{refused!s}{refused!r}"
    assert sis.methods() == ["PUT"]


def test_a_redirect_is_not_followed(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults.append(RedirectResponse("/elsewhere", 302))
    with pytest.raises(RefusedError, match="HTTP 302"):
        connect().put_result(RESULT)
    assert len(sis.seen) == 1


def test_extra_headers_and_query_are_on_every_request(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/categories"] = ("categories", [])
    client = connect(headers={"x-vendor-authorization": "k:s"}, query={"ext_basic": "false"})
    client.categories()
    client.put_result(RESULT)
    for each in sis.seen:
        assert each.headers["x-vendor-authorization"] == "k:s"
        assert each.query["ext_basic"] == "false"


@pytest.mark.parametrize("id_mode", ["consumer", "provider"])
@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:9", "https://sis.invalid"], ids=["refused", "unknown host"]
)
def test_a_sis_that_is_not_there_names_the_setting_and_quotes_no_address(
    sis: OneRosterServer, connect: Connect, running: Running, id_mode: str, origin: str
) -> None:
    token_url = f"{running.origin}{BASE}/Token"
    client = connect(
        base_url=f"{origin}/v1p1", token_url=token_url, query={"key": "a-secret"}, id_mode=id_mode
    )
    with pytest.raises(UnavailableError, match="Check SIS_BASE_URL, and that the SIS is up") as raised:
        client.put_line_item(LINE_ITEM)
    assert not isinstance(raised.value, UnknownOutcome)  # it was never sent
    assert "a-secret" not in str(raised.value)


def test_a_write_to_a_host_that_is_not_listed_is_refused_and_reads_are_not(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.collections["/categories"] = ("categories", [])
    client = connect(GPB_WRITE_HOSTS="test.sis.example, Other.example")
    assert client.categories() == []
    with pytest.raises(SettingsError, match=r"^SIS_BASE_URL: .*other.example, test.sis.example alone"):
        client.put_line_item(LINE_ITEM)
    assert sis.methods() == ["GET"]


def test_a_token_address_that_is_not_there_names_the_setting(connect: Connect) -> None:
    with pytest.raises(TransientError, match=r"SIS token: .*no answer.*Check SIS_TOKEN_URL"):
        connect(token_url="http://127.0.0.1:9/Token").categories()


@pytest.mark.parametrize("answer", [PlainTextResponse("no", 404), RedirectResponse("/login", 302)])
def test_a_token_address_that_issues_none_names_the_setting(
    sis: OneRosterServer, connect: Connect, answer: Response
) -> None:
    sis.token_faults.append(answer)
    with pytest.raises(SettingsError, match="SIS_TOKEN_URL: no token is to be had there"):
        connect().categories()


def test_an_address_without_the_lists_of_a_sis_names_the_setting(
    sis: OneRosterServer, connect: Connect
) -> None:
    with pytest.raises(RefusedError, match=r"categories: .*HTTP 404.*Check SIS_BASE_URL"):
        connect().categories()


def test_an_address_of_web_pages_names_the_setting(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults.append(HTMLResponse("<html>Sign in</html>"))
    with pytest.raises(PermanentError, match=r"categories: is not JSON\. Check that SIS_BASE_URL"):
        connect().categories()


def test_a_web_page_between_answers_in_json_is_waited_out(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/categories"] = ("categories", [])
    client = connect()
    client.categories()
    page = HTMLResponse("<html>Back at six</html>")
    sis.faults += [page, page]
    assert client.categories() == []
    sis.faults += [page] * ATTEMPTS
    with pytest.raises(UnavailableError, match=r"categories: .*HTTP 200 \(web_page\)"):
        client.categories()


def test_a_pause_asked_of_one_thread_holds_for_all(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/categories"] = ("categories", [])
    client = connect()
    client.categories()
    sis.faults.append(Response(status_code=429, headers={"Retry-After": "0"}))
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(client.categories) for _ in range(4)]:
            assert each.result() == []
    assert sis.methods() == ["GET"] * 6


def test_a_proxy_and_a_netrc_of_the_environment(
    sis: OneRosterServer,
    connect: Connect,
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine sis.invalid login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    token_url = f"{running.origin}{BASE}/Token"
    with scripted() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        proxy.answers = [(200, {}, '{"categories":[]}')]
        client = connect(base_url=f"http://sis.invalid{BASE}", token_url=token_url, GPB_ALLOW_HTTP=True)
        assert client.categories() == []
    assert proxy.asked[0].startswith(f"http://sis.invalid{BASE}/categories")
    assert proxy.headers[0]["Authorization"] == "Bearer token-1"


@pytest.mark.parametrize("value", ["a-secret\n", "a-secret\N{EM DASH}"])
def test_headers_that_cannot_be_sent_name_the_setting_and_stay_secret(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    given = {"BASE_URL": "http://127.0.0.1:9", "CLIENT_ID": "id", "CLIENT_SECRET": "secret"}
    for name, text in (given | {"HEADERS": json.dumps({"x-vendor-authorization": value})}).items():
        monkeypatch.setenv(f"SIS_{name}", text)
    with pytest.raises(SettingsError, match="SIS_HEADERS") as raised:
        SisSettings.load()
    assert "a-secret" not in f"{raised.value!s}{raised.value!r}"


NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("soon", None),
        ("7", 7.0),
        ("0", RETRY_AFTER_MIN),
        ("86400", 86400.0),
        (format_datetime(NOW.replace(second=30), usegmt=True), 30.0),
        (format_datetime(NOW.replace(hour=11), usegmt=True), RETRY_AFTER_MIN),
        ("Fri, 27 Nov 9999999999 23:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
