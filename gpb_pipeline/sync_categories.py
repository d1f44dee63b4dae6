"""Sync SIS Categories: reads a course's list from Canvas, the SIS and the warehouse, and saves edits of it.

What the list says, and which edits it takes, are in passback/. Saving keeps who and when in the warehouse,
which is what syncs go by; Canvas is only told, so that it shows the group as aligned.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import course_named, course_path, listed_courses
from gpb_pipeline.canvas.errors import NotFoundError
from gpb_pipeline.canvas.extracts import read_groups
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.categories.choice import Category
from gpb_pipeline.passback.categories.csv_file import CsvLine, asked
from gpb_pipeline.passback.categories.edits import Edit, changes, edited, saved
from gpb_pipeline.passback.categories.proposals import PastChoice
from gpb_pipeline.passback.categories.window import (
    CategoryList,
    Choice,
    GroupCategories,
    Label,
    Section,
    alignment,
    category_list,
)
from gpb_pipeline.passback.term import ListedCourse
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.lookups import class_named, course_categories
from gpb_pipeline.sis.model import Category as SisCategory
from gpb_pipeline.warehouse import category_choices
from gpb_pipeline.warehouse.ducklake import Warehouse

AT_ONCE = 8  # courses: more would only meet Canvas's throttle


@dataclass(frozen=True, kw_only=True)
class PendingEdits:
    """A course's list and the edits of it that are not saved yet; none, where all is as asked for."""

    listed: CategoryList
    edits: tuple[Edit, ...]

    @property
    def preview(self) -> CategoryList:
        """The list as it will be, its edited rows labelled Changed."""
        return edited(self.listed, self.edits)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """The list as saved; `refused` is why Canvas does not show it, None where it does."""

    listed: CategoryList
    refused: PipelineError | None = None

    @property
    def mirrored(self) -> bool:
        return self.refused is None

    @property
    def note(self) -> str | None:
        """Say why Canvas does not show it, in the exact words, which are the operator's."""
        return f"Saved, but Canvas does not show it: {self.refused}" if self.refused else None


