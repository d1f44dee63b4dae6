"""OneRoster's error answers: a status and an imsx_StatusInfo that says what was wrong.

When to refuse is decided where the rules are.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.responses import JSONResponse, Response

CodeMinor = Literal[
    "invaliddata",
    "unauthorisedrequest",
    "unknownobject",
    "deletefailure",
    "forbidden",
    "invalid_filter_field",
    "invalid_selection_field",
]


@dataclass
class Refusal(Exception):
    """A refused request; `description` is what an operator reads, so it names ids and never a person."""

    status: int
    code_minor: CodeMinor
    description: str

    def response(self, *, version_1p1: bool) -> Response:
        """1.1 also requires a message reference, and knows neither `forbidden` nor a filter's code."""
        code = self.code_minor
        if version_1p1:
            code = {
                "forbidden": "unauthorisedrequest",
                "invalid_filter_field": "invalid_selection_field",
            }.get(code, code)  # type: ignore[assignment]
        field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
        body: dict[str, object] = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": self.description,
            "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
        }
        if version_1p1:
            body["imsx_messageRefIdentifier"] = "sandbox"
        return JSONResponse(body, self.status)


def invalid(description: str) -> Refusal:
    return Refusal(422, "invaliddata", description)


def unknown(kind: str, sourced_id: str) -> Refusal:
    return Refusal(404, "unknownobject", f"{kind} {sourced_id} is unknown")
