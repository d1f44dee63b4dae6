"""Values that no Canvas should send and some do, put into the answers by whoever tests against it.

`PUT /sandbox/spoilt` takes a list of objects, each a value in some answers from then on:
    path   regular expression looked for in the path of the request
    id     of the row that is spoilt; null, or left out: each row, or the object that is answered
    key    which of its keys, with dots into what it holds (`user.name`)
    value  any JSON, half a surrogate too; left out: the key is missing
`POST /sandbox/reset` ends them. What goes wrong with a connection or a page is fault_line.py's.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpb_pipeline.sandbox.canvas.state import CanvasState
from gpb_pipeline.sandbox.fields import BadChange


@dataclass(frozen=True)
class Spoilt:
    """One value, or the want of one."""

    path: re.Pattern[str]
    id: str | None
    keys: tuple[str, ...]
    missing: bool
    value: Any

    def put_into(self, body: Any) -> None:
        for row in body if isinstance(body, list) else [body]:
            if isinstance(row, dict) and self.id in (None, str(row.get("id"))):
                self._put_into(row)

    def _put_into(self, row: dict[str, Any]) -> None:
        *path, last = self.keys
        for key in path:
            row = row.get(key, {})
        if self.missing:
            row.pop(last, None)
        else:
            row[last] = self.value


class SpoiltAnswers:
    """The endpoint, and what it makes of an answer."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        return [Route("/sandbox/spoilt", self.change, methods=["PUT"])]

    async def change(self, request: Request) -> Response:
        try:
            self._state.spoilt = list(_spoilt_from(json.loads(await request.body())))
        except (ValueError, re.error):
            raise BadChange("expected a list of objects with path, id, key and value") from None
        return Response(status_code=204)

    def of(self, request: Request, answer: Response) -> Response:
        """Put in what this request's answer is spoilt with."""
        spoilt: Iterable[Spoilt] = [each for each in self._state.spoilt if each.path.search(request.url.path)]
        if not spoilt:
            return answer
        body = json.loads(bytes(answer.body))
        for each in spoilt:
            each.put_into(body)
        kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return Response(json.dumps(body), answer.status_code, kept)


def _spoilt_from(body: Any) -> Iterator[Spoilt]:
    if not isinstance(body, list):
        raise ValueError
    for each in body:
        if not isinstance(each, dict) or not {"path", "key"} <= set(each) <= {"path", "id", "key", "value"}:
            raise ValueError
        own = each.get("id")
        yield Spoilt(
            path=re.compile(str(each["path"])),
            id=None if own is None else str(own),
            keys=tuple(str(each["key"]).split(".")),
            missing="value" not in each,
            value=each.get("value"),
        )
