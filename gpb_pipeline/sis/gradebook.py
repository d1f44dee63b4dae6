"""What a SIS shows of classes' gradebooks now, as the frames that holdings are held against. Reads only."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from gpb_pipeline.passback.frames import build
from gpb_pipeline.passback.holdings.frames import Gradebook, Holdings, SisLineItems, SisResults
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import AccessError, RefusedError
from gpb_pipeline.sis.model import Listing

T = TypeVar("T")

NOT_FOUND = 404


def read_gradebook(
    client: OneRosterClient, class_ids: Collection[str], at: datetime, left: Collection[str] = ()
) -> Gradebook:
    """Read the active line items and results of these classes; raises ShortReadError for a list not whole.

    `left`: classes that their sections have left; one that the SIS does not show any more is not of the read.
    """
    items = _listings(client, client.class_line_items, {*class_ids, *left}, left)
    results = _listings(client, client.class_results, items, left)
    items = {each: items[each] for each in results}
    active_items = {
        each.sourced_id: each
        for listing in items.values()
        for each in listing.items
        if each.status == "active"
    }.values()
    active = {
        each.sourced_id: (class_id, each)
        for class_id, listing in results.items()
        for each in listing.items
        if each.status == "active"
    }.values()
    return Gradebook(
        class_ids=frozenset(results),
        line_items=build(
            SisLineItems,
            {
                "line_item_id": [each.sourced_id for each in active_items],
                "class_id": [each.class_id for each in active_items],
                "title": [each.title for each in active_items],
                "description": [each.description for each in active_items],
                "category_id": [each.category_id for each in active_items],
                "period_id": [each.grading_period_id for each in active_items],
                "points_possible": [each.result_value_max for each in active_items],
                "assigned_at": [_text(each.assign_date) for each in active_items],
                "due_on_wire": [_text(each.due_date) for each in active_items],
            },
        ),
        results=build(
            SisResults,
            {
                "result_id": [each.sourced_id for _, each in active],
                "class_id": [class_id for class_id, _ in active],
                "line_item_id": [each.line_item_id for _, each in active],
                "student_id": [each.student_id for _, each in active],
                "score": [each.score for _, each in active],
                "exempt": [each.exempt for _, each in active],
            },
        ),
        at=at,
        unreadable={
            reject.sourced_id: class_id
            for listings in (items, results)
            for class_id, listing in listings.items()
            for reject in listing.rejects
            if reject.sourced_id is not None
        },
        unreadable_results=frozenset(each for each, listing in results.items() if listing.rejects),
    )


def _listings(
    client: OneRosterClient,
    read: Callable[[str], Listing[T]],
    class_ids: Collection[str],
    left: Collection[str],
) -> dict[str, Listing[T]]:
    asked = sorted(class_ids)
    found = client.abreast(partial(_listing, read, each, may_be_shut=each in left) for each in asked)
    return {class_id: each for class_id, each in zip(asked, found, strict=True) if each is not None}


def _listing(read: Callable[[str], Listing[T]], class_id: str, *, may_be_shut: bool) -> Listing[T] | None:
    try:
        return read(class_id)
    except AccessError:
        raise
    except RefusedError:
        if not may_be_shut:
            raise
        return None


def line_items_of(client: OneRosterClient, class_ids: Collection[str]) -> dict[str, str]:
    """Name all line items of these classes, each with its class; raises what a read raises."""
    return {
        item.sourced_id: each for each in sorted(class_ids) for item in client.class_line_items(each).items
    }


def asked_by_id(client: OneRosterClient, book: Gradebook, doubted: Holdings) -> Gradebook:
    """Ask for each doubted holding by its own id; believed where the first, which is shown, is found so.

    A SIS that does not serve objects by id leaves the read as it was.
    """
    not_found, found = set(book.not_found), set(book.found)
    for ids, find in (
        (doubted.line_items["line_item_id"].to_list(), client.find_line_item),
        (doubted.results["result_id"].to_list(), client.find_result),
    ):
        try:
            if ids and find(ids[0]) is not None:
                lacking = {each for each in ids[1:] if find(each) is None}
                not_found |= lacking
                found |= {*ids[1:]} - lacking
        except RefusedError:
            continue
    return replace(book, not_found=frozenset(not_found), found=frozenset(found))


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()  # pandas reads no offset with seconds
