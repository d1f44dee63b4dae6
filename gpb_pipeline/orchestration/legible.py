"""The base of every run config: text of one line in every field, told by the field's name where it is not.

A launchpad takes any JSON, so that a name may come with line ends in it, or as half a character that the
database would fall over. What the fields mean, each job's own config says.
"""

from typing import Any

import dagster as dg
from pydantic import ValidationInfo, field_validator

from gpb_pipeline.setting_kinds import legible


class LegibleConfig(dg.Config):
    """Its texts, and those of its lists, are held against `legible` as settings are."""

    @field_validator("*", mode="before")
    @classmethod
    def _is_legible(cls, value: Any, info: ValidationInfo) -> Any:
        """Raise Failure, which a run shows as it is: a ValueError would show the value and a traceback."""
        try:
            return [legible(each) for each in value] if isinstance(value, list) else legible(value)
        except ValueError as wrong:
            told = f"{info.field_name}: {wrong}. Correct it in the run's config; nothing was done."
            raise dg.Failure(told, allow_retries=False) from None
