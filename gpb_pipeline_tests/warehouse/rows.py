"""Frames of made-up rows, for tests that care about where rows go and not about what they say."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import F, build
from gpb_pipeline.passback.rows.counts import Extracted
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues, Rows

NOON = datetime(2026, 3, 2, 17, 0, 0, 123456, tzinfo=UTC)
DIGESTS = {"another": "digest"}  # of no frame that is put: each is written
EXTRACTED = Extracted(sections=3, assignments=5, grades=40)


def frame(schema: type[F], *rows: dict[str, Any]) -> DataFrame[F]:
    """Make one row a dict, what it leaves out filled with a value of the column's type."""
    columns = schema.to_schema().columns
    return build(
        schema,
        {
            name: [row.get(name, _filler(name, column.dtype.type, number)) for number, row in enumerate(rows)]
            for name, column in columns.items()
        },
    )


def _filler(name: str, dtype: Any, number: int) -> object:
    if isinstance(dtype, pd.DatetimeTZDtype):
        return NOON
    return {"f": number + 0.5, "b": True, "i": number}.get(dtype.kind, f"{name}-{number}")


def outcome(assignments: Sequence[dict[str, Any]] = (), grades: Sequence[dict[str, Any]] = ()) -> Rows:
    return Rows(
        assignments=frame(AssignmentRows, *assignments),
        grades=frame(GradeRows, *grades),
        issues=frame(Issues, {"code": "no_due_date", "user_id": None}),
        extracted=EXTRACTED,
    )
