"""A list of the SIS, page by page, and whether it is whole: by its own paging and count, or it is nothing.

SISs page in their database's own order, count wrongly or not at all, know no offset, and spell emptiness as
204 and as null. What the rows hold is reading.py's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil

from gpb_pipeline.sis.answers import shown
from gpb_pipeline.sis.errors import Answer, ShortReadError
from gpb_pipeline.sis.reading import unreadable
from gpb_pipeline.sis.replies import Reply
from gpb_pipeline.sis.values import id_of

PAGE = 100  # the default of both documents, so that no SIS objects to it
OTHER_PAGE = 75  # of a second reading: another cut shows whether rows shifted between pages
ROUND = 50  # a page of a multiple of it may be as long as a SIS makes them, and no list's end
NO_ROWS = ("errors", "warnings", "statusInfoSet")  # lists beside the list

Ask = Callable[[int, int], Reply]  # limit and offset


@dataclass
class _Reading:
    """One reading from the first page to the last."""

    limit: int
    rows: dict[str, object] = field(default_factory=dict)
    received: int = 0
    repeated: bool = False  # a row came on two pages
    total: int | None = None
    endless: bool = False  # the SIS knows no offset, and filled the page

    @property
    def complete(self) -> bool:
        return not self.endless and (self.total is None or self.received >= self.total)

    def add(self, page: list[object]) -> None:
        rows = {_key(row): row for row in page}
        self.received += len(page)
        self.repeated = self.repeated or not self.rows.keys().isdisjoint(rows)
        self.rows |= rows

    def has(self, page: list[object]) -> bool:
        return all(_key(row) in self.rows for row in page)

    def is_first(self, page: list[object]) -> bool:
        """Whether it is the one page over again, as of a SIS that knows no offset."""
        return {_key(row) for row in page} == self.rows.keys()


def read_list(ask: Ask, name: str, item: str) -> list[object]:
    """Read all pages; raises ShortReadError where they are not whole.

    A row on two pages may stand twice in the SIS, or have shifted and pushed another out: a second reading,
    cut otherwise, brings the same rows, or the list is not whole.
    """
    first = _read(ask, name, item, PAGE)
    if first.complete and not first.repeated:
        return list(first.rows.values())
    second = _read(ask, name, item, OTHER_PAGE)
    steady = first.complete and first.rows.keys() == second.rows.keys()
    if second.complete and (steady or not second.repeated):
        return list(second.rows.values())
    raise ShortReadError(Answer(HTTPStatus.OK, "short_read"), item=item)


def _read(ask: Ask, name: str, item: str, limit: int) -> _Reading:
    read = _Reading(limit)
    offset = 0
    while True:
        reply = ask(limit, offset)
        page = rows_of(reply, name, item)
        if reply.total is not None:
            read.total = max(read.total or 0, reply.total)  # some count only the page
        if not page:
            return read
        if offset and read.has(page):
            read.endless = len(page) == limit
            read.repeated = read.repeated or not read.is_first(page)
            return read
        read.add(page)
        offset += len(page)
        if read.total is not None and offset >= read.total and len(page) != limit and not reply.more:
            return read


def long_list(
    ask: Callable[[int], Reply], name: str, item: str, worth: Callable[[int], None]
) -> Iterator[object]:
    """Give the rows of what need not be read at all: once, by a count that stays, none of them twice.

    Raises ShortReadError at the end of a list that is not whole, so that no row counts before. `worth` is
    told after the first page how many more there are, and raises where that is too dear.
    """
    keys: set[str] = set()
    received, total = 0, None
    while total is None or received < total:
        reply = ask(received)
        page = rows_of(reply, name, item)
        if reply.total is None or total not in (None, reply.total) or (reply.total and not page):
            raise ShortReadError(Answer(HTTPStatus.OK, "no_steady_count"), item=item)
        if total is None and page:
            worth(ceil(reply.total / len(page)) - 1)
        total = reply.total
        received += len(page)
        keys.update(map(_key, page))
        yield from page
    may_go_on = received == len(page) and received and received % ROUND == 0  # some count only the page
    if len(keys) != total or reply.more or (may_go_on and rows_of(ask(received), name, item)):
        raise ShortReadError(Answer(HTTPStatus.OK, "short_read"), item=item)


def rows_of(reply: Reply, name: str, item: str) -> list[object]:
    """Find the page's rows: under the collection's name, under whatever single name it has, or bare."""
    if reply.kind == "none":
        return []
    if reply.kind != "json":
        raise unreadable("is not JSON", item)
    found = reply.body
    if isinstance(found, dict):
        lists = [value for key, value in found.items() if isinstance(value, list) and key not in NO_ROWS]
        found = found[name] if name in found else lists[0] if len(lists) == 1 else found
    if found is None:
        return []
    if not isinstance(found, list):
        raise unreadable("is not a list of objects", item)
    return found


def _key(row: object) -> str:
    named = id_of(row.get("sourcedId")) if isinstance(row, dict) else None
    return named or shown(row)
