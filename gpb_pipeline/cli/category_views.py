"""A course's Sync SIS Categories as a program reads it, and as tables on a terminal."""

from zoneinfo import ZoneInfo

from gpb_pipeline.cli.console import ConsoleTable, show
from gpb_pipeline.passback.categories.window import (
    CategoryList,
    Choice,
    GroupCategories,
    SectionCategory,
    near,
)


def as_json(listed: CategoryList, zone: ZoneInfo) -> dict[str, object]:
    """Make the object that `gpb categories show --json` prints: ids are strings, times carry an offset."""
    return {
        "course_id": listed.course_id,
        "course_name": listed.course_name,
        "groups": [_group(each, listed, zone) for each in listed.groups],
        "sis_categories": [
            {"category_id": each.category_id, "title": each.title, "class_id": each.class_id}
            for each in listed.categories
        ],
    }


def _group(group: GroupCategories, listed: CategoryList, zone: ZoneInfo) -> dict[str, object]:
    return {
        "group_id": group.group_id,
        "group_name": group.group_name,
        "label": group.label.value,
        "unassociated_sections": group.unassociated,
        "sections": [_section(group, row, listed, zone) for row in group.sections],
    }


def _section(
    group: GroupCategories, row: SectionCategory, listed: CategoryList, zone: ZoneInfo
) -> dict[str, object]:
    return {
        "section_id": row.section.section_id,
        "section_name": row.section.section_name,
        "sis_section_id": row.section.sis_section_id,
        "category_id": row.category.category_id if row.category else None,
        "category": row.category.title if row.category else None,
        "label": row.label.value,
        "association": row.association,
        "code": row.code.value if row.code else None,
        "near": [{"category_id": each.category_id, "title": each.title} for each in near(listed, group, row)],
        "chosen_by": row.choice.by if row.choice else None,
        "chosen_at": _time(row.choice, zone),
    }


def print_list(listed: CategoryList, zone: ZoneInfo) -> None:
    """Show the groups with their sections, then the categories that there are to choose from."""
    groups = ConsoleTable(
        f"Sync SIS Categories: {_named(listed.course_name, listed.course_id)}",
        ("Label", "Assignment group", "SIS section", "SIS category", "SIS id", "By", "Near"),
    )
    for group in listed.groups:
        total, open_ = len(group.sections), group.unassociated
        name = _named(group.group_name, group.group_id)
        groups.add(group.label, name, f"{open_} of {total} unassociated", None, None, None, None)
        for row in group.sections:
            groups.add(row.label, None, *_row(group, row, listed, zone))
    offered = ConsoleTable("Grading categories in the SIS", ("SIS category id", "SIS category", "Class"))
    for each in listed.categories:
        offered.add(each.category_id, each.title, each.class_id or "every class")
    show(groups, offered)


def print_changes(listed: CategoryList) -> None:
    """Show the rows that are not saved yet."""
    changes = ConsoleTable(
        _named(listed.course_name, listed.course_id),
        ("Label", "Assignment group", "SIS section", "SIS category"),
    )
    for group in listed.groups:
        for row in group.sections:
            if row.changed:
                section = _named(row.section.section_name, row.section.section_id)
                changes.add(row.label, _named(group.group_name, group.group_id), section, _category(row))
    show(changes)


def _row(
    group: GroupCategories, row: SectionCategory, listed: CategoryList, zone: ZoneInfo
) -> tuple[str | None, ...]:
    section = row.section
    by = f"{row.choice.by}, {_time(row.choice, zone)}" if row.choice else row.association
    offers = ", ".join(str(each) for each in near(listed, group, row))
    name = _named(section.section_name, section.section_id)
    return name, _category(row), section.sis_section_id, by, offers


def _category(row: SectionCategory) -> str:
    return str(row.category) if row.category else f"Unassociated ({row.code})"


def _time(choice: Choice | None, zone: ZoneInfo) -> str | None:
    if choice is None or choice.at is None:
        return None
    return choice.at.astimezone(zone).isoformat(timespec="seconds")


def _named(name: str, identity: str) -> str:
    return f"{name} ({identity})"
