"""The client against a Canvas that misbehaves: each answer from a real socket, in a script that runs out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.bucket import Bucket
from gpb_pipeline.canvas.client import (
    AccessError,
    CanvasClient,
    NotFoundError,
    ShiftedError,
    ShortReadError,
    ThrottledError,
    UnavailableError,
)
from gpb_pipeline.canvas.courses import course_named
from gpb_pipeline.errors import PermanentError, SettingsError
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline_tests.canvas.script import JSON, UNMEASURED, Script

HTML = {"Content-Type": "text/html"}


def test_links_are_followed_verbatim(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [
        canvas.page({"id": "1"}, {"id": "2"}, next_page="page=bookmark:Wz%3D"),
        canvas.page({"id": "3"}),
    ]
    assert [each["id"] for each in client.pages("things", item="things")] == ["1", "2", "3"]
    assert canvas.asked[1] == "/api/v1/things?page=bookmark:Wz%3D"


def test_where_an_object_comes_twice_and_another_not_the_list_is_read_again(
    canvas: Script, client: CanvasClient
) -> None:
    ids = [str(n) for n in range(150)]
    first = canvas.page(*({"id": each} for each in ids[:100]), next_page="page=2")
    shifted = canvas.page(*({"id": each} for each in [*ids[99:100], *ids[101:]]))  # 99 again, and 100 not
    whole = canvas.page(*({"id": each} for each in ids[100:]))
    canvas.answers = [first, shifted, first, whole]
    assert {each["id"] for each in client.pages("things", item="things")} == set(ids)
    canvas.answers = [first, shifted] * 3
    with pytest.raises(ShortReadError, match="order shifts while it is read"):
        list(client.pages("things", item="things"))


def test_a_list_whose_links_go_in_a_circle_ends(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [canvas.page({"id": "1"}, next_page="page=2")]
    with pytest.raises(ShortReadError, match="how the list goes on"):
        list(client.pages("things", item="things"))


def test_a_body_that_is_cut_without_a_length_is_asked_for_again(canvas: Script, client: CanvasClient) -> None:
    whole = canvas.page({"id": "1", "name": "Algebra"})
    for cut in (canvas.cut(whole), (200, UNMEASURED, "")):
        canvas.answers = [cut, whole]
        assert [each["id"] for each in client.pages("things", item="things")] == ["1"]
        canvas.answers = [cut]
        with pytest.raises(UnavailableError, match="things: Canvas did not answer in full"):
            list(client.pages("things", item="things"))


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 400, "1e999", "NaN", "-Infinity"])
def test_a_number_of_any_length_costs_its_own_object_alone(
    canvas: Script, client: CanvasClient, digits: str
) -> None:
    status, headers, _ = canvas.page()
    canvas.answers = [(status, headers, f'[{{"id":"1","position":{digits}}},{{"id":"2"}}]')]
    assert [each["id"] for each in client.pages("things", item="things")] == ["1", "2"]


def test_bytes_that_are_no_utf_8_cost_their_character(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, JSON, '{"name":"Jos\udce9"}')]
    assert client.get("things/1", item="thing 1") == {"name": "Jos\N{REPLACEMENT CHARACTER}"}


@pytest.mark.parametrize("said", ["nan", "inf", "-1e999", "much"])
def test_a_bucket_told_of_no_number_is_not_waited_for(
    canvas: Script, client: CanvasClient, said: str
) -> None:
    canvas.answers = [(200, {"X-Rate-Limit-Remaining": said}, "{}")]
    for _ in range(3):
        assert client.get("things/1", item="thing 1") == {}


def test_the_token_never_follows_a_link_to_another_host(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, {"Link": '<http://127.0.0.2:1/x>; rel="next"'}, '[{"id":"1"}]')]
    with pytest.raises(PermanentError, match="another host"):
        list(client.pages("things", item="things"))


def test_a_list_without_links_is_a_short_read(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, {}, '[{"id":"1"}]')]
    with pytest.raises(ShortReadError, match="things: Canvas does not say how the list goes on"):
        list(client.pages("things", item="things"))


def test_a_page_without_next_that_is_not_the_last_is_a_short_read(
    canvas: Script, client: CanvasClient
) -> None:
    canvas.answers = [canvas.page({"id": "1"}, current="page=1", last="page=3")]
    with pytest.raises(ShortReadError):
        list(client.pages("things", item="things"))
    canvas.answers = [canvas.page({"id": "1"}, current="page=3", last="page=3")]
    assert list(client.pages("things", item="things")) == [{"id": "1"}]


def test_a_bookmark_that_is_gone_starts_the_list_again(canvas: Script, client: CanvasClient) -> None:
    first, gone = canvas.page({"id": "1"}, next_page="page=b"), (404, JSON, '{"errors":[]}')
    canvas.answers = [first, gone, first, canvas.page({"id": "2"})]
    assert [each["id"] for each in client.pages("things", item="things")] == ["1", "2"]
    canvas.answers = [first, gone] * 3
    with pytest.raises(ShiftedError, match="a page of it was gone"):
        list(client.pages("things", item="things"))


def test_a_list_that_is_not_there_at_all_is_not_found(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(404, JSON, '{"errors":[{"message":"The specified resource does not exist."}]}')]
    with pytest.raises(NotFoundError):
        list(client.pages("things", item="things"))


@pytest.mark.parametrize("status", [403, 429])
def test_a_throttle_is_waited_out_whatever_its_status(
    canvas: Script, client: CanvasClient, status: int
) -> None:
    canvas.answers = [(status, {}, f"{status} Forbidden (Rate Limit Exceeded)\n"), (200, {}, '{"id":"1"}')]
    assert client.get("things/1", item="thing 1") == {"id": "1"}


def test_a_throttle_that_stays_is_transient(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(403, {}, "403 Forbidden (Rate Limit Exceeded)\n")]
    with pytest.raises(ThrottledError):
        client.get("things/1", item="thing 1")
    assert len(canvas.asked) == 3


def test_a_server_error_is_tried_again_and_then_told(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(500, {}, "{}")]
    with pytest.raises(UnavailableError, match=r"thing 1: Canvas answered 500.*CANVAS_BASE_URL"):
        client.get("things/1", item="thing 1")
    assert len(canvas.asked) == 3


@pytest.mark.parametrize("charset", ["undefined", "idna", "nobodys"])
def test_what_cannot_be_its_charset_hides_no_answer(
    canvas: Script, client: CanvasClient, charset: str
) -> None:
    odd = {"Content-Type": f"application/json; charset={charset}"}
    throttle = "403 Forbidden (Rate Limit Exceeded)\n"
    canvas.answers = [(403, odd, throttle), (500, odd, "{}"), (200, odd, '{"id":"1"}')]
    assert client.get("things/1", item="thing 1") == {"id": "1"}
    canvas.answers = [(403, odd, '{"error":"invalid assignment ids requested"}')]
    with pytest.raises(ShiftedError):
        client.get("things/1", item="thing 1")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Fri, 27 Nov 2026 23:00:00", datetime(2026, 11, 27, 23, tzinfo=UTC)),
        ("Fri, 27 Nov 2026 23:00:00 -0000", datetime(2026, 11, 27, 23, tzinfo=UTC)),
        ("Fri, 27 Nov 9999999999 23:00:00 GMT", None),
        ("soon", None),
    ],
)
def test_a_clock_without_a_zone_is_utcs_and_one_of_no_year_is_none(
    canvas: Script, client: CanvasClient, said: str, read: datetime | None
) -> None:
    canvas.answers = [(200, JSON | {"Date": said}, "{}")]
    assert client.clock() == read


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "[]", "null", '"text"'])
def test_an_object_of_no_known_shape_is_told_so(canvas: Script, client: CanvasClient, body: str) -> None:
    canvas.answers = [(200, HTML, body)]
    with pytest.raises(PermanentError, match=r"thing 1: .*CANVAS_BASE_URL is a Canvas") as told:
        client.get("things/1", item="thing 1")
    assert told.value.code == "unreadable_data"


@pytest.mark.parametrize("body", ["<html/>", "{}", "7", '"text"', '{"errors":[]}', "[" * 100_000])
def test_a_list_of_no_known_shape_is_told_so(canvas: Script, client: CanvasClient, body: str) -> None:
    canvas.answers = [(200, JSON, body)]
    with pytest.raises(PermanentError, match=r"things: .*not (a JSON list|JSON)") as told:
        list(client.pages("things", item="things"))
    assert told.value.code == "unreadable_data"


PAGE = (200, HTML, "<!doctype html><title>Canvas is down for maintenance</title>")


def test_a_web_page_between_answers_in_json_is_waited_out(canvas: Script, client: CanvasClient) -> None:
    first = canvas.page({"id": "1"}, next_page="page=2")
    canvas.answers = [first, PAGE, PAGE, canvas.page({"id": "2"})]
    assert [each["id"] for each in client.pages("things", item="things")] == ["1", "2"]
    canvas.answers = [PAGE]
    with pytest.raises(UnavailableError, match="things: Canvas answered with a web page"):
        list(client.heeding(Brake()).pages("things", item="things"))


@pytest.mark.parametrize(("status", "headers"), [(404, HTML), (405, HTML), (302, {"Location": "/login"})])
def test_an_address_that_is_no_canvas_names_the_setting(
    canvas: Script, client: CanvasClient, status: int, headers: dict[str, str]
) -> None:
    canvas.answers = [(status, headers, "<html>Not here</html>")]
    with pytest.raises(SettingsError, match=f"CANVAS_BASE_URL: what answers there is no Canvas: .*{status}"):
        client.get("courses/7", item="course 7")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://canvas.invalid"])
def test_a_canvas_that_is_not_there_names_the_setting(address: str, few_tries: None) -> None:
    settings = CanvasSettings(base_url=address, api_token="t")
    with CanvasClient(settings) as client, pytest.raises(UnavailableError) as told:
        client.get("things/1", item="thing 1")
    assert str(told.value) == (
        "thing 1: Canvas did not answer: nothing answers at that address. "
        "Check CANVAS_BASE_URL, and that Canvas is up."
    )


@pytest.mark.parametrize("token", ["hunter2\a", "hunter2\N{EM DASH}"])
def test_a_token_that_no_header_takes_names_the_setting_and_stays_secret(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANVAS_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CANVAS_API_TOKEN", token)
    with pytest.raises(SettingsError, match="CANVAS_API_TOKEN") as told:
        CanvasSettings.load()
    assert "hunter2" not in f"{told.value!s}{told.value!r}"


def test_a_netrc_never_replaces_the_token(
    canvas: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    canvas.answers = [(200, {}, "{}")]
    with CanvasClient(CanvasSettings(base_url=canvas.url, api_token="t")) as client:
        client.get("things/1", item="thing 1")
    assert canvas.headers[0]["Authorization"] == "Bearer t"


def test_a_proxy_of_the_environment_is_used(
    canvas: Script, client: CanvasClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", canvas.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    canvas.answers = [(200, {}, "{}")]
    settings = CanvasSettings(base_url="http://district.invalid", api_token="t", GPB_ALLOW_HTTP=True)
    with CanvasClient(settings, Bucket()) as proxied:
        proxied.get("things/1", item="thing 1")
    assert canvas.asked == ["http://district.invalid/api/v1/things/1"]


def test_an_assignment_unpublished_meanwhile_is_no_question_of_permission(
    canvas: Script, client: CanvasClient
) -> None:
    canvas.answers = [(403, JSON, '{"error":"invalid assignment ids requested"}')]
    with pytest.raises(ShiftedError, match="Sync the course again"):
        list(client.pages("courses/7/students/submissions", item="course 7, submissions"))


@pytest.mark.parametrize(
    ("status", "headers", "message", "told"),
    [
        (401, {"WWW-Authenticate": "Bearer"}, "Invalid access token.", "CANVAS_API_TOKEN: Canvas refuses"),
        (401, {}, "Insufficient scopes on access token.", "course 7: the developer key .* lacks the scope"),
        (401, {}, "user not authorized to perform that action", "course 7: .*may not do this.*Grant"),
        (403, {}, "usuario no autorizado", "course 7: .*may not do this.*Grant"),
    ],
    ids=["token", "scope", "permission", "permission, hosted and localized"],
)
def test_each_denial_says_what_to_do(
    canvas: Script, client: CanvasClient, status: int, headers: dict[str, str], message: str, told: str
) -> None:
    canvas.answers = [(status, JSON | headers, f'{{"errors":[{{"message":"{message}"}}]}}')]
    with pytest.raises(AccessError, match=told):
        client.get("courses/7", item="course 7")
    assert len(canvas.asked) == 1


def test_an_id_of_any_characters_stays_one_part_of_the_path(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, {}, '{"id":"7","name":"Algebra","workflow_state":"available"}')]
    course_named(client, "sis_course_id:A/1?x#y")
    assert canvas.asked[0].startswith("/api/v1/courses/sis_course_id:A%2F1%3Fx%23y?")
