"""Columns of a list that Canvas gave, each of one kind: what is absent or something else is missed aloud.

Which keys make a frame is extracts.py's. Errors name the list, the key and how many objects, never a value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gpb_pipeline.canvas.client import Json
from gpb_pipeline.canvas.errors import unreadable


@dataclass(frozen=True)
class Columns:
    """Reads the same key of every object; `item` names the list in errors."""

    rows: Sequence[Json]
    item: str

    def ids(self, key: str) -> list[str]:
        return [str(each) for each in self._column(key, _is_id, required=True)]

    def ids_or_none(self, key: str) -> list[str | None]:
        return [None if each is None else str(each) for each in self._column(key, _is_id_or_none)]

    def texts(self, key: str) -> list[str]:
        return self._column(key, _is_text, required=True)

    def texts_or_none(self, key: str, *, required: bool = False) -> list[str | None]:
        """An empty text is none; with `required` the key must be there, if only as null."""
        return [each or None for each in self._column(key, _is_text_or_none, required=required)]

    def numbers_or_none(self, key: str, *, required: bool = False) -> list[float | None]:
        return self._column(key, _is_number_or_none, required=required)

    def positions(self, key: str) -> list[int]:
        return [int(each or 0) for each in self._column(key, _is_number_or_none)]

    def flags(self, key: str) -> list[bool]:
        """What is absent or null is False."""
        return [bool(each) for each in self._column(key, _is_flag_or_none)]

    def required_flags(self, key: str) -> list[bool]:
        """Null is False; the key must be there."""
        return [bool(each) for each in self._column(key, _is_flag_or_none, required=True)]

    def objects(self, key: str) -> list[Json]:
        """What is absent or null is an empty object."""
        return [each or {} for each in self._column(key, _is_object_or_none)]

    def lists(self, key: str, *, required: bool = False) -> list[list[Any]]:
        """What is null, or absent where that may be, is an empty list."""
        return [each or [] for each in self._column(key, _is_list_or_none, required=required)]

    def _column(self, key: str, fits: Callable[[object], bool], *, required: bool = False) -> list[Any]:
        if required and (absent := sum(key not in each for each in self.rows)):
            raise unreadable(f"{absent} of {len(self.rows)} came without `{key}`", self.item)
        values = [each.get(key) for each in self.rows]
        if unfit := sum(not fits(each) for each in values):
            raise unreadable(f"`{key}` of {unfit} of {len(values)} is of an unknown kind", self.item)
        return values


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_id(value: object) -> bool:
    return (isinstance(value, str) and bool(value)) or type(value) is int


def _is_id_or_none(value: object) -> bool:
    return value is None or _is_id(value)


def _is_number_or_none(value: object) -> bool:
    return value is None or type(value) in (int, float)


def _is_flag_or_none(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_object_or_none(value: object) -> bool:
    return value is None or isinstance(value, dict)


def _is_list_or_none(value: object) -> bool:
    return value is None or isinstance(value, list)
