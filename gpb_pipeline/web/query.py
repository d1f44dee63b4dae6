"""What an address asks for, and addresses that ask for something else: filters, sorting, pages.

Whatever an address says that makes no sense is left out; it never is an error.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request

from gpb_pipeline.warehouse.log_pages import Column, Wanted

_LOG = {"yes": True, "no": False}
_COLUMNS = {column.value: column for column in Column}


def wanted(request: Request) -> Wanted:
    """Read which rows of a log are asked for, in which order; of which student is `student_number`'s."""
    asked = request.query_params
    return Wanted(
        assignment=asked.get("assignment") or None,
        section=asked.get("section") or None,
        state=asked.get("state") or None,
        code=asked.get("code") or None,
        log=_LOG.get(asked.get("log", "")),
        sort=_COLUMNS.get(asked.get("sort", ""), Column.ASSIGNMENT),
        descending=asked.get("order") == "desc",
    )


def page_number(request: Request) -> int:
    """Read which page is asked for; 1 where none is."""
    return _number(request, "page") or 1


def student_number(request: Request) -> int | None:
    """Read which student is asked for, by their place in the log's list: no address has a student's id."""
    return _number(request, "student")


def _number(request: Request, name: str) -> int | None:
    asked = request.query_params.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None  # noqa: PLR2004


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
