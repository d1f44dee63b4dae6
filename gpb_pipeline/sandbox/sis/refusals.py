"""OneRoster's error answers: a status and an imsx_StatusInfo that says what was wrong.

When to refuse is decided where the rules are.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.responses import JSONResponse, Response

CodeMinor = Literal[
    "invaliddata",
    "unauthorisedrequest",
    "unknownobject",
    "deletefailure",
    "forbidden",
    "invalid_filter_field",
    "invalid_selection_field",
    "server_busy",
    "internal_server_error",
    "targetreadfailure",
]
OF_1P1: dict[CodeMinor, CodeMinor] = {
    "forbidden": "unauthorisedrequest",
    "invalid_filter_field": "invalid_selection_field",
    "server_busy": "invaliddata",
    "internal_server_error": "targetreadfailure",
}


class Json(JSONResponse):
    """JSON in ASCII, so that half a surrogate can be sent as it stands."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode()


@dataclass
class Refusal(Exception):
    """A refused request; `description` is what an operator reads, so it names ids and never a person."""

    status: int
    code_minor: CodeMinor
    description: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, words: str, *, version_1p1: bool) -> Response:
        """The answer, in these words. 1.1 also requires a message reference, and knows fewer codes."""
        code = OF_1P1.get(self.code_minor, self.code_minor) if version_1p1 else self.code_minor
        field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
        body: dict[str, object] = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": words,
            "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
        }
        if version_1p1:
            body["imsx_messageRefIdentifier"] = "sandbox"
        return Json(body, self.status, dict(self.headers))


def invalid(description: str) -> Refusal:
    return Refusal(422, "invaliddata", description)


def unknown(kind: str, sourced_id: str) -> Refusal:
    return Refusal(404, "unknownobject", f"{kind} {sourced_id} is unknown")
