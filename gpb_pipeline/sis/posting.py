"""The writes of a plan, row by row: line items, results, withdrawals, several at a time.

A row's failure costs that row. What would fail for every row alike (credentials, a SIS that is down) halts
the course's further writes. What is written was decided in passback; nothing is judged here.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gpb_pipeline.errors import PermanentError, PipelineError
from gpb_pipeline.passback.course import Plan
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.rows.settle import TO_WRITE, Answer, GradeKey, ItemKey
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import AccessError, RefusedError, UnavailableError, UnknownOutcome
from gpb_pipeline.sis.model import LineItem, Result

UNANSWERED_MAX = 3  # writes without an answer in a row, each after its own retries: the SIS is down

Key = TypeVar("Key", ItemKey, GradeKey)


@dataclass
class Halt:
    """Why a course's writes stop: set once, seen by all its threads. `ended` comes from outside."""

    ended: Event
    error: PipelineError | None = None
    _unanswered: int = 0
    _lock: Lock = field(default_factory=Lock)

    def now(self) -> bool:
        return self.error is not None or self.ended.is_set()

    def answered(self) -> None:
        with self._lock:
            self._unanswered = 0

    def unanswered(self, error: PipelineError) -> None:
        with self._lock:
            self._unanswered += 1
            if self._unanswered >= UNANSWERED_MAX:
                self.error = self.error or error

    def refuse(self, error: PipelineError) -> None:
        with self._lock:
            self.error = self.error or error


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Writes one course's plan through a pool that all courses share."""

    client: OneRosterClient
    pool: Executor
    halt: Halt
    zone: ZoneInfo  # the course's: the day of a score

    def line_items(self, plan: Plan) -> dict[ItemKey, Answer]:
        """Write the line items that the plan creates or updates; a row that was not tried has no answer."""
        rows = plan.assignments[plan.assignments["state"].isin(TO_WRITE)]
        codes = (Code.ASSIGNMENT_REFUSED, Code.ASSIGNMENT_UNAVAILABLE, Code.ASSIGNMENT_UNKNOWN_OUTCOME)
        return self._write(
            (((each.section_id, each.assignment_id), self._put_line_item, each) for each in rows_of(rows)),
            codes,
        )

    def results(self, plan: Plan, rows: Any = None) -> dict[GradeKey, Answer]:
        """Write the results that the plan creates, updates or withdraws, or `rows` of it as they are."""
        chosen = plan.grades[plan.grades["state"].isin(TO_WRITE)] if rows is None else rows
        codes = (Code.SIS_REFUSED, Code.SIS_UNAVAILABLE, Code.SIS_UNKNOWN_OUTCOME)
        return self._write(
            (
                ((each.section_id, each.assignment_id, each.user_id), self._result_of(each), each)
                for each in rows_of(chosen)
            ),
            codes,
        )

    def _write(
        self, writes: Iterable[tuple[Key, Callable[[Any], str], Any]], codes: tuple[Code, Code, Code]
    ) -> dict[Key, Answer]:
        pending = [(key, self.pool.submit(self._one, put, row, codes)) for key, put, row in writes]
        answers = ((key, future.result()) for key, future in pending)
        return {key: answer for key, answer in answers if answer is not None}

    def _one(self, put: Callable[[Any], str], row: Any, codes: tuple[Code, Code, Code]) -> Answer | None:
        """Write one row; None where the course has halted."""
        refused, unavailable, unknown = codes
        if self.halt.now():
            return None
        try:
            sourced_id = put(row)
        except AccessError as error:
            self.halt.refuse(error)
            return Answer(code=refused, sis_error=_words(error))
        except RefusedError as error:
            self.halt.answered()
            return Answer(code=refused, sis_error=_words(error))
        except UnavailableError as error:
            self.halt.unanswered(error)
            code = unknown if isinstance(error, UnknownOutcome) else unavailable
            return Answer(code=code, sis_error=_words(error))
        except PermanentError as error:  # a setting, or an answer that cannot be read: so will be the rest
            self.halt.refuse(error)
            return Answer(code=refused, sis_error=error.what)
        self.halt.answered()
        return Answer(sourced_id=sourced_id)

    def _put_line_item(self, row: Any) -> str:
        item = LineItem(
            sourced_id=row.line_item_id,
            title=row.title,
            class_id=row.class_id,
            category_id=row.category_id,
            assign_date=row.assigned_at.to_pydatetime() if row.assigned_at is not None else None,
            due_date=row.due_on_wire.to_pydatetime(),
            result_value_max=row.points_possible,
            school_id=row.school_id,
            grading_period_id=row.period_id,
            description=f"Canvas assignment {row.assignment_id}",
        )
        return self.client.put_line_item(item, first=row.state == "create")

    def _result_of(self, row: Any) -> Callable[[Any], str]:
        return self._withdraw if row.state == "withdraw" else self._put_result

    def _put_result(self, row: Any) -> str:
        return self.client.put_result(self._result(row), first=row.state == "create")

    def _withdraw(self, row: Any) -> str:
        self.client.delete_result(self._result(row))
        return str(row.result_id)

    def _result(self, row: Any) -> Result:
        return Result(
            sourced_id=row.result_id,
            line_item_id=row.line_item_id,
            student_id=row.student_id,
            score=row.score,
            score_status="exempt" if row.exempt else "fully graded",
            score_date=row.scored_at.astimezone(self.zone).date(),
            class_id=row.class_id,
        )


def _words(error: RefusedError | UnavailableError) -> str:
    """Join the SIS's own code and words, for the log alone."""
    said = [str(each) for each in (error.status, error.sis_code, error.sis_words) if each]
    return " ".join(said) or "no answer"
