"""For whom an assignment is, and when it is due for them. Who wins is passback/rules/due_dates.py's.

An override gives a row a target. One of a module looks like one of the assignment (docs/canvas.md
§2). A checkpointed discussion has its dates on its two checkpoints; the discussion is due when the later of
them is. A due date that cannot be read counts as explicitly none, so that nothing goes by another, and is
told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.readings import (
    ABSENT,
    UNFIT,
    flag,
    ident,
    moment_or_none,
    shape,
)
from gpb_pipeline.passback.rules.issues import Code

TARGETS = {
    "student_ids": "student",
    "group_id": "group",
    "course_section_id": "section",
    "course_id": "course",
    "noop_id": "noop",
}
OF_SECTIONS = {"section", "course"}  # by the others' dates no section goes
Target = tuple[str, str]  # kind and id


class UnfitError(Exception):
    """What is said of the audience cannot be carried, so that the assignment cannot."""

    def __init__(self, code: Code, met: str) -> None:
        super().__init__(met)
        self.code = code
        self.met = met


@dataclass(frozen=True)
class OverrideRow:
    """One target of one override; `due_at` counts only where it is overridden."""

    assignment_id: str
    target: str
    target_id: str
    due_at_overridden: bool
    due_at: str | None
    unassign_item: bool


@dataclass(frozen=True, kw_only=True)
class Audience:
    """An assignment's base date and overrides; `unreadable`: the dates that count as none, as met."""

    due_at: str | None
    without_everyone: bool
    overrides: Sequence[OverrideRow]
    unreadable: Sequence[str]

    @classmethod
    def of(cls, assignment: Json) -> "Audience":
        """Read it of an assignment whose id can be read; raises UnfitError."""
        alone = _flag(assignment, "only_visible_to_overrides")
        everyone = assignment.get("visible_to_everyone")
        if everyone is not None and not isinstance(everyone, bool):
            raise UnfitError(Code.UNREADABLE_ASSIGNMENT, f"visible_to_everyone: {shape(everyone)}")
        overrides = _objects(assignment, "overrides")
        checkpoints = _objects(assignment, "checkpoints")
        unreadable: list[str] = []
        own = _date(assignment.get("due_at", ABSENT), "due_at", unreadable)
        later = _later_dates(checkpoints)
        return cls(
            due_at=own if own or unreadable else max(filter(None, _dates(checkpoints)), default=None),
            # a module that is assigned to some takes Everyone away, and only the second says so
            without_everyone=alone or everyone is False,
            overrides=list(_rows(str(ident(assignment.get("id"))), overrides, later, unreadable)),
            unreadable=unreadable,
        )


def _rows(
    assignment_id: str,
    overrides: Iterable[Json],
    later: Mapping[Target, tuple[str, Json]],
    unreadable: list[str],
) -> Iterator[OverrideRow]:
    named = {target for each in overrides for target in _targets(each)}
    alone = {str(each.get("id")): each for target, (_, each) in later.items() if target not in named}
    for override in [*overrides, *alone.values()]:
        targets = _targets(override)
        met: list[str] = []
        own = _date(override.get("due_at"), "due_at of an override", met)
        if any(kind in OF_SECTIONS for kind, _ in targets):
            unreadable += met
        for target in targets:
            yield OverrideRow(
                assignment_id=assignment_id,
                target=target[0],
                target_id=target[1],
                due_at_overridden="due_at" in override or target in later,
                due_at=later[target][0] if target in later else own,
                unassign_item=_flag(override, "unassign_item"),
            )


def _later_dates(checkpoints: Iterable[Json]) -> dict[Target, tuple[str, Json]]:
    """Collect each target's later date over the checkpoints, with its override."""
    later: dict[Target, tuple[str, Json]] = {}
    for overrides in (_objects(each, "overrides") for each in checkpoints):
        for override, due_at in zip(overrides, _dates(overrides), strict=True):
            for target in _targets(override):
                if due_at is not None and (target not in later or later[target][0] < due_at):
                    later[target] = due_at, override
    return later


def _targets(override: Json) -> list[Target]:
    for key, target in TARGETS.items():
        if (value := override.get(key)) is not None:
            ids = [ident(each) for each in (value if isinstance(value, list) else [value])]
            if UNFIT in ids:
                raise UnfitError(Code.UNREADABLE_OVERRIDE, f"{key} of an override: {shape(value)}")
            return [(target, each) for each in ids]
    raise UnfitError(
        Code.UNREADABLE_OVERRIDE, "an override names neither students, a group, a section nor the course"
    )


def _dates(parts: Iterable[Json]) -> list[str | None]:
    """Give the due dates of checkpoints or of their overrides; raises UnfitError for one that is none."""
    unreadable: list[str] = []
    dates = [_date(each.get("due_at"), "due_at of a checkpoint", unreadable) for each in parts]
    if unreadable:
        raise UnfitError(Code.UNREADABLE_DUE_DATE, unreadable[0])
    return dates


def _date(value: object, what: str, unreadable: list[str]) -> str | None:
    found = moment_or_none(value)
    if found is not UNFIT:
        return None if found is None else str(found)
    unreadable.append(f"{what}: {shape(value)}")
    return None


def _objects(owner: Json, key: str) -> list[Json]:
    """Give a list of objects; null, or no such key, is an empty one. Raises UnfitError."""
    value: Any = owner.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnfitError(Code.UNREADABLE_OVERRIDE, f"{key}: {shape(value)}")
    return value


def _flag(owner: Json, key: str) -> bool:
    value = owner.get(key, ABSENT)
    found = flag(value)
    if found is UNFIT:
        raise UnfitError(Code.UNREADABLE_OVERRIDE, f"{key}: {shape(value)}")
    return bool(found)
