"""The SIS's gradebook: the line items and results that it holds, and the rules by which it takes them.

Bodies arrive here validated and parsed; the wire is app.py's, the log of accepted writes witness.py's.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from gpb_pipeline.sandbox.district import AcademicSession, Category, Sis
from gpb_pipeline.sandbox.sis.refusals import Refusal, invalid, unknown

TITLE_MAX = 50  # SchoolTool, by the manual
Status = Literal["active", "tobedeleted"]


@dataclass(frozen=True)
class LineItem:
    """A column of a class's gradebook. Dates are the wire's own texts (UTC)."""

    sourced_id: str
    status: Status
    title: str
    class_id: str
    category_id: str
    assign_date: str
    due_date: str | None
    date_last_modified: str
    description: str | None = None
    grading_period_id: str | None = None
    school_id: str | None = None
    result_value_min: float | None = None
    result_value_max: float | None = None

    @property
    def due_day(self) -> date:
        return date.fromisoformat((self.due_date or self.assign_date)[:10])


@dataclass(frozen=True)
class Result:
    """One student's cell of a line item."""

    sourced_id: str
    status: Status
    line_item_id: str
    student_id: str
    score_status: str
    score_date: str
    date_last_modified: str
    score: float | None = None
    comment: str | None = None
    late: bool | None = None
    missing: bool | None = None


class Gradebook:
    """Holds what was accepted; `accept_*` raise Refusal and change nothing otherwise."""

    def __init__(self, sis: Sis) -> None:
        self._given = sis
        self.reset()

    def reset(self) -> None:
        self.line_items: dict[str, LineItem] = {}
        self.results: dict[str, Result] = {}
        self.categories: dict[str, Category] = dict(self._given.categories)
        self.sessions: dict[str, AcademicSession] = dict(self._given.sessions)
        self.rosters: dict[str, frozenset[str]] = {}

    def roster(self, class_id: str) -> frozenset[str]:
        return self.rosters.get(class_id, self._given.classes[class_id].roster)

    def accept_line_item(self, item: LineItem) -> None:
        self._check_title(item.title)
        if item.class_id not in self._given.classes:
            raise unknown("class", item.class_id)
        self._check_category(item)
        if item.school_id is not None and item.school_id != self._given.school_id:
            raise unknown("school", item.school_id)
        held = self.line_items.get(item.sourced_id)
        if held is not None and held.class_id != item.class_id:
            raise invalid(f"lineItem {item.sourced_id} belongs to class {held.class_id}")
        low, high = item.result_value_min, item.result_value_max
        if low is not None and high is not None and low >= high:
            raise invalid("resultValueMax is not above resultValueMin")
        period = self._open_period(item)
        self.line_items[item.sourced_id] = replace(item, grading_period_id=period.sourced_id)

    def accept_result(self, result: Result) -> None:
        item = self.line_items.get(result.line_item_id)
        if item is None:
            raise unknown("lineItem", result.line_item_id)
        if result.student_id not in self._given.students:
            raise unknown("student", result.student_id)
        if result.student_id not in self.roster(item.class_id):
            raise invalid(f"student {result.student_id} is not enrolled in class {item.class_id}")
        if item.result_value_min is not None and (result.score or 0.0) < item.result_value_min:
            raise invalid(f"score is below the resultValueMin of lineItem {item.sourced_id}")
        self._open_period(item)
        self.results[result.sourced_id] = result

    def accept_category(self, category: Category) -> None:
        if category.class_id is not None and category.class_id not in self._given.classes:
            raise unknown("class", category.class_id)
        self.categories[category.sourced_id] = category

    def remove_line_item(self, sourced_id: str) -> None:
        """Its results go with it."""
        item = self.line_items.get(sourced_id)
        if item is None:
            raise unknown("lineItem", sourced_id)
        self._open_period(item)
        del self.line_items[sourced_id]
        self.results = {key: each for key, each in self.results.items() if each.line_item_id != sourced_id}

    def remove_result(self, sourced_id: str) -> None:
        result = self.results.get(sourced_id)
        if result is None:
            raise unknown("result", sourced_id)
        self._open_period(self.line_items[result.line_item_id])
        del self.results[sourced_id]

    def remove_category(self, sourced_id: str) -> None:
        if sourced_id not in self.categories:
            raise unknown("category", sourced_id)
        if any(each.category_id == sourced_id for each in self.line_items.values()):
            raise Refusal(422, "deletefailure", f"category {sourced_id} has lineItems")
        del self.categories[sourced_id]

    def _check_title(self, title: str) -> None:
        if not title.strip():
            raise invalid("title is empty")
        if len(title) > TITLE_MAX:
            raise invalid(f"title is longer than {TITLE_MAX} characters")

    def _check_category(self, item: LineItem) -> None:
        category = self.categories.get(item.category_id)
        if category is None:
            raise unknown("category", item.category_id)
        if not category.active or category.class_id not in (None, item.class_id):
            raise invalid(f"category {item.category_id} is not one of class {item.class_id}")

    def _open_period(self, item: LineItem) -> AcademicSession:
        """The period of the item's due date, which must be the one it names and be open."""
        if item.due_date is None:
            raise invalid("dueDate is missing")
        periods = [each for each in self.sessions.values() if each.type == "gradingPeriod"]
        if item.grading_period_id is not None:
            periods = [each for each in periods if each.sourced_id == item.grading_period_id]
            if not periods:
                raise unknown("gradingPeriod", item.grading_period_id)
        period = next((each for each in periods if each.covers(item.due_day)), None)
        if period is None:
            raise invalid(f"dueDate {item.due_day} is in no gradingPeriod, or not in the one named")
        if period.closed:
            raise invalid(f"gradingPeriod {period.sourced_id} is closed")
        return period
