"""Sync SIS Categories as one CSV file for any number of courses: written from lists, read back as edits.

One line a section and assignment group. Only the ids say what is asked for; names stand beside them for
people. An empty category says nothing: the name decides. So a file that has lain for a while unassociates
nothing that has come to match by name since.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.categories.edits import Edit, require_offered, row_of
from gpb_pipeline.passback.categories.proposals import Proposal
from gpb_pipeline.passback.categories.window import (
    CategoryList,
    GroupCategories,
    Label,
    SectionCategory,
    near,
)
from gpb_pipeline.passback.spreadsheet import from_cell, to_cell
from gpb_pipeline.text import fault_in

UNASSOCIATED = "Unassociated"
"""What the category's cell says where someone chose that there be none."""

COURSE, GROUP, SECTION = _PLACE = ("course id", "assignment group id", "section id")
CATEGORY, TITLE, LABEL = "SIS category id", "SIS category", "label"
LONGEST = 1_000  # characters of an id
MOST = 64_000_000
"""Bytes of a file: ten times what a district of 5,000 courses has."""
MOST_LINES = 500_000
LONGEST_LINE = 100_000  # characters
PROPOSAL = "proposal"
"""Where a proposed category comes from, or why none is; only in a file of proposals."""
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
    LABEL,
    "association",
    "cause",
    "near categories",
    "chosen by",
    "chosen at",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CsvLine:
    """One line of a file, by its number; `category` is an id, Unassociated, or empty."""

    number: int
    course_id: str
    group_id: str
    section_id: str
    category: str
    title: str = ""

    @property
    def edit(self) -> Edit:
        """What it asks for, if its category is not empty."""
        category_id = None if self.category in {"", UNASSOCIATED} else self.category
        return Edit(group_id=self.group_id, section_id=self.section_id, category_id=category_id)

    @property
    def name(self) -> str:
        return f"line {self.number} of the CSV file"


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


@dataclass(frozen=True, kw_only=True)
class ProposedLine:
    """A proposal and the list that it is of."""

    listed: CategoryList
    proposal: Proposal


def proposed(lines: Iterable[ProposedLine], zone: ZoneInfo) -> str:
    """Write proposals as such a file, a line each, with where they come from; a misfit's category stays."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, (*COLUMNS, PROPOSAL))
    writer.writeheader()
    for line in lines:
        each = line.proposal
        cells = dict(zip(COLUMNS, _cells(line.listed, each.group, each.row, zone), strict=True))
        if each.misfit is None:
            cells[CATEGORY] = each.category.category_id if each.category else UNASSOCIATED
            cells[TITLE] = each.category.title if each.category else ""
            cells[LABEL] = Label.CHANGED.value
            cells[PROPOSAL] = each.source
        else:
            cells[PROPOSAL] = f"does not fit: {each.misfit} ({each.source})"
        writer.writerow({name: to_cell(cell) for name, cell in cells.items()})
    return f"\ufeff{text.getvalue()}"


def _cells(listed: CategoryList, group: GroupCategories, row: SectionCategory, zone: ZoneInfo) -> list[str]:
    section, choice = row.section, row.choice
    unchosen = "" if choice is None else UNASSOCIATED
    return [
        listed.course_id,
        listed.course_name,
        group.group_id,
        group.group_name,
        section.section_id,
        section.section_name,
        section.sis_section_id,
        row.held or unchosen,
        row.category.title if row.category else "",
        row.label.value,
        row.association or "",
        row.code.value if row.code else "",
        "; ".join(str(each) for each in near(listed, group, row)),
        (choice and choice.by) or "",
        choice.at.astimezone(zone).isoformat(timespec="seconds") if choice and choice.at else "",
    ]


def read(text: str) -> list[CsvLine]:
    """Read a file's lines, blank ones left out; other columns than those with ids may be absent or new.

    Raises UsageError for a column that is missing, an id that is, and lines that contradict each other.
    """
    try:
        lines = list(_lines(csv.DictReader(_bounded(text.removeprefix("\ufeff")), restval="")))
    except csv.Error:
        raise UsageError("is not CSV", item="the CSV file", remedy="Save it as `CSV UTF-8`.") from None
    _require_agreement(lines)
    return lines


def _bounded(text: str) -> Iterator[str]:
    """Give the file line by line, as far as a reader has room for what it makes of them."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LONGEST_LINE or number > MOST_LINES:
            raise UsageError(
                "is far too long"
                if number <= MOST_LINES
                else f"is one too many: {MOST_LINES:,} may be there",
                item=f"line {number} of the CSV file",
                remedy="Begin with `gpb categories export FILE COURSE…`, of fewer courses.",
            )
        yield line


def _lines(rows: "csv.DictReader[str]") -> Iterator[CsvLine]:
    if missing := [name for name in (*_PLACE, CATEGORY) if name not in (rows.fieldnames or [])]:
        raise UsageError(
            f"has no column {', '.join(missing)}",
            item="the CSV file",
            remedy="Begin with `gpb categories export FILE`, and keep its first line.",
        )
    for row in rows:
        cells = {name: from_cell(cell) for name, cell in row.items() if isinstance(cell, str)}
        if not any(cell.strip() for cell in cells.values()):
            continue
        line = CsvLine(
            number=rows.line_num,
            course_id=cells[COURSE],
            group_id=cells[GROUP],
            section_id=cells[SECTION],
            category=cells[CATEGORY],
            title=cells.get(TITLE, ""),
        )
        if wrong := fault_in(line.course_id, LONGEST):  # the others are only held against what there is
            raise UsageError(f"its {COURSE} {wrong}", item=line.name, remedy="Write one id, in one line.")
        if empty := [name for name in _PLACE if not cells[name]]:
            raise UsageError(
                f"has no {', '.join(empty)}", item=line.name, remedy="Write it, or delete the line."
            )
        yield line


def _require_agreement(lines: Iterable[CsvLine]) -> None:
    first: dict[tuple[str, str, str], CsvLine] = {}
    for line in lines:
        earlier = first.setdefault((line.course_id, line.group_id, line.section_id), line)
        if earlier.category != line.category:
            raise UsageError(
                f"says something else than line {earlier.number} of the same section and group",
                item=line.name,
                remedy="Keep one of the two.",
            )


def asked(listed: CategoryList, line: CsvLine) -> Edit | None:
    """Say what a line changes, if anything; raises UsageError for what cannot be or leaves a doubt."""
    row = row_of(listed, line.edit)
    _require_clear(listed, row, line)
    if line.category == "" or row.says(line.edit.category_id):
        return None
    require_offered(listed, row, line.edit.category_id)
    return line.edit


def _require_clear(listed: CategoryList, row: SectionCategory, line: CsvLine) -> None:
    """Refuse a title that was changed without its id, and a choice that was wiped out."""
    titled = [each.category_id for each in listed.categories if each.title == line.title]
    if titled and line.edit.category_id not in titled:
        raise UsageError(
            f"the category's id is {line.category or 'empty'}, its title that of another one",
            item=f"section {line.section_id}, assignment group {line.group_id}",
            remedy=f"Only the id counts: for that title, {' or '.join(titled)}.",
        )
    if line.category == "" and row.choice is not None:
        raise UsageError(
            "the category is empty, though one was chosen",
            item=f"section {line.section_id}, assignment group {line.group_id}",
            remedy=f"To remove the association, write {UNASSOCIATED}; to leave it, delete the line.",
        )
