"""The client against a Canvas that misbehaves: each answer from a real socket, in a script that runs out."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import stamina

from gpb_pipeline.canvas.client import (
    AccessError,
    CanvasClient,
    ShiftedError,
    ThrottledError,
    UnavailableError,
)
from gpb_pipeline.canvas.extracts import read_course, read_head
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import CanvasSettings

Answer = tuple[int, dict[str, str], str]


class Script(ThreadingHTTPServer):
    """Answers one request after another as told; the last answer stands for all that follow."""

    answers: list[Answer]
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Script

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answers = self.server.answers
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Keep the test output clean."""


@pytest.fixture
def canvas() -> Iterator[Script]:
    with Script(("127.0.0.1", 0), _Handler) as server:
        server.answers, server.asked = [], []
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(canvas: Script) -> Iterator[CanvasClient]:
    stamina.set_testing(testing=True, attempts=3)
    settings = CanvasSettings(base_url=canvas.url, api_token="t")
    with CanvasClient(settings) as made:
        yield made
    stamina.set_testing(testing=False)


def test_links_are_followed_verbatim_and_an_object_seen_twice_counts_once(
    canvas: Script, client: CanvasClient
) -> None:
    link = f'<{canvas.url}/api/v1/things?page=bookmark:Wz%3D>; rel="next"'
    canvas.answers = [(200, {"Link": link}, '[{"id":"1"},{"id":"2"}]'), (200, {}, '[{"id":"2"},{"id":"3"}]')]
    assert [each["id"] for each in client.pages("things", item="things")] == ["1", "2", "3"]
    assert canvas.asked[1] == "/api/v1/things?page=bookmark:Wz%3D"


def test_the_token_never_follows_a_link_to_another_host(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, {"Link": '<http://127.0.0.2:1/x>; rel="next"'}, '[{"id":"1"}]')]
    with pytest.raises(PermanentError, match="another host"):
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
    with pytest.raises(UnavailableError, match="thing 1: Canvas answered 500"):
        client.get("things/1", item="thing 1")
    assert len(canvas.asked) == 3


def test_a_page_that_is_not_canvas_is_told_so(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, {"Content-Type": "text/html"}, "<html>Sign in</html>")]
    with pytest.raises(PermanentError, match="CANVAS_BASE_URL is a Canvas"):
        client.get("things/1", item="thing 1")


def test_a_canvas_that_is_down_names_the_setting() -> None:
    stamina.set_testing(testing=True, attempts=2)
    settings = CanvasSettings(base_url="http://127.0.0.1:9", api_token="t")
    with CanvasClient(settings) as client, pytest.raises(UnavailableError, match="Check CANVAS_BASE_URL"):
        client.get("things/1", item="thing 1")
    stamina.set_testing(testing=False)


HEAD = '{"id":"7","name":"Algebra","workflow_state":"available"}'


def test_an_assignment_unpublished_meanwhile_is_no_question_of_permission(
    canvas: Script, client: CanvasClient
) -> None:
    canvas.answers = [(403, {}, '{"error":"invalid assignment ids requested"}')]
    with pytest.raises(ShiftedError, match="Sync the course again"):
        list(client.pages("courses/7/students/submissions", item="course 7, submissions"))
    assert len(canvas.asked) == 1


def test_a_student_whose_sis_id_canvas_leaves_out_is_not_one_without(
    canvas: Script, client: CanvasClient
) -> None:
    section = '[{"id":"1","name":"P1","sis_section_id":"S1"}]'
    enrollment = '[{"id":"4","user_id":"2","course_section_id":"1","type":"StudentEnrollment"}]'
    canvas.answers = [(200, {}, body) for body in (HEAD, section, enrollment, "[]", "[]")]
    with pytest.raises(AccessError, match="leaves out SIS ids"):
        read_course(client, "7")


def test_an_id_of_any_characters_stays_one_part_of_the_path(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, {}, HEAD)]
    read_head(client, "sis_course_id:A/1?x#y")
    assert canvas.asked[0].startswith("/api/v1/courses/sis_course_id:A%2F1%3Fx%23y?")
