"""One Pandera schema a frame: what Canvas and the SIS hold, as read, for one course.

The frames of a sync are rows/frames.py, what the SIS holds is holdings/frames.py. Ids are strings; times are
UTC with microseconds; scores are floats with NaN for none; text that may be absent is None. Numbers and times
are parsed before they come here (`build`), so that validation judges values and not spellings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar, cast

import pandas as pd
import pandera.pandas as pa
from pandas.api.types import infer_dtype
from pandera.typing import DataFrame, Series

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.row_type import row_type

UtcTime = Annotated[pd.DatetimeTZDtype, "us", "UTC"]


class Frame(pa.DataFrameModel):
    """Base of all schemas: columns exactly as declared, in that order."""

    class Config:
        strict = True
        ordered = True


F = TypeVar("F", bound=Frame)
Unframed = Mapping[str, Sequence[Any] | pd.Series] | pd.DataFrame
"""A frame before it is made: each column's values, as `build` takes them."""


class Courses(Frame):
    """The course itself, one row (docs/canvas.md §9)."""

    course_name: Series[str] = pa.Field(description="as shown in Canvas")
    sis_course_id: Series[str] = pa.Field(nullable=True, description="None where the course has no SIS id")
    time_zone: Series[str] = pa.Field(description="IANA name")


class Sections(Frame):
    """The course's active sections (docs/canvas.md §6)."""

    section_id: Series[str] = pa.Field(unique=True, description="Canvas section id")
    section_name: Series[str] = pa.Field(description="as shown in Canvas")
    sis_section_id: Series[str] = pa.Field(nullable=True, description="None where the section has no SIS id")


class Enrollments(Frame):
    """Student enrollments in every state, test student included: scope is judged, not assumed."""

    user_id: Series[str] = pa.Field(description="Canvas user id")
    section_id: Series[str]
    type: Series[str] = pa.Field(description="StudentEnrollment or StudentViewEnrollment (the test student)")
    state: Series[str] = pa.Field(description="active, invited, inactive, completed, …")
    sis_user_id: Series[str] = pa.Field(nullable=True, description="None where the student has no SIS id")
    student_name: Series[str] = pa.Field(description="private: never leaves the warehouse unasked")


class AssignmentGroups(Frame):
    """Assignment groups (docs/canvas.md §4)."""

    group_id: Series[str] = pa.Field(unique=True)
    group_name: Series[str]
    position: Series[int]
    integration_data: Series[str] = pa.Field(description="JSON object, as Canvas holds it")


class Assignments(Frame):
    """Every assignment of the course with its base dates (docs/canvas.md §2)."""

    assignment_id: Series[str] = pa.Field(unique=True)
    assignment_name: Series[str]
    group_id: Series[str]
    workflow_state: Series[str] = pa.Field(description="`published` is the only state that is synced")
    post_to_sis: Series[bool] = pa.Field(description="Sync to SIS")
    grading_type: Series[str]
    points_possible: Series[float] = pa.Field(nullable=True)
    due_at: Series[UtcTime] = pa.Field(nullable=True, description="base date, not overridden")
    unlock_at: Series[UtcTime] = pa.Field(nullable=True)
    created_at: Series[UtcTime] = pa.Field(nullable=True)
    only_visible_to_overrides: Series[bool] = pa.Field(description="no `Everyone`")
    omit_from_final_grade: Series[bool]
    due_date_required: Series[bool] = pa.Field(description="Canvas's own form asks for one")


class Overrides(Frame):
    """One row a target of an override: a section, a student, a group, the course (mastery `noop` too)."""

    assignment_id: Series[str]
    target: Series[str] = pa.Field(isin=["section", "student", "group", "course", "noop"])
    target_id: Series[str] = pa.Field(description="id of the section, student, group or course")
    due_at_overridden: Series[bool] = pa.Field(description="the key was present, even as null")
    due_at: Series[UtcTime] = pa.Field(nullable=True)
    unassign_item: Series[bool]