class CategorySync:
    """Sync SIS Categories of any number of courses; the SIS's list of categories is read once for all.

    Methods raise PermanentError or TransientError where a read fails, UsageError for an edit that cannot be.
    """

    def __init__(self, canvas: CanvasClient, sis: OneRosterClient, warehouse: Warehouse) -> None:
        self._canvas = canvas
        self._sis = sis
        self._warehouse = warehouse

    def course(self, course_id: str) -> CategoryList:
        """Read a course's list as it is now."""
        return self._listed(course_id, self._district)

    def _listed(self, course_id: str, district: Sequence[SisCategory]) -> CategoryList:
        course = course_named(self._canvas, course_id)
        sections, groups = read_groups(self._canvas, course.course_id)
        ours = [
            Section(
                section_id=section_id,
                section_name=name,
                sis_section_id=sis_id,
                class_id=self._class_id(sis_id),
            )
            for section_id, name, sis_id in zip(
                sections["section_id"], sections["section_name"], sections["sis_section_id"], strict=True
            )
            if sis_id is not None
        ]
        return category_list(course, ours, groups, self._active(ours, district), self._choices(ours))

    def courses(self, course_ids: Iterable[str]) -> Iterator[CategoryList | PipelineError]:
        """Read many courses' lists, several at once, in this order; one that cannot be read is its error."""
        district = self._district

        def listed(course_id: str) -> CategoryList | PipelineError:
            try:
                return self._listed(course_id, district)
            except PipelineError as error:
                return error

        with ThreadPoolExecutor(AT_ONCE) as threads:
            yield from threads.map(listed, course_ids)

    def listed(self) -> Iterator[ListedCourse]:
        """Go through the account's courses of every term and state."""
        return listed_courses(self._canvas, self._canvas.settings.account_id)

    def past_choices(self) -> list[PastChoice]:
        """Read what holds for the groups of every course that was ever synced."""
        return self._warehouse.read(category_choices.past)

    def pending(self, course_id: str, edits: Iterable[Edit]) -> PendingEdits:
        """Hold edits of a course against what is; keeps those that change something."""
        listed = self.course(course_id)
        kept = tuple(changes(listed, edits))
        edited(listed, kept)  # raises for one that cannot be
        return PendingEdits(listed=listed, edits=kept)

    def pending_file(self, lines: Sequence[CsvLine]) -> list[PendingEdits]:
        """Hold the lines of a CSV file against what is, course by course, in the file's order.

        Raises one UsageError that names each line that cannot be: a file is taken whole or not at all.
        """
        by_course: dict[str, list[CsvLine]] = {}
        for line in lines:
            by_course.setdefault(line.course_id, []).append(line)
        found: list[PendingEdits] = []
        faults: list[str] = []
        for listed, ours in zip(self.courses(by_course), by_course.values(), strict=True):
            if isinstance(listed, NotFoundError):
                faults += [f"line {line.number}: {listed}" for line in ours]
                continue
            if isinstance(listed, PipelineError):
                raise listed
            edits = []
            for line in ours:
                try:
                    edits.append(asked(listed, line))
                except UsageError as fault:
                    faults.append(f"line {line.number}: {fault}")
            found.append(PendingEdits(listed=listed, edits=tuple(edit for edit in edits if edit)))
        if faults:
            raise UsageError(
                "nothing was saved", item="the CSV file", remedy="\n".join(("What cannot be:", *faults))
            )
        return found

    def save(self, pending: Sequence[PendingEdits], *, by: str, at: datetime | None = None) -> list[Saved]:
        """Save the edits of lists that were just read, all or none, then tell Canvas, course by course.

        `at` (aware) is now unless given. Raises UsageError for an edit that cannot be; what Canvas refuses
        is a note.
        """
        when = at or datetime.now(UTC)
        previews = [each.preview for each in pending]
        edits = [edit for each in pending for edit in each.edits]
        mapping = frames.build(
            frames.CategoryMapping,
            {
                "section_id": [edit.section_id for edit in edits],
                "group_id": [edit.group_id for edit in edits],
                "category_id": [edit.category_id for edit in edits],
            },
        )
        self._warehouse.commit(category_choices.choose, mapping, by=by, at=when)
        return [self._mirrored(saved(each, by=by, at=when), each) for each in previews]

    def _mirrored(self, kept: CategoryList, preview: CategoryList) -> Saved:
        edited_groups = [group for group in preview.groups if group.label is Label.CHANGED]
        try:
            for group in edited_groups:
                self._mirror(preview.course_id, group)
        except PipelineError as refused:
            return Saved(listed=kept, refused=refused)
        return Saved(listed=kept)

    def _mirror(self, course_id: str, group: GroupCategories) -> None:
        data = alignment(group)
        if data is not None:
            self._canvas.put(
                f"{course_path(course_id)}/assignment_groups/{group.group_id}",
                {"integration_data": data},
                item=f"course {course_id}, assignment group {group.group_id}",
            )

    @cached_property
    def _district(self) -> list[SisCategory]:
        return self._sis.categories()

    def _active(self, sections: Iterable[Section], district: Sequence[SisCategory]) -> list[Category]:
        """Read what the classes of these sections may use, as a sync does."""
        class_ids = {each.class_id: None for each in sections if each.class_id is not None}
        listed = {class_id: self._sis.class_categories(class_id) for class_id in class_ids}
        return [
            Category(category_id=each.sourced_id, title=each.title, class_id=each.class_id)
            for each in course_categories(self._sis, district, listed)
            if each.active
        ]

    def _class_id(self, sis_section_id: str) -> str | None:
        found = class_named(self._sis, sis_section_id)
        return found.sourced_id if found else None

    def _choices(self, sections: Iterable[Section]) -> dict[tuple[str, str], Choice]:
        held = self._warehouse.read(category_choices.of_sections, [each.section_id for each in sections])
        rows = zip(*(held[name] for name in held.columns), strict=True)
        return {
            (section_id, group_id): Choice(category_id=category_id, by=by, at=at.to_pydatetime())
            for section_id, group_id, category_id, by, at in rows
        }
