"""The writes of planned rows: line items, results, withdrawals, several at a time.

A row's failure costs that row. What would fail for every row alike (credentials, a SIS that is down) halts
the course's further writes. What is written was decided in passback; nothing is judged here.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.brake import StoppedError
from gpb_pipeline.errors import PermanentError, unforeseen
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.identity import description_of
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows
from gpb_pipeline.passback.rows.settle import TO_WRITE, WriteAnswer
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import AccessError, RefusedError, UnavailableError, UnknownOutcome
from gpb_pipeline.sis.halt import Halt
from gpb_pipeline.sis.model import LineItem, Result

SUCCESS = range(200, 300)  # said of what is no OneRoster answer


class FailureCodes(NamedTuple):
    """What a failed write is told as, by how it failed."""

    refused: Code
    id_refused: Code
    unavailable: Code
    unknown: Code


OF_LINE_ITEM = FailureCodes(
    Code.ASSIGNMENT_REFUSED,
    Code.ASSIGNMENT_ID_REFUSED,
    Code.ASSIGNMENT_UNAVAILABLE,
    Code.ASSIGNMENT_UNKNOWN_OUTCOME,
)
OF_RESULT = FailureCodes(
    Code.SIS_REFUSED, Code.SIS_ID_REFUSED, Code.SIS_UNAVAILABLE, Code.SIS_UNKNOWN_OUTCOME
)


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Writes one course's plan through a pool that all courses share."""

    client: OneRosterClient
    pool: Executor
    halt: Halt
    zone: ZoneInfo  # the course's: the day of a score
    at: datetime  # of a score that Canvas gives no time for

    def line_items(self, rows: DataFrame[AssignmentRows]) -> dict[int, WriteAnswer]:
        """Write what is to be created or updated; a row that was not tried has no answer."""
        return self._write(rows[rows["state"] != "withdraw"], self._put_line_item, OF_LINE_ITEM)

    def withdrawn_line_items(self, rows: DataFrame[AssignmentRows]) -> dict[int, WriteAnswer]:
        """Delete the line items of these rows."""
        return self._write(rows, self._delete_line_item, OF_LINE_ITEM)

    def results(self, rows: DataFrame[GradeRows]) -> dict[int, WriteAnswer]:
        """Write what is to be created, updated or withdrawn."""
        return self._write(rows, self._put_or_withdraw, OF_RESULT)

    def _write(
        self, rows: pd.DataFrame, put: Callable[[Any], str], codes: FailureCodes
    ) -> dict[int, WriteAnswer]:
        chosen = rows[rows["state"].isin(TO_WRITE)]
        pending = [
            (index, self.pool.submit(self._one, put, row, codes))
            for index, row in zip(chosen.index, rows_of(chosen), strict=True)
        ]
        answers = ((index, future.result()) for index, future in pending)
        return {index: answer for index, answer in answers if answer is not None}

    def _one(self, put: Callable[[Any], str], row: Any, codes: FailureCodes) -> WriteAnswer | None:
        """Write one row; None where the course has halted."""
        if self.halt.now():
            return None
        try:
            sourced_id = put(row)
        except Exception as failure:  # noqa: BLE001  a fault of ours, too, costs its row alone
            return self._failed(failure, row, codes)
        self.halt.answered()
        return WriteAnswer(sourced_id=sourced_id)

    def _failed(self, failure: Exception, row: Any, codes: FailureCodes) -> WriteAnswer | None:
        """Say what a failure means for its row, and what for the course's further writes."""
        match failure:
            case StoppedError():  # before it was sent
                return None
            case AccessError():
                self.halt.refuse(failure)
                return WriteAnswer(code=codes.refused, sis_error=_words(failure))
            case RefusedError():
                self.halt.answered()
                ids = (getattr(row, "result_id", None), row.line_item_id)
                missing = frozenset(each for each in ids if each is not None and failure.says_unknown(each))
                student_id = getattr(row, "student_id", None)
                if student_id is not None and failure.says_unknown(student_id):
                    missing = frozenset()  # it may be the student alone that is meant
                code = codes.id_refused if self._refuses_our_id(failure, row) else codes.refused
                return WriteAnswer(code=code, sis_error=_words(failure), unknown=missing)
            case UnavailableError():
                if failure.is_outage or failure.status in SUCCESS:
                    self.halt.unanswered(failure)
                else:
                    self.halt.broken(failure, row.line_item_id, getattr(row, "student_id", None))
                code = codes.unknown if isinstance(failure, UnknownOutcome) else codes.unavailable
                return WriteAnswer(code=code, sis_error=_words(failure))
            case PermanentError():  # a setting, or an answer that cannot be read: so will be the rest
                self.halt.refuse(failure)
                return WriteAnswer(code=codes.refused, sis_error=failure.what)
        fault = unforeseen(failure, item="a row", remedy="Report it with the job's id.")
        return WriteAnswer(code=codes.unknown, sis_error=fault.what)  # nobody knows what it had sent

    def _refuses_our_id(self, refused: RefusedError, row: Any) -> bool:
        """Whether a first write was refused for its sourcedId, which is ours to choose by SIS_ID_MODE."""
        if self.client.settings.id_mode != "consumer" or row.state != "create":
            return False
        return refused.refuses_id(getattr(row, "result_id", row.line_item_id))

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
            description=description_of(row.assignment_id),
        )
        return self.client.put_line_item(item, first=row.state == "create")

    def _delete_line_item(self, row: Any) -> str:
        self.client.delete_line_item(row.line_item_id, row.class_id)
        return str(row.line_item_id)

    def _put_or_withdraw(self, row: Any) -> str:
        return self._withdraw(row) if row.state == "withdraw" else self._put_result(row)

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
            score_date=(self.at if pd.isna(row.scored_at) else row.scored_at).astimezone(self.zone).date(),
            class_id=row.class_id,
            late=bool(row.late) if row.covered else None,
            missing=bool(row.missing) if row.covered else None,
        )


def _words(error: RefusedError | UnavailableError) -> str:
    """Join the SIS's own code and words, for the log alone."""
    said = [str(each) for each in (error.status, error.sis_code, error.sis_words) if each]
    return " ".join(said) or "no answer"
