"""Sync SIS Categories as a job: shows a course's list, with edits as a preview first, then saved.

The list and its edits are passback's, reading and saving gpb_pipeline/sync_categories.py's. Without edits it
only shows. Names of groups, sections and categories stand in its metadata; no student's data.
"""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from gpb_pipeline.asked import own_ids
from gpb_pipeline.course_names import FORM_OF_ONE
from gpb_pipeline.errors import UsageError
from gpb_pipeline.orchestration import run_log
from gpb_pipeline.orchestration.legible import LegibleConfig
from gpb_pipeline.passback.categories.edits import Edit
from gpb_pipeline.passback.categories.window import CategoryList, near
from gpb_pipeline.sync import open_connections
from gpb_pipeline.sync_categories import CategorySync


class CategoryEdit(LegibleConfig):
    """One assignment group of one section, and the category that it shall go to."""

    group_id: str = Field(description="Canvas assignment group id.")
    section_id: str = Field(description="Canvas section id.")
    category_id: str = Field("", description="The SIS category's sourcedId. Empty: Unassociated.")


class CategoryEdits(LegibleConfig):
    """Run it once as it is, look at the step's metadata, then again with save."""

    course_id: str = Field("", description="Canvas course id. Without it the run is refused.")
    edits: list[CategoryEdit] = Field([], description="What to change. Empty: show the list as it is.")
    save: bool = Field(False, description="Save the edits; else they are shown as Changed and forgotten.")  # noqa: FBT003
    chosen_by: str = Field("", description="Your name; kept with what is saved.")


@dg.op
@run_log.step()
def sync_categories(context: dg.OpExecutionContext, config: CategoryEdits) -> None:
    """Show the list as it is, as it would be, or as it is saved."""
    listed = _done(context, config)
    context.add_output_metadata(
        {
            "course": f"{listed.course_name} ({listed.course_id})",
            "categories": _table(listed),
            "unassociated": sum(group.unassociated for group in listed.groups),
        }
    )


@dg.job(
    description="Shows which SIS category each assignment group of a course goes to, section by section, and "
    "saves edits. Groups that share a category's exact name need none."
)
def sync_sis_categories() -> None:
    sync_categories()


def _done(context: dg.OpExecutionContext, config: CategoryEdits) -> CategoryList:
    """Do as the config says; raises UsageError for an edit that cannot be."""
    edits = [
        Edit(group_id=each.group_id, section_id=each.section_id, category_id=each.category_id or None)
        for each in config.edits
    ]
    if config.save and not config.chosen_by:
        raise UsageError("nobody is named", item="chosen_by", remedy="Give your name; it is kept.")
    [course_id] = own_ids([config.course_id], FORM_OF_ONE)
    with open_connections() as connections:
        categories = CategorySync(connections.canvas, connections.sis, connections.warehouse)
        pending = categories.pending(course_id, edits)
        if not config.save or not pending.edits:
            context.log.info("%s edits, not saved", len(pending.edits))
            return pending.preview
        [saved] = categories.save([pending], by=config.chosen_by, at=datetime.now(UTC))
    context.log.info("%s edits saved", len(pending.edits))
    if saved.note:
        context.log.warning(saved.note)
    return saved.listed


def _table(listed: CategoryList) -> dg.MetadataValue:
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "group": group.group_name,
                    "group_id": group.group_id,
                    "section": row.section.section_name,
                    "section_id": row.section.section_id,
                    "category": row.category.title if row.category else None,
                    "category_id": row.category.category_id if row.category else None,
                    "label": row.label.value,
                    "code": row.code.value if row.code else None,
                    "near": ", ".join(
                        f"{each.title} ({each.category_id})" for each in near(listed, group, row)
                    ),
                }
            )
            for group in listed.groups
            for row in group.sections
        ],
        schema=_COLUMNS,
    )


_COLUMNS = dg.TableSchema(
    [
        dg.TableColumn("group", description="the Canvas assignment group"),
        dg.TableColumn("group_id"),
        dg.TableColumn("section", description="the Canvas section"),
        dg.TableColumn("section_id"),
        dg.TableColumn("category", description="the SIS category that it goes to; none: it is not sent"),
        dg.TableColumn("category_id"),
        dg.TableColumn("label", description="Synchronized, Unassociated, or Changed: not saved yet"),
        dg.TableColumn("code", description="why it has no category (docs/issues.md)"),
        dg.TableColumn("near", description="what the group's name may have meant"),
    ]
)
