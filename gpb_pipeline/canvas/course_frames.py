"""The frames made of Canvas's lists, by key (reference/canvas_api.md §2-§6); extracts.py reads the lists."""

import json

from pandera.typing import DataFrame

from gpb_pipeline.canvas.columns import Columns
from gpb_pipeline.canvas.overrides import base_dates, override_rows
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.frames import build


def sections_frame(columns: Columns) -> DataFrame[frames.Sections]:
    return build(
        frames.Sections,
        {
            "section_id": columns.ids("id"),
            "section_name": columns.texts("name"),
            "sis_section_id": columns.texts_or_none("sis_section_id", required=True),
            "nonxlist_course_id": columns.ids_or_none("nonxlist_course_id"),
        },
    )


def enrollments_frame(columns: Columns) -> DataFrame[frames.Enrollments]:
    names = Columns(columns.objects("user"), columns.item).texts_or_none("name")
    return build(
        frames.Enrollments,
        {
            "enrollment_id": columns.ids("id"),
            "user_id": columns.ids("user_id"),
            "section_id": columns.ids("course_section_id"),
            "type": columns.texts("type"),
            "state": columns.texts("enrollment_state"),
            "sis_user_id": columns.texts_or_none("sis_user_id", required=True),
            "student_name": [each or "" for each in names],
        },
    )


def assignment_groups_frame(columns: Columns) -> DataFrame[frames.AssignmentGroups]:
    return build(
        frames.AssignmentGroups,
        {
            "group_id": columns.ids("id"),
            "group_name": columns.texts("name"),
            "position": columns.positions("position"),
            "sis_source_id": columns.texts_or_none("sis_source_id"),
            "integration_data": [json.dumps(each) for each in columns.objects("integration_data")],
        },
    )


def assignments_frame(columns: Columns) -> DataFrame[frames.Assignments]:
    kinds = [[str(kind) for kind in each] for each in columns.lists("submission_types", required=True)]
    return build(
        frames.Assignments,
        {
            "assignment_id": columns.ids("id"),
            "assignment_name": columns.texts("name"),
            "group_id": columns.ids("assignment_group_id"),
            "position": columns.positions("position"),
            "workflow_state": columns.texts("workflow_state"),
            "post_to_sis": columns.required_flags("post_to_sis"),
            "grading_type": columns.texts("grading_type"),
            "points_possible": columns.numbers_or_none("points_possible", required=True),
            "due_at": base_dates(columns),
            "unlock_at": columns.texts_or_none("unlock_at"),
            "created_at": columns.texts_or_none("created_at"),
            "only_visible_to_overrides": _without_everyone(columns),
            "omit_from_final_grade": columns.flags("omit_from_final_grade"),
            "submission_types": [",".join(each) for each in kinds],
            "has_checkpoints": columns.flags("has_sub_assignments"),
            "moderated": columns.flags("moderated_grading"),
            "anonymous": columns.flags("anonymous_grading"),
            "group_assignment": [each is not None for each in columns.ids_or_none("group_category_id")],
            "due_date_required": columns.flags("due_date_required"),
        },
    )


def _without_everyone(columns: Columns) -> list[bool]:
    """A module that is assigned to some takes Everyone away without `only_visible_to_overrides` saying so."""
    alone = columns.flags("only_visible_to_overrides")
    return [
        own or each.get("visible_to_everyone") is False for own, each in zip(alone, columns.rows, strict=True)
    ]


def overrides_frame(columns: Columns) -> DataFrame[frames.Overrides]:
    rows = override_rows(columns)
    return build(
        frames.Overrides,
        {name: [getattr(row, name) for row in rows] for name in frames.Overrides.to_schema().columns},
    )


def submissions_frame(columns: Columns) -> DataFrame[frames.Submissions]:
    def unless_false(key: str) -> list[bool]:
        return [each.get(key) is not False for each in columns.rows]

    return build(
        frames.Submissions,
        {
            "assignment_id": columns.ids("assignment_id"),
            "user_id": columns.ids("user_id"),
            "score": columns.numbers_or_none("score", required=True),
            "grade": columns.texts_or_none("grade", required=True),
            "excused": columns.required_flags("excused"),
            "late": columns.required_flags("late"),
            "missing": columns.required_flags("missing"),
            "workflow_state": columns.texts("workflow_state"),
            "posted_at": columns.texts_or_none("posted_at", required=True),
            "graded_at": columns.texts_or_none("graded_at"),
            "submitted_at": columns.texts_or_none("submitted_at"),
            "grade_matches_current_submission": unless_false("grade_matches_current_submission"),
            "assigned": unless_false("assignment_visible"),
        },
    )
