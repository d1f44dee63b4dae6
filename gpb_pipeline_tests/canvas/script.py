"""A Canvas that answers what a test told it to, one request after another, from a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], str]
JSON = {"Content-Type": "application/json"}
UNMEASURED = JSON | {
    "Connection": "close"
}  # it ends where the connection does, and no Content-Length says so


LIST = "X-Asked-For"  # in an answer's headers: the list that it is kept for, as its path ends


class Script(ThreadingHTTPServer):
    """Gives the answers in turn; the last one stands for all that follow.

    One that is kept for a list is given where that is asked for: lists are asked for side by side.
    """

    turns: Lock
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
        with self.server.turns:
            self.server.asked.append(self.path)
            self.server.headers.append(dict(self.headers))
            status, headers, body = self._answer()
        (self.send_response_only if "Date" in headers else self.send_response)(status)
        for name, value in headers.items():
            self.send_header(name, value)
        sent = body.encode(errors="surrogateescape")
        if headers != UNMEASURED:
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _answer(self) -> Answer:
        answers, path = self.server.answers, urlsplit(self.path).path
        fitting = (n for n, (_, headers, _) in enumerate(answers) if path.endswith(headers.get(LIST, "")))
        return answers.pop(next(fitting, 0)) if len(answers) > 1 else answers[0]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Keep the test output clean."""


@contextmanager
def scripted() -> Iterator[Script]:
    with Script(("127.0.0.1", 0), _Handler) as server:
        server.turns, server.answers, server.asked, server.headers = Lock(), [], [], []
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
