"""What the pipeline asks of a SIS: reads of classes and gradebooks, writes of line items and results.

Tokens, retries and errors are transport.py's; bodies the codecs'. Methods may be called from several threads.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import Any, Self

import requests

from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis import reading
from gpb_pipeline.sis.errors import (
    Answer,
    RefusedError,
    UnavailableError,
    UnknownOutcome,
    answer_of,
    says_failure,
)
from gpb_pipeline.sis.model import (
    AcademicSession,
    Category,
    DistrictLists,
    LineItem,
    Result,
    SisClass,
    Student,
)
from gpb_pipeline.sis.transport import Call, Transport
from gpb_pipeline.sis.v1p1 import OneRoster1p1
from gpb_pipeline.sis.v1p2 import OneRoster1p2
from gpb_pipeline.sis.wire import Codec, Payload, path

LISTS_KEPT = 60.0  # seconds: a night's courses share a read, a person's next sync has its own
PAGE = 100  # the default of both documents, so that no SIS objects to it
WITHOUT_DELETE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class OneRosterClient:
    """A SIS by its settings; each method raises what Transport.send does, naming the item it was about."""

    def __init__(self, settings: SisSettings) -> None:
        self.settings = settings
        older = settings.dialect == "oneroster-1.1"
        self._codec: Codec = OneRoster1p1(settings.base_url) if older else OneRoster1p2(settings.base_url)
        self._transport = Transport(settings, self._codec.scope)
        self._lists: DistrictLists | None = None
        self._lists_at = 0.0
        self._lists_lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def authorize(self) -> None:
        """Get a token, if there is none yet, and do nothing with it."""
        self._transport.authorize()

    def has_classes(self) -> bool:
        """Say whether the SIS has any class, by one request."""
        call = Call(
            "GET", self._codec.rostering + path("classes"), "classes", params={"limit": 1, "offset": 0}
        )
        return bool(_items(_json(self._listed(call), call.item), "classes", call.item))

    def find_class(self, sourced_id: str) -> SisClass | None:
        """Find the class of that sourcedId; None where there is none, or it is marked to be deleted."""
        url = self._codec.rostering + path("classes", sourced_id)
        item = f"class {sourced_id}"
        try:
            body = _json(self._transport.send(Call("GET", url, item)), item)
        except RefusedError as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        inner = body.get("class", body) if isinstance(body, dict) else None
        if not isinstance(inner, dict):
            raise reading.unreadable("is not an object", item)
        return reading.read_class(inner) if reading.is_active(inner) else None

    def classes_of_code(self, code: str) -> list[SisClass]:
        """Find the active classes of exactly that classCode, whether or not the SIS heeds the filter."""
        params = {"filter": f"classCode='{code}'"}
        url = self._codec.rostering + path("classes")
        items = filter(reading.is_active, self._collection(url, "classes", f"classes of code {code}", params))
        return [each for each in map(reading.read_class, items) if each.code == code]

    def class_students(self, class_id: str) -> list[Student]:
        url = self._codec.rostering + path("classes", class_id, "students")
        items = self._collection(url, "users", f"students of class {class_id}")
        return [reading.read_student(each) for each in items if reading.is_active(each)]

    def academic_sessions(self) -> list[AcademicSession]:
        """Read every session: terms, semesters, school years and grading periods, ended ones too."""
        url = self._codec.rostering + path("academicSessions")
        return [
            reading.read_session(each)
            for each in self._collection(url, "academicSessions", "academic sessions")
        ]

    def categories(self) -> list[Category]:
        """Read every category, of every class and of none, inactive ones too."""
        url = self._codec.gradebook + path("categories")
        return [reading.read_category(each) for each in self._collection(url, "categories", "categories")]

    def district_lists(self) -> DistrictLists:
        """Read categories and academic sessions for a course, or have those read for another a moment ago."""
        with self._lists_lock:
            if self._lists is None or monotonic() - self._lists_at > LISTS_KEPT:
                self._lists = DistrictLists(
                    categories=tuple(self.categories()), sessions=tuple(self.academic_sessions())
                )
                self._lists_at = monotonic()
            return self._lists

    def class_line_items(self, class_id: str) -> list[LineItem]:
        """Read the class's line items, those marked `tobedeleted` too."""
        url = self._codec.gradebook + path("classes", class_id, "lineItems")
        items = self._collection(url, "lineItems", f"line items of class {class_id}")
        return [reading.read_line_item(each) for each in items]

    def class_results(self, class_id: str) -> list[Result]:
        """Read the class's results, those marked `tobedeleted` too."""
        url = self._codec.gradebook + path("classes", class_id, "results")
        items = self._collection(url, "results", f"results of class {class_id}")
        return [reading.read_result(each) for each in items]

    def put_line_item(self, item: LineItem, *, first: bool = True) -> str:
        """Create or replace it; answers the sourcedId that the SIS holds it by.

        `first` matters in provider mode alone: the write that makes the SIS allocate an id leaves ours out
        of the body, and is not repeated when its outcome is unknown.
        """
        body = self._codec.line_item(replace(item, modified_at=datetime.now(UTC)))
        return self._put("lineItems", "lineItem", body, f"line item {item.sourced_id}", first=first)

    def put_result(self, result: Result, *, first: bool = True) -> str:
        """Create or replace it; answers the sourcedId. `first` as in put_line_item."""
        body = self._codec.result(replace(result, modified_at=datetime.now(UTC)))
        return self._put("results", "result", body, f"result {result.sourced_id}", first=first)

    def delete_result(self, result: Result) -> None:
        """Take back a result, by DELETE or, where the SIS has none, by marking it to be deleted."""
        if self.settings.withdraw == "delete":
            url = self._codec.gradebook + path("results", result.sourced_id)
            try:
                self._transport.send(Call("DELETE", url, f"result {result.sourced_id}"))
            except RefusedError as refused:
                if refused.status not in WITHOUT_DELETE:
                    raise
                if refused.status == HTTPStatus.NOT_FOUND and self._is_gone(result):
                    return
            else:
                return
        self.put_result(replace(result, status="tobedeleted"), first=False)

    def _is_gone(self, result: Result) -> bool:
        """Tell a DELETE that an earlier attempt had done from one that the SIS does not know.

        Marking what is gone would bring it back as a row of its own, or be refused for its unknown id.
        """
        if result.class_id is None:
            return False
        held = self.class_results(result.class_id)
        return not any(each.sourced_id == result.sourced_id and each.status == "active" for each in held)

    def _put(self, collection: str, name: str, body: Payload, item: str, *, first: bool) -> str:
        ours: str = body[name]["sourcedId"]
        allocating = first and self.settings.id_mode == "provider"
        if allocating:
            del body[name]["sourcedId"]
        url = self._codec.gradebook + path(collection, ours)
        response = self._transport.send(Call("PUT", url, item, body=body, keyed=not allocating))
        answer = _json_or_none(response)
        if says_failure(answer):
            raise RefusedError(answer_of(response.status_code, response.text), item=item)
        if self.settings.id_mode == "consumer":
            return ours
        theirs = reading.sourced_id_in(answer)
        if theirs is None and allocating:
            raise UnknownOutcome(Answer(response.status_code, "no sourcedId in the answer"), item=item)
        return theirs or ours

    def _listed(self, call: Call) -> requests.Response:
        try:
            return self._transport.send(call)
        except RefusedError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            answer = Answer(refused.status, refused.sis_code, refused.sis_words)
            remedy = "Check SIS_BASE_URL and SIS_DIALECT: the SIS serves no such list."
            raise RefusedError(answer, item=call.item, remedy=remedy) from None

    def _collection(
        self, url: str, name: str, item: str, params: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Read all pages. Raises UnavailableError where they hold less than the SIS counted."""
        items: list[dict[str, Any]] = []
        seen: set[str] = set()
        offset = 0
        while True:
            page_of: dict[str, str | int] = {**(params or {}), "limit": PAGE, "offset": offset}
            response = self._listed(Call("GET", url, item, params=page_of))
            page = _items(_json(response, item), name, item)
            new = [each for each in page if str(each.get("sourcedId")) not in seen]
            total = _count(response.headers.get("X-Total-Count"))
            if not new and total is not None and offset < total:
                raise UnavailableError(Answer(response.status_code, "short read"), item=item)
            if not new:  # past the end, or a SIS that knows no offset
                return items
            items += new
            seen |= {str(each.get("sourcedId")) for each in new}
            offset += len(page)
            if total is not None and offset >= total and len(page) != PAGE:  # some count only the page
                return items


def _count(header: str | None) -> int | None:
    return int(header) if header is not None and header.isdecimal() else None


def _json_or_none(response: requests.Response) -> object:
    try:
        return response.json()
    except requests.JSONDecodeError:
        return None


def _json(response: requests.Response, item: str) -> Any:
    body = _json_or_none(response)
    if body is None:
        raise reading.unreadable("is not JSON", item)
    if says_failure(body):
        raise RefusedError(answer_of(response.status_code, response.text), item=item)
    return body


def _items(body: object, name: str, item: str) -> list[dict[str, Any]]:
    """Find the page's objects: under the collection's name, under whatever single name it has, or bare."""
    found = body
    if isinstance(body, dict):
        lists = [each for each in body.values() if isinstance(each, list)]
        found = body.get(name, lists[0] if len(lists) == 1 else None)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise reading.unreadable("is not a list of objects", item)
    return found
