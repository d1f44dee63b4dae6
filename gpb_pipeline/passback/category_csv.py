"""Sync SIS Categories as one CSV file for any number of courses: written from lists, read back as edits.

One line a section and assignment group. Only the ids say what is asked for; names stand beside them for
people. Whether an edit may be made is judged in category_edits.py.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.categories import near_categories
from gpb_pipeline.passback.category_edits import Edit
from gpb_pipeline.passback.spreadsheet import from_cell, to_cell
from gpb_pipeline.passback.sync_categories import CategoryList, GroupCategories, SectionCategory

UNASSOCIATED = "Unassociated"
"""What the category's cell says where there is none; an empty cell would say nothing for sure."""

COURSE, GROUP, SECTION, CATEGORY = "course id", "assignment group id", "section id", "SIS category id"
TITLE = "SIS category"
COLUMNS = (
    COURSE,
    "course",
    GROUP,
    "assignment group",
    SECTION,
    "SIS section",
    "SIS id",
    CATEGORY,
    TITLE,
    "label",
    "association",
    "cause",
    "near categories",
    "chosen by",
    "chosen at",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a file: its number, the edit that it asks for, and the category's title beside it."""

    number: int
    course_id: str
    edit: Edit
    title: str


def written(lists: Iterable[CategoryList], zone: ZoneInfo) -> str:
    """Write the file, with a byte order mark, by which a spreadsheet knows UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for listed in lists:
        for group in listed.groups:
            for row in group.sections:
                writer.writerow([to_cell(cell) for cell in _cells(listed, group, row, zone)])
    return f"\ufeff{text.getvalue()}"


def _cells(listed: CategoryList, group: GroupCategories, row: SectionCategory, zone: ZoneInfo) -> list[str]:
    section, choice = row.section, row.choice
    near = () if row.category else near_categories(group.group_name, section.class_id, listed.categories)
    return [
        listed.course_id,
        listed.course_name,
        group.group_id,
        group.group_name,
        section.section_id,
        section.section_name,
        section.sis_section_id,
        row.held or UNASSOCIATED,
        row.category.title if row.category else "",
        row.label.value,
        row.association or "",
        row.code.value if row.code else "",
        "; ".join(str(each) for each in near),
        (choice and choice.by) or "",
        choice.at.astimezone(zone).isoformat(timespec="seconds") if choice and choice.at else "",
    ]


def read(text: str) -> list[Line]:
    """Read a file's lines, blank ones left out; other columns than those with ids may be absent or new.

    Raises UsageError for a column that is missing, an empty cell, and two lines that contradict each other.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restval="")
    if missing := [
        name for name in (COURSE, GROUP, SECTION, CATEGORY) if name not in (rows.fieldnames or [])
    ]:
        raise UsageError(
            f"has no column {', '.join(missing)}",
            item="the CSV file",
            remedy="Begin with `gpb categories export FILE`, and keep its first line.",
        )
    lines = list(_lines(rows))
    _require_agreement(lines)
    return lines


def _lines(rows: "csv.DictReader[str]") -> Iterator[Line]:
    for row in rows:
        cells = {name: from_cell(cell) for name, cell in row.items() if isinstance(cell, str)}
        if not any(cell.strip() for cell in cells.values()):
            continue
        if empty := [name for name in (COURSE, GROUP, SECTION, CATEGORY) if not cells[name].strip()]:
            raise UsageError(
                f"the cell {', '.join(empty)} is empty",
                item=f"line {rows.line_num} of the CSV file",
                remedy=f"Write an id; to remove an association, {UNASSOCIATED}.",
            )
        asked = None if cells[CATEGORY].strip() == UNASSOCIATED else cells[CATEGORY]
        edit = Edit(group_id=cells[GROUP], section_id=cells[SECTION], category_id=asked)
        yield Line(number=rows.line_num, course_id=cells[COURSE], edit=edit, title=cells.get(TITLE, ""))


def _require_agreement(lines: Iterable[Line]) -> None:
    first: dict[tuple[str, str, str], Line] = {}
    for line in lines:
        earlier = first.setdefault((line.course_id, line.edit.group_id, line.edit.section_id), line)
        if earlier.edit != line.edit:
            raise UsageError(
                f"asks for another category than line {earlier.number} for the same section and group",
                item=f"line {line.number} of the CSV file",
                remedy="Keep one of the two.",
            )


def contradiction(listed: CategoryList, line: Line) -> UsageError | None:
    """Say so where the title names another category than the id: someone changed one of the two alone."""
    titled = [each.category_id for each in listed.categories if each.title == line.title]
    if not titled or line.edit.category_id in titled:
        return None
    return UsageError(
        f"the category's id is {line.edit.category_id or UNASSOCIATED}, its title that of another one",
        item=f"line {line.number} of the CSV file",
        remedy=f"Only the id counts. For that title it is {' or '.join(titled)}.",
    )