class Submissions(Frame):
    """One row an (assignment, student) of the sync-enabled assignments (docs/canvas.md §5)."""

    assignment_id: Series[str]
    user_id: Series[str]
    score: Series[float] = pa.Field(nullable=True, description="private; net of late deduction")
    grade: Series[str] = pa.Field(nullable=True, description="private; what Canvas displays")
    excused: Series[bool]
    late: Series[bool]
    missing: Series[bool]
    workflow_state: Series[str]
    posted_at: Series[UtcTime] = pa.Field(nullable=True, description="None: hidden from the student")
    graded_at: Series[UtcTime] = pa.Field(nullable=True)
    grade_matches_current_submission: Series[bool]
    assigned: Series[bool] = pa.Field(description="Canvas's assignment_visible")

    class Config(Frame.Config):
        unique = ["assignment_id", "user_id"]


class SisCategories(Frame):
    """The SIS's grading categories (docs/oneroster.md, Fields)."""

    category_id: Series[str] = pa.Field(description="sourcedId; once a class that alone may use it")
    title: Series[str]
    active: Series[bool]
    class_id: Series[str] = pa.Field(nullable=True, description="sourcedId of its class; None: global")

    class Config(Frame.Config):
        unique = ["category_id", "class_id"]


class SisClasses(Frame):
    """The SIS's class of each Canvas section that has a SIS id."""

    section_id: Series[str] = pa.Field(unique=True)
    class_id: Series[str] = pa.Field(nullable=True, description="sourcedId; None: the SIS has no such class")
    school_id: Series[str] = pa.Field(nullable=True, description="sourcedId of the class's school")


class SisRoster(Frame):
    """The students of those classes, by the id that Canvas knows them by."""

    section_id: Series[str]
    sis_user_id: Series[str] = pa.Field(description="private; Canvas's SIS id of the student")
    student_id: Series[str] = pa.Field(description="private; the student's sourcedId")


class SisGradingPeriods(Frame):
    """The grading periods of each section's class; both days belong to the period."""

    section_id: Series[str]
    period_id: Series[str] = pa.Field(description="sourcedId of the academic session")
    start_date: Series[UtcTime] = pa.Field(description="midnight UTC of the first day")
    end_date: Series[UtcTime] = pa.Field(description="midnight UTC of the last day")
    stated_end: Series[UtcTime] = pa.Field(description="midnight UTC of the end date that the SIS states")
    closed: Series[bool]


class CategoryMapping(Frame):
    """What people chose in Sync SIS Categories, per section and assignment group."""

    section_id: Series[str]
    group_id: Series[str]
    category_id: Series[str] = pa.Field(nullable=True, description="None: Unassociated")


def build(schema: type[F], columns: Unframed) -> DataFrame[F]:
    """Make a frame of `schema` from its columns, each given its declared type; raises PermanentError.

    Times may be ISO 8601 text, datetimes or None. A structural failure names the frame, the columns and how
    many rows, never a value.
    """
    if not any(len(columns[name]) for name in schema.to_schema().columns):
        return empty(schema)
    return _checked(schema, typed(schema, columns), schema.to_schema().columns)


def typed(schema: type[F], columns: Unframed) -> DataFrame[F]:
    """Make a frame as `build` does, values unchecked: for one that goes into another, checked there."""
    made = {}
    for name, column in schema.to_schema().columns.items():
        try:
            made[name] = _typed(columns[name], column.dtype.type)
        except (ValueError, TypeError) as unparsable:
            raise _structural(schema, f"{name}: cannot be parsed ({type(unparsable).__name__})") from None
    return cast("DataFrame[F]", pd.DataFrame(made))


def derived(schema: type[F], frame: pd.DataFrame, **changed: Sequence[Any] | pd.Series[Any]) -> DataFrame[F]:
    """Make a frame of `schema` from one whose columns have its types, with these put in or replaced.

    Where some are, the frame is taken for one that was checked, and they alone are.
    """
    declared = schema.to_schema().columns
    typed_columns = {name: _typed(values, declared[name].dtype.type) for name, values in changed.items()}
    return _checked(schema, frame.assign(**typed_columns)[list(declared)], changed or declared)


