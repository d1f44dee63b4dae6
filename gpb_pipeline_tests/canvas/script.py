"""A Canvas that answers what a test told it to, one request after another, from a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, dict[str, str], str]
JSON = {"Content-Type": "application/json"}
UNMEASURED = JSON | {
    "Connection": "close"
}  # it ends where the connection does, and no Content-Length says so


class Script(ThreadingHTTPServer):
    """Gives the answers in turn; the last one stands for all that follow."""

    answers: list[Answer]
    asked: list[str]
    headers: list[dict[str, str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def cut(self, answer: Answer) -> Answer:
        """The same answer, half of it, and no word of how much there should be."""
        status, _, body = answer
        return status, UNMEASURED, body[: len(body) // 2]

    @staticmethod
    def text(body: Any) -> str:
        """JSON as Canvas writes it, half surrogates escaped."""
        return json.dumps(body)

    def page(self, *rows: dict[str, Any], next_page: str | None = None, **links: str) -> Answer:
        """A page of a list, which names itself as Canvas's do."""
        links = {"current": "page=now"} | links | ({"next": next_page} if next_page else {})
        header = ",".join(f'<{self.url}/api/v1/things?{query}>; rel="{rel}"' for rel, query in links.items())
        return 200, JSON | {"Link": header}, self.text(rows)


class _Handler(BaseHTTPRequestHandler):
    server: Script

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers.append(dict(self.headers))
        answers = self.server.answers
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        sent = body.encode(errors="surrogateescape")
        if headers != UNMEASURED:
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Keep the test output clean."""


@contextmanager
def scripted() -> Iterator[Script]:
    with Script(("127.0.0.1", 0), _Handler) as server:
        server.answers, server.asked, server.headers = [], [], []
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
