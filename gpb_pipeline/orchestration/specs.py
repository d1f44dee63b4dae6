"""The asset keys of a sync (decisions.md §4) and what the UI shows of each. What fills them: assets.py."""

from dataclasses import dataclass
from typing import Literal

import dagster as dg

from gpb_pipeline.orchestration.partitions import COURSE
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.frames import Frame
from gpb_pipeline.passback.rows import frames as rows_schemas

Group = Literal["canvas", "sis", "filtered", "passback", "history"]

OWNERS = ["team:data"]
KINDS: dict[Group, set[str]] = {
    "canvas": {"canvas", "duckdb"},
    "sis": {"oneroster", "duckdb"},
    "filtered": {"pandera", "duckdb"},
    "passback": {"oneroster", "duckdb"},
    "history": {"duckdb"},
}
CODE_VERSIONS: dict[Group, str] = dict.fromkeys(KINDS, "1")
"""Raise a group's when its rows come to mean something else, so that the UI marks older ones as outdated."""


@dataclass(frozen=True, kw_only=True)
class Product:
    """One asset: where it belongs, what it is made from, and the schema of its frame, if it is one."""

    group: Group
    deps: tuple[str, ...] = ()
    schema: type[Frame] | None = None
    description: str


PRODUCTS: dict[str, Product] = {
    "canvas_sections": Product(
        group="canvas",
        schema=frames.Sections,
        description="The course's active sections, each with the SIS id that ties it to a class of the SIS.",
    ),
    "canvas_assignment_groups": Product(
        group="canvas",
        schema=frames.AssignmentGroups,
        description="The course's assignment groups; a group's name, or its mapping, gives the SIS category.",
    ),
    "canvas_assignments": Product(
        group="canvas",
        deps=("canvas_assignment_groups",),
        schema=frames.Assignments,
        description="Every assignment of the course with its base dates; its overrides are read with it.",
    ),
    "canvas_enrollments": Product(
        group="canvas",
        deps=("canvas_sections",),
        schema=frames.Enrollments,
        description="Student enrollments in every state; who is in scope is judged later.",
    ),
    "canvas_submissions": Product(
        group="canvas",
        deps=("canvas_assignments", "canvas_enrollments"),
        schema=frames.Submissions,
        description="Scores, excuses and marks of the assignments with *Sync to SIS*, as Canvas holds them.",
    ),
    "sis_categories": Product(
        group="sis",
        deps=("canvas_sections",),
        schema=frames.SisCategories,
        description="The SIS's grading categories: those of the course's classes, and the global ones.",
    ),
    "filtered_assignments": Product(
        group="filtered",
        deps=("canvas_assignments", "canvas_sections", "sis_categories"),
        schema=rows_schemas.AssignmentRows,
        description=(
            "Each assignment × section in scope, held against the rules: numeric, due-dated, of a mapped "
            "category, with a name that fits and is unique. What cannot go carries the code that says why."
        ),
    ),
    "filtered_grades": Product(
        group="filtered",
        deps=("filtered_assignments", "canvas_submissions", "canvas_enrollments"),
        schema=rows_schemas.GradeRows,
        description="Each grade in scope, held against the rules; what cannot go carries its code.",
    ),
    "sis_assignments": Product(
        group="passback",
        deps=("filtered_assignments",),
        schema=rows_schemas.AssignmentRows,
        description=(
            "Line items in the SIS's gradebook, one an assignment × section, with what came of each. "
            "Materialize this without `sis_grades` to post assignments alone."
        ),
    ),
    "sis_grades": Product(
        group="passback",
        deps=("filtered_grades", "sis_assignments"),
        schema=rows_schemas.GradeRows,
        description="Grades in the SIS's gradebook, with what came of each; their line items go with them.",
    ),
    "grade_syncs": Product(
        group="history",
        deps=("sis_assignments", "sis_grades"),
        description=(
            "The grade sync history: one line a sync, in its metadata, as instructors see it. A sync that "
            "failed is an observation, since it made nothing."
        ),
    ),
}


def _spec(key: str, product: Product) -> dg.AssetSpec:
    schema = product.schema
    return dg.AssetSpec(
        key,
        deps=product.deps,
        description=product.description,
        group_name=product.group,
        kinds=KINDS[product.group],
        code_version=CODE_VERSIONS[product.group],
        owners=OWNERS,
        partitions_def=COURSE,
        skippable=True,  # events are logged per course, outputs never returned
        metadata={"dagster/column_schema": column_schema(schema)} if schema else {},
    )


def column_schema(schema: type[Frame]) -> dg.TableSchema:
    """Show a frame's columns as Dagster shows a table's: name, type, description, may it be empty."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                type=str(column.dtype),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=column.unique),
            )
            for name, column in schema.to_schema().columns.items()
        ]
    )


SPECS = [_spec(key, product) for key, product in PRODUCTS.items()]