def cut(schema: type[F], rows: pd.DataFrame) -> DataFrame[F]:
    """Make a frame of `schema` from rows that have its columns among others, numbered anew."""
    fresh = rows.reset_index(drop=True)
    return build(schema, {name: fresh[name] for name in schema.to_schema().columns})


def or_else(values: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[Any]:
    """Take the other's value where there is none; fillna would change the type where none is left."""
    return values.astype(object).where(values.notna(), other)


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Go through a frame's rows, each with the columns as attributes, typed as the schema has them."""
    columns = (frame[name] for name in frame.columns)
    return map(row_type(tuple(frame.columns))._make, zip(*columns, strict=True))


def empty(schema: type[F]) -> DataFrame[F]:
    """Make a frame of `schema` without rows, its types in place."""
    return cast("DataFrame[F]", _without_rows(schema).copy())


@cache
def _without_rows(schema: type[Frame]) -> pd.DataFrame:
    return typed(schema, {name: [] for name in schema.to_schema().columns})


def validated(schema: type[F], frame: pd.DataFrame) -> DataFrame[F]:
    """Hold `frame` against `schema`; raises PermanentError with counts by column and check, never values."""
    return _held_against(schema.to_schema(), schema, frame)


@cache
def _values_only(schema: type[Frame]) -> pa.DataFrameSchema:
    """Leave out what `typed` has seen to: columns and their types, whose checks are most of the time."""
    declared = schema.to_schema()
    anything = [
        name
        for name, column in declared.columns.items()
        if column.nullable and not column.checks and not column.unique
    ]
    rules = declared.remove_columns(anything)
    rules = rules.update_columns({name: {"dtype": None} for name in rules.columns})
    rules.strict = rules.ordered = False
    return rules


def _checked(schema: type[F], frame: pd.DataFrame, names: Collection[str]) -> DataFrame[F]:
    """Let Pandera say what is wrong with the values, where anything in these columns is."""
    rules = _values_only(schema)
    return cast("DataFrame[F]", frame) if _holds(rules, frame, names) else _held_against(rules, schema, frame)


def _holds(rules: pa.DataFrameSchema, frame: pd.DataFrame, names: Collection[str]) -> bool:
    """Whether the values are as declared, by whole columns: a fiftieth of what Pandera takes to say so."""
    keyed = not set(names).isdisjoint(rules.unique or ())
    if rules.checks or (keyed and frame.duplicated(rules.unique).any()):
        return False
    return all(_column_holds(rules.columns[name], frame[name]) for name in names if name in rules.columns)


def _column_holds(column: pa.Column, values: pd.Series[Any]) -> bool:
    if not column.nullable and values.isna().any():
        return False
    if column.unique and values.duplicated().any():
        return False
    allowed = [check.statistics.get("allowed_values") for check in column.checks]
    return all(each is not None and values.dropna().isin(each).all() for each in allowed)


def _held_against(rules: pa.DataFrameSchema, schema: type[F], frame: pd.DataFrame) -> DataFrame[F]:
    try:
        return cast("DataFrame[F]", rules.validate(frame, lazy=True))
    except pa.errors.SchemaErrors as invalid:
        cases = invalid.failure_cases
        counts = cases.groupby(["column", "check"], dropna=False).size()
        raise _structural(
            schema, "; ".join(f"{column}: {check} ({rows} rows)" for (column, check), rows in counts.items())
        ) from None


def _structural(schema: type[Frame], what: str) -> PermanentError:
    return PermanentError(
        what,
        item=f"frame {schema.__name__}",
        remedy="The source answered with a shape that this version does not know: report it with the job id.",
        code="unreadable_data",
    )


def _typed(values: Sequence[Any] | pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    if isinstance(values, pd.Series) and values.dtype == dtype:
        return values
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601").astype(dtype)
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    if dtype.kind in "OU":  # text: astype(str) would spell an absent value "None"
        series = series.astype(object, copy=False)
        if infer_dtype(series.to_numpy(), skipna=True) not in {"string", "empty"}:
            raise TypeError
        absent = series.isna()
        return series.mask(absent, None) if absent.any() else series
    return series.astype(dtype)
