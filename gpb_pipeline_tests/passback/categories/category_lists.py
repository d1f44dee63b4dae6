"""A course for the tests of Sync SIS Categories: the manual's, with groups that match in several ways."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.categories.choice import Category
from gpb_pipeline.passback.categories.window import CategoryList, Choice, Section, category_list
from gpb_pipeline.passback.course import Course
from gpb_pipeline.passback.frames import AssignmentGroups, build

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
COURSE = Course(
    course_id="7",
    name="Math 9",
    sis_course_id="M9",
    time_zone=ZONE,
    workflow_state="available",
    concluded=False,
    blueprint=False,
)
MATH = Section(section_id="71", section_name="Math 9", sis_section_id="M9-1", class_id="M9-1")
HONORS = Section(section_id="72", section_name="Math 9 Honors", sis_section_id="M9-2", class_id="M9-2")
UNKNOWN = Section(section_id="73", section_name="Math 9 Lab", sis_section_id="M9-3", class_id=None)
HOMEWORK = Category(category_id="CAT-HW", title="Homework", class_id=None)
LABS = Category(category_id="CAT-LAB", title="Labs", class_id=None)
PARTICIPATION = Category(category_id="CAT-PART", title="Class Participation", class_id=None)
OF_HONORS = Category(category_id="CAT-PROOFS", title="Proofs", class_id="M9-2")
OF_OTHERS = Category(category_id="CAT-MAPS", title="Maps", class_id="H9-1")
ACTIVE = (HOMEWORK, LABS, PARTICIPATION, OF_HONORS, OF_OTHERS)
GROUPS = {"701": "Homework", "702": "Discussions", "703": "Proofs"}


def math(
    choices: Mapping[tuple[str, str], Choice] | None = None,
    *,
    sections: tuple[Section, ...] = (MATH, HONORS),
    groups: Mapping[str, str] = GROUPS,
    integration_data: Mapping[str, Any] | None = None,
) -> CategoryList:
    """List the course; `choices` by section and group."""
    frame = build(
        AssignmentGroups,
        {
            "group_id": list(groups),
            "group_name": list(groups.values()),
            "position": list(range(len(groups))),
            "integration_data": [json.dumps(integration_data or {})] * len(groups),
        },
    )
    return category_list(COURSE, sections, frame, ACTIVE, choices or {})


def chosen(category_id: str | None) -> Choice:
    return Choice(category_id=category_id, by="A. Admin", at=NOON)
