"""When a course's further writes are not begun: what would fail for every row alike.

Which error is which, errors.py says; what a row's own failure costs it, posting.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from gpb_pipeline.brake import Brake
from gpb_pipeline.errors import PipelineError

ASSURED_FOR = 2.0  # seconds
UNANSWERED_MAX = 3  # writes without an answer in a row, each after its own retries: the SIS is down
STUDENTS_MAX, COLUMNS_MAX, COLUMNS_LEAST = 5, 5, 2
"""Server errors in a row, each after its own retries, that are the SIS's and no longer a row's: of five
students over two line items, or of five line items. A SIS may fail for all that is one student's, or for each
grade of one line item, and then the rest must go on; what is five students' on two line items is neither.
Where all that is written is of one line item, nobody can tell, and it is no more than a class."""


@dataclass
class Halt:
    """Why a course's writes stop: set once, seen by all its threads. `brake` is pulled from outside.

    `assure` raises where the course is not ours any more: another sync may have written newer grades since.
    """

    brake: Brake
    assure: Callable[[], None] = lambda: None
    error: PipelineError | None = None
    _assured_at: float = field(default_factory=monotonic)
    _unanswered: int = 0
    _broken: set[tuple[str, str | None]] = field(default_factory=set)  # line items, with their students
    _lock: Lock = field(default_factory=Lock)

    def now(self) -> bool:
        self._assure()
        return self.error is not None or self.brake.why is not None

    def _assure(self) -> None:
        with self._lock:
            if monotonic() - self._assured_at < ASSURED_FOR:
                return
            try:
                self.assure()
            except PipelineError as lost:
                self.error = self.error or lost
            self._assured_at = monotonic()

    def answered(self) -> None:
        with self._lock:
            self._unanswered = 0
            self._broken.clear()

    def broken(self, error: PipelineError, line_item_id: str, student_id: str | None) -> None:
        """Note a server error that may be about this one row; it is not when it is about so many."""
        with self._lock:
            self._broken.add((line_item_id, student_id))
            columns = len({column for column, _ in self._broken})
            students = len({student for _, student in self._broken if student is not None})
            spread = (
                columns >= COLUMNS_LEAST and students >= STUDENTS_MAX if students else columns >= COLUMNS_MAX
            )
            if spread:
                self.error = self.error or error

    def unanswered(self, error: PipelineError) -> None:
        with self._lock:
            self._unanswered += 1
            if self._unanswered >= UNANSWERED_MAX:
                self.error = self.error or error

    def refuse(self, error: PipelineError) -> None:
        with self._lock:
            self.error = self.error or error
