"""What people chose for a course: categories and nightly sync. Append-only: who chose what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import CategoryMapping, build, cut
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.tables import CategoryChoices, NightlyChoices

_LATEST_NIGHTLY = """
SELECT course_id, enabled, chosen_by, chosen_at FROM warehouse.main.nightly_choices
QUALIFY row_number() OVER (PARTITION BY course_id ORDER BY chosen_at DESC) = 1
ORDER BY course_id
"""


def choose_categories(
    session: Connection, mapping: DataFrame[CategoryMapping], *, by: str, at: datetime
) -> None:
    """Remember explicit mappings of sections and assignment groups; a category of None is Unassociated."""
    chosen = mapping.assign(chosen_by=by, chosen_at=at)
    tables.CATEGORY_CHOICES.insert(session, cut(CategoryChoices, chosen))


def category_choices(session: Connection, section_ids: Sequence[str]) -> DataFrame[CategoryChoices]:
    """Read the choice that holds for each group of these sections, with who made it and when."""
    every = tables.CATEGORY_CHOICES.select(session, "section_id", section_ids)
    latest = every.sort_values("chosen_at", kind="stable").drop_duplicates(
        ["section_id", "group_id"], keep="last"
    )
    return cut(CategoryChoices, latest)


def category_mapping(session: Connection, section_ids: Sequence[str]) -> DataFrame[CategoryMapping]:
    """Read the explicit mappings that hold for these sections."""
    return cut(CategoryMapping, category_choices(session, section_ids))


def choose_nightly(
    session: Connection, course_ids: Sequence[str], *, enabled: bool, by: str, at: datetime
) -> None:
    """Switch the nightly sync of these courses on or off."""
    count = len(course_ids)
    chosen = {
        "course_id": course_ids,
        "enabled": [enabled] * count,
        "chosen_by": [by] * count,
        "chosen_at": [at] * count,
    }
    tables.NIGHTLY_CHOICES.insert(session, build(NightlyChoices, chosen))


def nightly(session: Connection) -> DataFrame[NightlyChoices]:
    """Read the choice that holds for each course that ever had one, by course id."""
    latest = session.execute(_LATEST_NIGHTLY).df()
    return build(NightlyChoices, {name: latest[name] for name in latest.columns})
