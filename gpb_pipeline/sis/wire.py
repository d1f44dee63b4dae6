"""What both dialects spell alike when they write: references, instants, numbers. Bodies are the codecs'."""

from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

from gpb_pipeline.sis.model import LineItem, Result

Payload = dict[str, Any]


class Codec(Protocol):
    """One version of OneRoster: where its two services are, the scopes they need, the bodies they take."""

    @property
    def rostering(self) -> str: ...

    @property
    def gradebook(self) -> str: ...

    @property
    def scope(self) -> str | None: ...

    @property
    def lists_class_categories(self) -> bool: ...

    def line_item(self, item: LineItem) -> Payload: ...

    def result(self, result: Result) -> Payload: ...


def path(*parts: str) -> str:
    """Join a path of collections and sourcedIds, which may hold any character."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def reference(service: str, collection: str, sourced_id: str | None, kind: str) -> Payload | None:
    """Write a GUIDRef, or None where there is nothing to refer to."""
    if sourced_id is None:
        return None
    return {"href": service + path(collection, sourced_id), "sourcedId": sourced_id, "type": kind}


def instant(moment: datetime | None) -> str | None:
    """Write UTC with milliseconds and `Z`, the only spelling that both schemas show."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shortest(number: float | None) -> float | None:
    """Give the number that JSON writes as Canvas shows it: arithmetic leaves 6.300000000000001 of 6.3."""
    return None if number is None else float(f"{number:.10g}")


def flag(value: bool | None) -> str | None:  # noqa: FBT001 - the value is what is written
    return None if value is None else str(value).lower()


def stated(payload: Payload) -> Payload:
    """Give `payload` without what is not known: SISs refuse null and empty where they take absence."""
    return {name: value for name, value in payload.items() if value is not None}
