"""What the gradebook holds: line items and results, as they are and as its lists show them.

By which rules they are taken is gradebook.py's, how they look on the wire wire.py's.
"""

from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import monotonic
from typing import Generic, Literal, TypeVar

Status = Literal["active", "tobedeleted"]
R = TypeVar("R")


@dataclass(frozen=True)
class LineItem:
    """A column of a class's gradebook. Dates are the wire's own texts."""

    sourced_id: str
    status: Status
    title: str
    class_id: str
    category_id: str
    assign_date: str
    due_date: str | None
    date_last_modified: str
    description: str | None = None
    grading_period_id: str | None = None
    school_id: str | None = None
    result_value_min: float | None = None
    result_value_max: float | None = None

    @property
    def due_day(self) -> date:
        """In UTC, as far as its text has an offset."""
        due = datetime.fromisoformat(self.due_date or self.assign_date)
        return (due.astimezone(UTC) if due.tzinfo else due).date()


@dataclass(frozen=True)
class Result:
    """One student's cell of a line item."""

    sourced_id: str
    status: Status
    line_item_id: str
    student_id: str
    score_status: str
    score_date: str
    date_last_modified: str
    score: float | None = None
    comment: str | None = None
    late: bool | None = None
    missing: bool | None = None


class Records(MutableMapping[str, R], Generic[R]):
    """Records by sourcedId; what lists show of a change lags behind by `delay` seconds (inf: until told)."""

    def __init__(self) -> None:
        self._held: dict[str, R] = {}
        self._listed: dict[str, R] = {}
        self._due: deque[tuple[float, str, R | None]] = deque()
        self._delay = 0.0

    def lag(self, delay: float) -> None:
        """Let changes from now on show in lists so many seconds later; earlier ones show."""
        self._delay = delay
        self.publish()

    def publish(self) -> None:
        """Let lists show everything that is held."""
        self._due.clear()
        self._listed = dict(self._held)

    def clear(self) -> None:
        self._held.clear()
        self.publish()

    def listed(self) -> Mapping[str, R]:
        now = monotonic()
        while self._due and self._due[0][0] <= now:
            _, sourced_id, record = self._due.popleft()
            self._show(sourced_id, record)
        return self._listed

    def _show(self, sourced_id: str, record: R | None) -> None:
        if record is None:
            self._listed.pop(sourced_id, None)
        else:
            self._listed[sourced_id] = record

    def _changed(self, sourced_id: str, record: R | None) -> None:
        if self._delay:
            self._due.append((monotonic() + self._delay, sourced_id, record))
        else:
            self._show(sourced_id, record)

    def __getitem__(self, sourced_id: str) -> R:
        return self._held[sourced_id]

    def __setitem__(self, sourced_id: str, record: R) -> None:
        self._held[sourced_id] = record
        self._changed(sourced_id, record)

    def __delitem__(self, sourced_id: str) -> None:
        del self._held[sourced_id]
        self._changed(sourced_id, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
