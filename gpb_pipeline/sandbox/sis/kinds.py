"""The three kinds of object that the gradebook service reads and writes alike, and what differs between them.

How they are asked for is gradebook_api.py's.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.sandbox.sis import wire
from gpb_pipeline.sandbox.sis.dialects import ObjectName
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.keeping import kept_line_item, kept_result
from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.strangers import stranger_categories, stranger_line_items, stranger_results
from gpb_pipeline.sandbox.sis.wire import Payload, Writer


@dataclass(frozen=True)
class Kind:
    """One kind of writable object: how it is read, judged, kept, shown, listed and removed."""

    name: ObjectName
    plural: str
    held: MutableMapping[str, Any]
    read: Callable[[Payload, str], Any]
    judged: Callable[[Any], Any]
    kept: Callable[[Any], Any]
    show: Callable[[Writer, Any], Payload]
    listed: Callable[[], Mapping[str, Any]]
    others: Callable[[Writer], Iterable[Payload]]
    remove: Callable[[str], None]


def kinds_of(book: Gradebook, mood: Mood, zone: ZoneInfo) -> tuple[Kind, ...]:
    return (
        Kind(
            name="lineItem",
            plural="lineItems",
            held=book.line_items,
            read=wire.line_item_from,
            judged=book.judged_line_item,
            kept=lambda item: kept_line_item(item, mood.switches, zone),
            show=Writer.line_item,
            listed=book.line_items.listed,
            others=partial(_of_every_class, stranger_line_items),
            remove=book.remove_line_item,
        ),
        Kind(
            name="result",
            plural="results",
            held=book.results,
            read=wire.result_from,
            judged=book.judged_result,
            kept=lambda result: kept_result(result, mood.switches),
            show=Writer.result,
            listed=book.results.listed,
            others=partial(_of_every_class, stranger_results),
            remove=book.remove_result,
        ),
        Kind(
            name="category",
            plural="categories",
            held=book.categories,
            read=wire.category_from,
            judged=book.judged_category,
            kept=lambda category: category,
            show=Writer.category,
            listed=lambda: book.categories,
            others=stranger_categories,
            remove=book.remove_category,
        ),
    )


def _of_every_class(rows: Callable[[Writer, str], Iterable[Payload]], writer: Writer) -> Iterable[Payload]:
    return (row for class_id in writer.sis.classes for row in rows(writer, class_id))
