"""What a SIS says in an answer: its JSON, whether that tells of a failure, and then in which code and words.

Shapes are docs/oneroster.md's (§1 and its last part); one that is not listed is shown as it came, cut to
a length. Text is made fit to be kept: half a surrogate, which JSON may spell, would end the process later.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from gpb_pipeline.sis.errors import Answer

WORDS_MAX = 500  # characters kept of what the SIS says
UNFIT = re.compile(r"[\ud800-\udfff\x00]")
WORDS = ("imsx_description", "error_description", "message", "title", "detail", "reason")
SETS = ("imsx_statusinfo", "statusinfoset", "errors", "error")
BUSY = {"server_busy", "internal_server_error"}


def fit(text: str) -> str:
    """Give `text` with a mark for each character that no table could keep."""
    return UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def parsed(text: str) -> Any:
    """Parse JSON; raises ValueError for anything else, too deep a nesting included."""
    try:
        return _parsed(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a whole number of more digits than Python takes
        return json.loads(text, parse_int=float)


def shown(value: object) -> str:
    """Spell a value as JSON in plain ASCII."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "nested too deeply"


def answer_of(status: int, text: str) -> Answer:
    """Read the SIS's code and words: in any of the shapes, or what text there is."""
    try:
        body = parsed(text)
    except ValueError:
        return Answer(status, None, _words(re.sub(r"<[^>]*>", " ", text)))
    found = list(_infos(body))
    code = next((code for each in found if (code := _code_in(each)) is not None), None)
    told = dict.fromkeys(words for each in found for words in _told(each))
    return Answer(status, code, _words(". ".join(told)) or _words(text if body else ""))


def says_failure(body: object) -> bool:
    """Say whether an answer with a success status nevertheless tells of a failure."""
    return any(_is_failure(each) for each in _infos(body))


def says_busy(answer: Answer) -> bool:
    return (answer.code or "").lower() in BUSY


def _is_failure(info: dict[str, Any]) -> bool:
    lowered = _lowered(info)
    major, status = lowered.get("imsx_codemajor"), lowered.get("status")
    return (
        (isinstance(major, str) and major.lower() in ("failure", "unsupported"))
        or (isinstance(status, int) and 400 <= status < 600)  # noqa: PLR2004 - RFC 9457 repeats the HTTP status
        or bool(lowered.get("errors"))
        or bool(lowered.get("error"))
    )


def _infos(body: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Walk the objects that may tell of a failure: the body, and what it wraps or lists; never its rows."""
    if isinstance(body, list):
        for each in body[:10] if depth else body[:1]:
            yield from _infos(each, depth + 1)
    elif isinstance(body, dict):
        yield body
        if depth < 4:  # noqa: PLR2004 - an error in a list of errors in an error
            for name, value in body.items():
                if name.lower() in SETS:
                    yield from _infos(value, depth + 1)


def _lowered(info: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in info.items()}


def _told(info: dict[str, Any]) -> Iterator[str]:
    """Collect its words: of the keys in use, then of RFC 9457's `errors`, which may be texts by field."""
    lowered = _lowered(info)
    for name in WORDS:
        if isinstance(lowered.get(name), str):
            yield lowered[name]
    for name in ("errors", "error"):
        within = lowered.get(name)
        if isinstance(within, list | dict):
            yield from _texts(within)
        elif isinstance(within, str):
            yield within


def _texts(within: list[Any] | dict[str, Any]) -> Iterator[str]:
    pairs = within.items() if isinstance(within, dict) else ((None, each) for each in within)
    for field, each in pairs:
        texts = [text for text in (each if isinstance(each, list) else [each]) if isinstance(text, str)]
        if texts and (field is None or field.lower() not in (*WORDS, "code")):
            yield f"{field}: {', '.join(texts)}" if field else ", ".join(texts)


def _code_in(info: dict[str, Any]) -> str | None:
    lowered = _lowered(info)
    for name in ("imsx_codeminor", "error", "code"):
        if (code := _code(_code_minor(lowered.get(name)))) is not None:
            return code
    return None


def _code_minor(minor: object) -> object:
    """Read `imsx_CodeMinor` as a string, or as its (first) field's value."""
    if not isinstance(minor, dict):
        return minor
    fields = minor.get("imsx_codeMinorField")
    first = fields[0] if isinstance(fields, list) and fields else fields
    return first.get("imsx_codeMinorFieldValue") if isinstance(first, dict) else None


def _code(value: object) -> str | None:
    """Keep one short word: anything else may be a sentence with a name in it, and codes are shown."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_.-]{1,40}", value) else None


def _words(text: str) -> str | None:
    """Squeeze and cut it: a page of HTML has a thousand blanks."""
    return fit(" ".join(text[: 20 * WORDS_MAX].split()))[:WORDS_MAX] or None
