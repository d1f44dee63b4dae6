"""What an address asks for, and addresses that ask for something else: filters, sorting, pages.

What makes no sense is refused by its name (400), for a filter that was left out would show more than was
asked for. An id or a word that nothing has finds nothing; a page past the last is the last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gpb_pipeline.warehouse.log_pages import Column, Wanted
from gpb_pipeline.web.site import STATES

_LOG = {"yes": True, "no": False}
_COLUMNS = {column.value: column for column in Column}
_ORDERS = {"asc": False, "desc": True}
_Meant = TypeVar("_Meant")


def one(request: Request, name: str) -> str:
    """Read what is given once, "" where it is not; 400 where it is given as two things."""
    return one_thing(name, request.query_params.getlist(name))


def one_thing(name: str, given: Iterable[str]) -> str:
    """Take a field's one value, "" where it has none; 400 where it is given as two things."""
    things = set(given)
    if len(things) > 1:
        raise unclear(name, "is given as two things")
    return "".join(things).strip()


def choice(request: Request, name: str, meant: Mapping[str, _Meant]) -> _Meant | None:
    """Read one of a few words, None where there is none; 400 for another."""
    word = one(request, name)
    if word and word not in meant:
        raise unclear(name, "is not one of what there is")
    return meant.get(word)


def word(request: Request, name: str, known: Collection[str]) -> str:
    """Read one of a few words as it is, "" where there is none; 400 for another."""
    return choice(request, name, {each: each for each in known}) or ""


def unclear(name: str, why: str) -> HTTPException:
    """Make the refusal of a field by its name."""
    return HTTPException(400, f"{name}: {why}.")


def wanted(request: Request) -> Wanted:
    """Read which rows of a log are asked for, in which order; of which student is `student_number`'s."""
    return Wanted(
        assignment=one(request, "assignment") or None,
        section=one(request, "section") or None,
        state=word(request, "state", STATES) or None,
        code=one(request, "code") or None,
        log=choice(request, "log", _LOG),
        sort=choice(request, "sort", _COLUMNS) or Column.ASSIGNMENT,
        descending=choice(request, "order", _ORDERS) or False,
    )


def page_number(request: Request) -> int:
    """Read which page is asked for; 1 where none is."""
    return _number(request, "page") or 1


def student_number(request: Request) -> int | None:
    """Read which student is asked for, by their place in the log's list: no address has a student's id."""
    return _number(request, "student")


def _number(request: Request, name: str) -> int | None:
    asked = one(request, name)
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked)):  # noqa: PLR2004
        raise unclear(name, "is not a number from 1")
    return int(asked)


def window(asked: int, total: int, size: int) -> tuple[int, int]:
    """Hold a page's number within what there is; return it with the last page's."""
    last = max(1, -(-total // size))
    return max(1, min(asked, last)), last


class Links:
    """Addresses that differ from the present one in some of what they ask for; callable from templates."""

    def __init__(self, request: Request) -> None:
        self._path = request.url.path
        self._asked = {name: value for name, value in request.query_params.items() if value}

    def __call__(self, path: str | None = None, **changes: object) -> str:
        """Make an address with `changes`, None taking something away; it shows page 1 unless it says so."""
        asked = {name: value for name, value in self._asked.items() if name != "page"} | changes
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{path or self._path}{'?' if query else ''}{query}"

    def sorting(self, column: str, present: Wanted) -> str:
        """Sort by a column: ascending first, descending where it already is."""
        again = present.sort == column and not present.descending
        return self(sort=column, order="desc" if again else "asc")
