"""To whom an assignment's overrides give a date: one row a target. Who wins is passback/due_dates.py's.

An override of a module looks like one of the assignment (reference/canvas_api.md §2). A checkpointed
discussion has its dates on its two checkpoints; the discussion is due when the later of them is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gpb_pipeline.canvas.client import Json
from gpb_pipeline.canvas.columns import Columns
from gpb_pipeline.canvas.errors import unreadable

TARGETS = {
    "student_ids": "student",
    "group_id": "group",
    "course_section_id": "section",
    "course_id": "course",
    "noop_id": "noop",
}
Target = tuple[str, str]  # kind and id


@dataclass(frozen=True)
class OverrideRow:
    """One target of one override; `due_at` counts only where it is overridden."""

    override_id: str
    assignment_id: str
    target: str
    target_id: str
    due_at_overridden: bool
    due_at: str | None
    unassign_item: bool


def override_rows(assignments: Columns) -> list[OverrideRow]:
    """Read the overrides of all assignments; raises PermanentError for one that names nobody known."""
    item = f"{assignments.item}, overrides"
    return [
        row
        for assignment_id, overrides, checkpoints in zip(
            assignments.ids("id"), assignments.lists("overrides"), _checkpoints(assignments), strict=True
        )
        if overrides or checkpoints
        for row in _rows(assignment_id, overrides, checkpoints, item)
    ]


def _rows(
    assignment_id: str, overrides: Sequence[Json], checkpoints: Sequence[Json], item: str
) -> Iterator[OverrideRow]:
    _require_objects(overrides, item)
    later = _later_dates(checkpoints, item)
    named = {target for each in overrides for target in _targets(each, item)}
    alone = {str(each.get("id")): each for target, (_, each) in later.items() if target not in named}
    columns = Columns([*overrides, *alone.values()], item)
    for override, override_id, unassigns in zip(
        columns.rows, columns.ids("id"), columns.flags("unassign_item"), strict=True
    ):
        for target in _targets(override, item):
            due_at, _ = later.get(target, (override.get("due_at"), override))
            yield OverrideRow(
                override_id=override_id,
                assignment_id=assignment_id,
                target=target[0],
                target_id=target[1],
                due_at_overridden="due_at" in override or target in later,
                due_at=due_at,
                unassign_item=unassigns,
            )


def base_dates(assignments: Columns) -> list[str | None]:
    """Give each assignment's own due date, a checkpointed discussion's that of its later checkpoint."""
    item = f"{assignments.item}, checkpoints"
    return [
        own or max((each for each in Columns(parts, item).texts_or_none("due_at") if each), default=None)
        for own, parts in zip(
            assignments.texts_or_none("due_at", required=True), _checkpoints(assignments), strict=True
        )
    ]


def _checkpoints(assignments: Columns) -> list[list[Json]]:
    checkpoints = assignments.lists("checkpoints")
    for each in checkpoints:
        _require_objects(each, f"{assignments.item}, checkpoints")
    return checkpoints


def _later_dates(checkpoints: Iterable[Json], item: str) -> dict[Target, tuple[str, Json]]:
    """Collect each target's later date over the checkpoints, with its override; such times sort as text."""
    later: dict[Target, tuple[str, Json]] = {}
    for overrides in Columns(list(checkpoints), item).lists("overrides"):
        _require_objects(overrides, item)
        for override, due_at in zip(overrides, Columns(overrides, item).texts_or_none("due_at"), strict=True):
            for target in _targets(override, item):
                if due_at is not None and (target not in later or later[target][0] < due_at):
                    later[target] = due_at, override
    return later


def _targets(override: Json, item: str) -> list[Target]:
    for key, target in TARGETS.items():
        if key in override:
            ids = override[key]
            return [(target, str(each)) for each in (ids if isinstance(ids, list) else [ids])]
    raise unreadable("one names neither students, a group, a section nor the course", item)


def _require_objects(values: Iterable[object], item: str) -> None:
    if not all(isinstance(each, dict) for each in values):
        raise unreadable("not all are objects", item)
