"""What the pipeline asks of a SIS: reads of classes and gradebooks, writes of line items and results.

Tokens, turns, retries and errors are transport.py's; pages lists.py's; bodies the codecs'. Methods may be
called from several threads.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import Any, Self, TypeVar

from gpb_pipeline.abreast import abreast
from gpb_pipeline.brake import Brake
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis import reading
from gpb_pipeline.sis.errors import AccessError, Answer, RefusedError
from gpb_pipeline.sis.lists import rows_of
from gpb_pipeline.sis.made_ids import as_made
from gpb_pipeline.sis.model import (
    AcademicSession,
    Category,
    DistrictLists,
    LineItem,
    Listing,
    Result,
    SisClass,
    Student,
)
from gpb_pipeline.sis.pacing import IN_FLIGHT
from gpb_pipeline.sis.reads import Reads
from gpb_pipeline.sis.school_lists import SchoolLists
from gpb_pipeline.sis.schools import Schools
from gpb_pipeline.sis.transport import Call, Transport
from gpb_pipeline.sis.v1p1 import OneRoster1p1
from gpb_pipeline.sis.v1p2 import OneRoster1p2
from gpb_pipeline.sis.wire import Codec, path
from gpb_pipeline.sis.writes import NOT_SERVED, Writes

logger = logging.getLogger(__name__)

LISTS_KEPT = 60.0  # seconds: a night's courses share a read, a person's next sync has its own
T = TypeVar("T")
Held = TypeVar("Held", LineItem, Result)


class OneRosterClient:
    """A SIS by its settings; each method raises what Transport.send does, naming the item it was about.

    A list that is not whole is a ShortReadError. Rows that cannot be read are laid aside: those of a class's
    line items and results are given beside them, others are logged by their code.
    """

    def __init__(self, settings: SisSettings) -> None:
        self.settings = settings
        older = settings.dialect == "oneroster-1.1"
        self._codec: Codec = OneRoster1p1(settings.base_url) if older else OneRoster1p2(settings.base_url)
        self._as_made: Callable[[Any], Any] = as_made if settings.id_mode == "consumer" else lambda row: row
        self._ask_through(Transport(settings, self._codec.scope))
        self._asks_class_categories = self._codec.lists_class_categories
        self.tells_class_categories = False  # it did for some class: then 404 is none, and not no such list
        self.schools = Schools(settings)
        self._threads = ThreadPoolExecutor(IN_FLIGHT, "sis")
        self._lists: DistrictLists | None = None
        self._lists_at = 0.0
        self._lists_lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._transport.close()

    def abreast(self, asks: Iterable[Callable[[], T]]) -> list[T]:
        """Ask for things side by side (abreast.py); what is asked may not come here again."""
        return abreast(self._threads, asks)

    @property
    def answers(self) -> int:
        """How often the SIS has answered so far."""
        return self._transport.answers

    @property
    def waits_as_told(self) -> bool:
        """Whether nobody asks just now because the SIS has asked for fewer requests."""
        return self._transport.waits_as_told

    def heeding(self, brake: Brake) -> Self:
        """Give this client for work that `brake` stops between two requests; session and pace are shared."""
        heeding = copy(self)
        heeding._ask_through(self._transport.heeding(brake))  # noqa: SLF001  its own kind
        return heeding

    def _ask_through(self, transport: Transport) -> None:
        self._transport = transport
        self._reads = Reads(transport)
        self._writes = Writes(transport, self.settings, self._codec.gradebook)

    def authorize(self) -> None:
        """Get a token, if there is none yet, and do nothing with it."""
        self._transport.authorize()

    def has_classes(self) -> bool:
        """Say whether the SIS has any class, by one request."""
        url = self._codec.rostering + path("classes")
        reply = self._reads.page(Call("GET", url, "classes", params={"limit": 1, "offset": 0}))
        return bool(rows_of(reply, "classes", "classes"))

    def find_class(self, sourced_id: str) -> SisClass | None:
        """Find the class of that sourcedId; None where there is none, or it is marked to be deleted."""
        item = f"class {sourced_id}"
        url = self._codec.rostering + path("classes", sourced_id)
        found = self._reads.object_of(Call("GET", url, item, class_id=sourced_id), "class")
        if found is None or not reading.is_active(found):
            return None
        return reading.read_class(found, sourced_id)

    def classes_of_code(self, code: str) -> list[SisClass]:
        """Find the active classes of exactly that classCode, whether or not the SIS heeds the filter."""
        params = {"filter": f"classCode='{code}'"}
        url = self._codec.rostering + path("classes")
        rows = self._reads.rows(Call("GET", url, f"classes of code {code}", params), "classes")
        return [each for each in _usable("class", _active(rows), reading.read_class) if each.code == code]

    def class_students(self, class_id: str) -> list[Student]:
        url = self._codec.rostering + path("classes", class_id, "students")
        rows = self._class_rows(url, "users", class_id, "students")
        return _usable("student", _active(rows), reading.read_student)

    def school_lists(self, school_id: str, most: int) -> SchoolLists:
        """Give a school's lists, to be read in at most so many requests."""
        return SchoolLists(self._reads, self._codec.rostering, school_id, most)

    def academic_sessions(self) -> list[AcademicSession]:
        """Read every session: terms, semesters, school years and grading periods, ended ones too."""
        url = self._codec.rostering + path("academicSessions")
        rows = self._reads.rows(Call("GET", url, "academic sessions"), "academicSessions")
        return _usable("academic session", rows, reading.read_session)

    def categories(self) -> list[Category]:
        """Read every category, of every class and of none, inactive ones too."""
        url = self._codec.gradebook + path("categories")
        rows = self._reads.rows(Call("GET", url, "categories"), "categories")
        return _usable("category", rows, reading.read_category)

    def class_categories(self, class_id: str) -> list[Category] | None:
        """Read the categories that a class may use; None where the SIS tells none by class.

        A 404 is none too, and says nothing until some class has them: `tells_class_categories`.
        """
        if not self._asks_class_categories:
            return None
        url = self._codec.gradebook + path("classes", class_id, "categories")
        call = Call("GET", url, f"categories of class {class_id}", class_id=class_id)
        try:
            rows = self._reads.rows(call, "categories")
        except AccessError:
            raise
        except RefusedError as refused:
            self._asks_class_categories = refused.status not in NOT_SERVED
            return [] if refused.status == HTTPStatus.NOT_FOUND else None
        self.tells_class_categories = True
        return _usable("category", rows, reading.read_category)

    def district_lists(self) -> DistrictLists:
        """Read categories and academic sessions for a course, or have those read for another a moment ago."""
        with self._lists_lock:
            if self._lists is None or monotonic() - self._lists_at > LISTS_KEPT:
                self._lists = DistrictLists(
                    categories=tuple(self.categories()), sessions=tuple(self.academic_sessions())
                )
                self._lists_at = monotonic()
            return self._lists

    def class_line_items(self, class_id: str) -> Listing[LineItem]:
        """Read the class's line items, those marked `tobedeleted` too."""
        url = self._codec.gradebook + path("classes", class_id, "lineItems")
        rows = self._held_rows(url, "lineItems", class_id, "line items")
        return reading.listing("line item", rows, partial(reading.read_line_item, class_id=class_id))

    def class_results(self, class_id: str) -> Listing[Result]:
        """Read the class's results, those marked `tobedeleted` too."""
        url = self._codec.gradebook + path("classes", class_id, "results")
        rows = self._held_rows(url, "results", class_id, "results")
        return reading.listing("result", rows, reading.read_result)

    def find_line_item(self, sourced_id: str) -> LineItem | None:
        """Look for it by its id; None where there is none, or it is marked to be deleted."""
        return self._held("lineItems", "lineItem", sourced_id, reading.read_line_item)

    def find_result(self, sourced_id: str) -> Result | None:
        """Look for it by its id; None where there is none, or it is marked to be deleted."""
        return self._held("results", "result", sourced_id, reading.read_result)

    def put_line_item(self, item: LineItem, *, first: bool = True) -> str:
        """Create or replace it; answers the sourcedId that the SIS holds it by.

        `first` matters in provider mode alone: the write that makes the SIS allocate an id leaves ours out
        of the body, and is not repeated when its outcome is unknown.
        """
        body = self._codec.line_item(replace(item, modified_at=datetime.now(UTC)))
        name = f"line item {item.sourced_id}"
        return self._writes.put("lineItems", "lineItem", body, name, item.class_id, first=first)

    def put_result(self, result: Result, *, first: bool = True) -> str:
        """Create or replace it; answers the sourcedId. `first` as in put_line_item."""
        body = self._codec.result(replace(result, modified_at=datetime.now(UTC)))
        name = f"result {result.sourced_id}"
        return self._writes.put("results", "result", body, name, result.class_id, first=first)

    def delete_line_item(self, sourced_id: str, class_id: str) -> None:
        """Take back a line item, by DELETE or by marking it; what its class's list lacks too is gone already.

        An SIS that has no DELETE may have no look by id either.
        """
        if self._writes.delete("lineItems", sourced_id, f"line item {sourced_id}", class_id) is None:
            return
        held = self.find_line_item(sourced_id) or self._listed(sourced_id, class_id)
        if held is not None:
            self.put_line_item(replace(held, status="tobedeleted"), first=False)

    def _listed(self, sourced_id: str, class_id: str) -> LineItem | None:
        listed = (each for each in self.class_line_items(class_id).items if each.status == "active")
        return next((each for each in listed if each.sourced_id == sourced_id), None)

    def delete_result(self, result: Result) -> None:
        """Take back a result, by DELETE or, where the SIS has none, by marking it to be deleted."""
        name = f"result {result.sourced_id}"
        refused = self._writes.delete("results", result.sourced_id, name, result.class_id)
        if refused is None or (refused == HTTPStatus.NOT_FOUND and self._is_gone(result)):
            return
        self.put_result(replace(result, status="tobedeleted"), first=False)

    def _is_gone(self, result: Result) -> bool:
        """Tell a DELETE that an earlier attempt had done from one that the SIS does not know.

        Marking what is gone would bring it back as a row of its own, or be refused for its unknown id.
        """
        if result.class_id is None:
            return False
        held = self.class_results(result.class_id).items
        return not any(each.sourced_id == result.sourced_id and each.status == "active" for each in held)

    def _held(
        self, collection: str, name: str, sourced_id: str, read: Callable[[reading.Item], Held]
    ) -> Held | None:
        item = f"{collection}/{sourced_id}"
        url = self._codec.gradebook + path(collection, sourced_id)
        try:
            found = self._reads.object_of(Call("GET", url, item), name)
            held = None if found is None else read(self._as_made(found))
        except RefusedError:
            raise
        except PermanentError as unreadable:
            raise RefusedError(Answer(HTTPStatus.OK, words=unreadable.what), item=item) from None
        if held is not None and held.sourced_id.lower() != sourced_id.lower():
            raise RefusedError(Answer(HTTPStatus.OK, words="answered with another sourcedId"), item=item)
        return held if held is not None and held.status == "active" else None

    def _held_rows(self, url: str, name: str, class_id: str, what: str) -> list[object]:
        return [self._as_made(each) for each in self._class_rows(url, name, class_id, what)]

    def _class_rows(self, url: str, name: str, class_id: str, what: str) -> list[object]:
        """Read a class's list: where the SIS has none, of a class that it has, it is empty."""
        call = Call("GET", url, f"{what} of class {class_id}", class_id=class_id)
        return self._reads.rows(call, name, lambda: self.find_class(class_id) is not None)


def _active(rows: Iterable[object]) -> list[object]:
    """Leave out those marked to be deleted."""
    return [row for row in rows if not isinstance(row, dict) or reading.is_active(row)]


def _usable(kind: str, rows: Iterable[object], read: Callable[[reading.Item], T]) -> list[T]:
    """Read what can be read of a list; what cannot is told by its code alone, for it may be a person."""
    listed = reading.listing(kind, rows, read)
    for code, count in Counter(each.code for each in listed.rejects).items():
        logger.warning("%d × %s of the SIS laid aside: %s", count, kind, code)
    return list(listed.items)
