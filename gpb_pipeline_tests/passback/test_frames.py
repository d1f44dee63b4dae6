"""The frames at the border: parsed into their types, or refused with counts and never a value."""

from collections.abc import Iterator
from typing import Any

import pytest

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.frames import Frame, Overrides, Sections, build, empty, validated
from gpb_pipeline.passback.holdings.frames import ResultSight
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows
from gpb_pipeline_tests.warehouse.rows import frame


def _all_frames(base: type[Frame] = Frame) -> list[type[Frame]]:
    found = [sub for direct in base.__subclasses__() for sub in [direct, *_all_frames(direct)]]
    return [frame for frame in found if not frame.__name__.startswith("_")]


@pytest.mark.parametrize("schema", _all_frames(), ids=lambda schema: schema.__name__)
def test_an_empty_frame_has_every_column_in_its_type(schema: type[Frame]) -> None:
    assert list(validated(schema, empty(schema)).columns) == list(schema.to_schema().columns)


def test_the_frames_of_a_sync_and_of_holdings_are_among_them() -> None:
    assert {AssignmentRows, GradeRows, ResultSight} <= set(_all_frames())


def test_times_are_parsed_and_absent_text_is_none() -> None:
    frame = build(
        Overrides,
        {
            "assignment_id": ["9", "9"],
            "target": ["section", "student"],
            "target_id": ["101", "202"],
            "due_at_overridden": [True, False],
            "due_at": ["2026-09-19T05:59:59Z", None],
            "unassign_item": [False, False],
        },
    )
    assert frame["due_at"].iloc[0].isoformat() == "2026-09-19T05:59:59+00:00"
    assert frame["due_at"].isna().tolist() == [False, True]


def test_a_fault_is_counted_by_column_and_shows_no_value() -> None:
    columns: dict[str, list[str | None]] = {
        "section_id": ["secret-1", "secret-1"],
        "section_name": ["P1", None],
        "sis_section_id": [None, None],
    }
    with pytest.raises(
        PermanentError, match=r"frame Sections: section_id: .*\(2 rows\); section_name: "
    ) as fault:
        build(Sections, columns)
    assert "secret" not in str(fault.value)
    assert fault.value.code == "unreadable_data"


def _faults(schema: type[Frame]) -> Iterator[tuple[str, dict[str, object]]]:
    """Spoil a second row, which has its own values else, in each way that the schema forbids."""
    declared = schema.to_schema()
    for name, column in declared.columns.items():
        if not column.nullable and column.dtype.type.kind not in "bi":
            yield f"{name}: not nullable", {name: None}
        if column.unique:
            yield f"{name}: unique", {name: "first"}
        if column.checks:
            yield f"{name}: allowed", {name: "neither"}
    if declared.unique:
        yield "unique together", dict.fromkeys(declared.unique, "first")


@pytest.mark.parametrize("schema", _all_frames(), ids=lambda schema: schema.__name__)
def test_what_a_schema_forbids_is_refused_and_nothing_else_is(schema: type[Frame]) -> None:
    columns = schema.to_schema().columns
    allowed = {
        name: each.checks[0].statistics["allowed_values"] for name, each in columns.items() if each.checks
    }
    plain: dict[str, Any] = {name: each[0] for name, each in allowed.items()}
    first = plain | {name: "first" for name in columns if columns[name].dtype.type.kind in "OU"} | plain
    validated(schema, frame(schema, first, plain))
    for what, spoilt in _faults(schema):
        with pytest.raises(PermanentError, match="frame"):
            _ = what, frame(schema, first, plain | spoilt)
    empties = {name: None for name, each in columns.items() if each.nullable}
    validated(schema, frame(schema, first, plain | empties))
