"""What people chose in Sync SIS Categories: append-only, with who chose and when; the latest holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pandera.typing import DataFrame

from gpb_pipeline.passback.categories.proposals import PastChoice
from gpb_pipeline.passback.frames import CategoryMapping, cut
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.schemas import CategoryChoices

_PAST_CHOICES = """
SELECT g.course_id, g.group_name, c.category_id, c.chosen_by FROM (
    SELECT * FROM warehouse.main.category_choices
    QUALIFY row_number() OVER (PARTITION BY section_id, group_id ORDER BY chosen_at DESC) = 1
) c JOIN warehouse.main.canvas_assignment_groups g USING (group_id)
ORDER BY ALL
"""


def choose(session: Connection, chosen: DataFrame[CategoryMapping], *, by: str, at: datetime) -> None:
    """Remember explicit mappings of sections and assignment groups; a category of None is Unassociated."""
    signed = chosen.assign(chosen_by=by, chosen_at=at)
    tables.CATEGORY_CHOICES.insert(session, cut(CategoryChoices, signed))


def of_sections(session: Connection, section_ids: Sequence[str]) -> DataFrame[CategoryChoices]:
    """Read the choice that holds for each group of these sections, with who made it and when."""
    every = tables.CATEGORY_CHOICES.select(session, "section_id", section_ids)
    latest = every.sort_values("chosen_at", kind="stable").drop_duplicates(
        ["section_id", "group_id"], keep="last"
    )
    return cut(CategoryChoices, latest)


def mapping(session: Connection, section_ids: Sequence[str]) -> DataFrame[CategoryMapping]:
    """Read the explicit mappings that hold for these sections."""
    return cut(CategoryMapping, of_sections(session, section_ids))


def past(session: Connection) -> list[PastChoice]:
    """Read every choice that holds, with the name of its group and its course as they were last read."""
    return [
        PastChoice(course_id=course_id, group_name=name, category_id=category_id, by=by)
        for course_id, name, category_id, by in session.execute(_PAST_CHOICES).fetchall()
    ]
