"""What must hold after each sync of a story, by the SIS's own log and both sides' state; the reports too."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.rows.counts import WriteCounts
from gpb_pipeline_tests.engine.child import Report, Row
from gpb_pipeline_tests.engine.gradebooks import (
    Canvas,
    Cell,
    Grade,
    Names,
    Place,
    Sis,
    cell_of,
    column_of,
    place_of,
)
from gpb_pipeline_tests.engine.story import Night

STATES = {"created", "updated", "unchanged", "skipped", "failed", "withdrawn"}
SENT = {"created", "updated"}
OFF_THE_ROSTER = "student_not_on_roster"  # beside it stands what the SIS still holds, by its id alone
DATED = {"date_last_modified", "score_date"}
DOUBTED = {"not_shown", "never_shown", "not_verified", "assignment_not_shown"}  # told: the SIS shows it not


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One night as it was seen from outside: Canvas before it, the SIS's log of it, the SIS after it."""

    night: Night
    canvas: Canvas
    writes: list[dict[str, Any]]
    unanswered: bool  # some write got no answer, or none that says that it was taken
    lies: bool  # it said that it took what it did not
    after: Sis
    reports: list[Report]


@dataclass
class Judge:
    """Remembers what the log said of each id since the story began."""

    names: Names = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: bool = False  # since the last whole sync: what was refused at its next try was taken, maybe

    def broken(self, seen: Evidence) -> list[str]:
        """Say what does not hold after a night in which things may have gone wrong."""
        found = [*self._written(seen), *(f"it stands twice: {each[:2]}" for each in seen.after.doubled)]
        for report in seen.reports:
            found += _told(report, seen)
        if all(each.end == "synced" for each in seen.reports):
            found += self._sent(seen)
        return found

    def _written(self, seen: Evidence) -> Iterator[str]:
        needless = 0
        for write in seen.writes:
            values = {name: value for name, value in write["values"].items() if name not in DATED}
            needless += write["kind"] != "delete" and self.held.get(write["sourced_id"]) == values
            self.held[write["sourced_id"]] = values
            if write["object"] == "lineItem":
                yield from self._column(write, seen.canvas)
            else:
                yield from self._grade(write, seen.canvas)
        doubtful = seen.unanswered or self.unanswered or seen.lies
        if needless and not doubtful and seen.night.type != "remaster":
            yield f"{needless} writes say what the SIS had taken before"
        stays = self.unanswered and any(each.end != "synced" for each in seen.reports)
        self.unanswered = seen.unanswered or stays

    def _column(self, write: dict[str, Any], canvas: Canvas) -> Iterator[str]:
        if write["kind"] == "delete":
            yield "a column is deleted"
            return
        self.items[write["sourced_id"]] = write["values"]
        place = place_of(write["values"], self.names)
        if canvas.columns.get(place) != column_of(write["values"]):
            yield f"a column is written otherwise than Canvas has it: {place}"

    def _grade(self, write: dict[str, Any], canvas: Canvas) -> Iterator[str]:
        if write["kind"] == "delete" or write["values"]["status"] != "active":
            cell = self.cells[write["sourced_id"]]
            if cell not in canvas.cleared:
                yield f"a grade is taken back that Canvas has not cleared: {cell[:2]}"
            return
        values = write["values"]
        cell = self.cells[write["sourced_id"]] = cell_of(
            values, self.items[values["line_item_id"]], self.names
        )
        if canvas.grades.get(cell) != Grade(values["score"], values["score_status"]):
            yield f"a grade goes that Canvas does not have so: {cell[:2]}"

    def _sent(self, seen: Evidence) -> Iterator[str]:
        """What the reports say was sent is what the SIS took, but for what they say is not known."""
        grades = [each for report in seen.reports for each in report.grades]
        told = {cell for cell, row in grades if row.state in SENT}
        back = {cell for cell, row in grades if row.state == "withdrawn"}
        failed = {cell for cell, row in grades if row.state == "failed"}
        written = [each for each in seen.writes if each["object"] == "result"]
        took = {self.cells[each["sourced_id"]] for each in written if each["kind"] != "delete"}
        gone = {self.cells[each["sourced_id"]] for each in written if each["kind"] == "delete"}
        for what, some in (
            ("the SIS took a grade that no report tells of", took - told - failed),
            ("the SIS took back a grade that no report tells of", gone - back - failed),
            ("a report tells of a grade that the SIS never took", set() if seen.lies else told - took),
            ("a report tells of a withdrawal that never was", set() if seen.lies else back - gone),
        ):
            if some:
                yield f"{what}: {len(some)}"


def _told(report: Report, seen: Evidence) -> Iterator[str]:
    harms = {each.harm for each in seen.night.troubles}
    match report.end:
        case "broke" | "hung":
            yield f"it {report.end}: {report.words}"
        case "killed" if "kill" not in harms:
            yield f"its process died by itself: {report.words}"
        case "refused" if not harms - {"kill"} and not seen.night.twice:
            yield f"it is refused: {report.words}"
        case "failed":
            if report.words.startswith(f"{PipelineError.code}:"):
                yield f"a fault of ours: {report.words}"
            if report.job is not None and report.job.status.startswith("Completed"):
                yield "it failed, and the history says that it completed"
        case "synced":
            yield from _accounted(report, seen)
            yield from _stands(report, seen)
        case "unchanged":
            if report.job is None or report.job.status != report.status:
                yield "an unchanged course does not stand in the history"


def _accounted(report: Report, seen: Evidence) -> Iterator[str]:
    """Each item is in one stated state, the counts add up, and the history says the same."""
    rows = [row for _, row in (*report.items, *report.grades)]
    if not {row.state for row in rows} <= STATES:
        yield "an item is in no state that there is"
    if any((row.code is not None) != (row.state in ("skipped", "failed")) for row in rows):
        yield "an item is skipped or failed without a code, or has one and is not"
    for what, keys in (
        ("column", Counter(place for place, _ in report.items)),
        ("grade", Counter((cell, row.code == OFF_THE_ROSTER) for cell, row in report.grades)),
    ):
        if any(count > 1 for count in keys.values()):
            yield f"a {what} has two rows"
    lacking = ({*seen.canvas.grades} | seen.canvas.hidden) - {cell for cell, _ in report.grades}
    if lacking:
        yield f"{len(lacking)} grades have no row"
    counts = report.counts
    if counts is None or (counts.line_items, counts.results, counts.withdrawn) != (
        _counted(row for _, row in report.items),
        _counted(row for _, row in report.grades),
        sum(row.state == "withdrawn" for _, row in report.grades),
    ):
        yield "the counts do not add up"
    if report.job is None:
        yield "it is told, and its job is not on record"
    elif (report.job.status, report.job.counts) != (report.status, counts):
        yield f"it is told, and the history says otherwise: {report.job.status}"


def _counted(rows: Iterable[Row]) -> WriteCounts:
    states = Counter(row.state for row in rows)
    created = states["created"] + states["updated"]
    return WriteCounts(sent=created + states["failed"], created=created)


def _stands(report: Report, seen: Evidence) -> Iterator[str]:
    if seen.lies or report.issues & DOUBTED or seen.night.twice:
        return
    for cell, row in report.grades:
        if row.state in SENT or (row.state == "unchanged" and cell in seen.canvas.grades):
            if seen.after.grades.get(cell) != seen.canvas.grades.get(cell):
                yield f"a grade is said to be {row.state}, and stands otherwise: {cell[:2]}"
        elif row.state == "withdrawn" and cell in seen.after.grades:
            yield f"a grade is said to be withdrawn, and still stands: {cell[:2]}"


def unequal(canvas: Canvas, sis: Sis) -> Iterator[str]:
    """How the SIS differs from what it should hold."""
    for cell, grade in canvas.grades.items():
        if cell not in sis.grades:
            yield f"a grade is lost: {cell[:2]}"
        elif sis.grades[cell] != grade:
            yield f"a grade is stale: {cell[:2]}"
        place: Place = cell[:2]
        if sis.columns.get(place) != canvas.columns[place]:
            yield f"a column is not as in Canvas: {place}"
    for cell in sorted({*sis.grades} & canvas.cleared):
        yield f"a grade that Canvas has cleared still stands: {cell[:2]}"


def restless(seen: Evidence) -> Iterator[str]:
    """What the last of the quiet nights did, though nothing was left to do."""
    if seen.writes:
        yield f"a quiet night writes {len(seen.writes)} times"
    for report in seen.reports:
        states = Counter(row.state for cell, row in report.grades if cell in seen.canvas.grades)
        if states != Counter(unchanged=len(seen.canvas.grades)):
            yield f"a quiet night ends with {dict(states)}"
