"""The SIS's gradebook: the line items and results that it holds, and the rules by which it takes them.

Bodies arrive here validated and parsed (wire.py) and are stored by whoever asked (gradebook_api.py), since a
SIS may keep otherwise what it takes; the log of accepted writes is witness.py's.
"""

from dataclasses import replace

from gpb_pipeline.sandbox.district import AcademicSession, Category, Sis, SisClass, SisPerson
from gpb_pipeline.sandbox.sis.records import LineItem, Records, Result
from gpb_pipeline.sandbox.sis.refusals import Refusal, invalid, unknown

TITLE_MAX = 50  # SchoolTool, by the manual


class Gradebook:
    """Holds what was accepted, and the school as it is; `judged_*` and `remove_*` raise Refusal.

    Whatever is changed in the dictionaries here is changed in `sis`.
    """

    def __init__(self, sis: Sis) -> None:
        self.given = sis
        self.line_items = Records[LineItem]()
        self.results = Records[Result]()
        self.students: dict[str, SisPerson] = {}
        self.teachers: dict[str, SisPerson] = {}
        self.classes: dict[str, SisClass] = {}
        self.categories: dict[str, Category] = {}
        self.sessions: dict[str, AcademicSession] = {}
        self.sis = replace(
            sis,
            students=self.students,
            teachers=self.teachers,
            classes=self.classes,
            categories=self.categories,
            sessions=self.sessions,
        )
        self._class_of_gone: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """As it was given, in the same dictionaries, since others hold them."""
        self.line_items.clear()
        self.results.clear()
        self._class_of_gone.clear()
        for name in ("students", "teachers", "classes", "categories", "sessions"):
            held = getattr(self, name)
            held.clear()
            held.update(getattr(self.given, name))

    def lag(self, delay: float) -> None:
        self.line_items.lag(delay)
        self.results.lag(delay)

    def publish(self) -> None:
        self.line_items.publish()
        self.results.publish()

    def class_of(self, line_item_id: str) -> str:
        """Also of a line item that is gone and left results behind."""
        item = self.line_items.get(line_item_id)
        return item.class_id if item else self._class_of_gone[line_item_id]

    def results_of(self, line_item_id: str) -> list[str]:
        return [key for key, each in self.results.items() if each.line_item_id == line_item_id]

    def judged_line_item(self, item: LineItem) -> LineItem:
        """The line item as it is taken, with its grading period."""
        self._check_title(item.title)
        if item.class_id not in self.classes:
            raise unknown("class", item.class_id)
        self._check_category(item)
        if item.school_id is not None and item.school_id != self.sis.school_id:
            raise unknown("school", item.school_id)
        held = self.line_items.get(item.sourced_id)
        if held is not None and held.class_id != item.class_id:
            raise invalid(f"lineItem {item.sourced_id} belongs to class {held.class_id}")
        low, high = item.result_value_min, item.result_value_max
        if low is not None and high is not None and low >= high:
            raise invalid("resultValueMax is not above resultValueMin")
        return replace(item, grading_period_id=self._open_period(item).sourced_id)

    def judged_result(self, result: Result) -> Result:
        item = self.line_items.get(result.line_item_id)
        if item is None:
            raise unknown("lineItem", result.line_item_id)
        if result.student_id not in self.students:
            raise unknown("student", result.student_id)
        if item.class_id not in self.classes:
            raise unknown("class", item.class_id)
        if result.student_id not in self.classes[item.class_id].roster:
            raise invalid(f"student {result.student_id} is not enrolled in class {item.class_id}")
        if item.result_value_min is not None and (result.score or 0.0) < item.result_value_min:
            raise invalid(f"score is below the resultValueMin of lineItem {item.sourced_id}")
        self._check_still_open(item)
        return result

    def judged_category(self, category: Category) -> Category:
        if category.class_id is not None and category.class_id not in self.classes:
            raise unknown("class", category.class_id)
        return category

    def remove_line_item(self, sourced_id: str) -> None:
        """Its results go with it."""
        item = self.line_items.get(sourced_id)
        if item is None:
            raise unknown("lineItem", sourced_id)
        self._check_still_open(item)
        self.lose_line_item(sourced_id, with_results=True)

    def lose_line_item(self, sourced_id: str, *, with_results: bool) -> None:
        """Without a rule that could bar it; results may be left behind, of a line item that is no more."""
        self._class_of_gone[sourced_id] = self.line_items.pop(sourced_id).class_id
        for result_id in self.results_of(sourced_id) if with_results else ():
            del self.results[result_id]

    def remove_result(self, sourced_id: str) -> None:
        result = self.results.get(sourced_id)
        if result is None:
            raise unknown("result", sourced_id)
        item = self.line_items.get(result.line_item_id)
        if item is not None:
            self._check_still_open(item)
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
        _refuse_closed(period)
        return period

    def _check_still_open(self, item: LineItem) -> None:
        """The period in which the item was taken takes writes still."""
        period = self.sessions.get(item.grading_period_id or "")
        if period is None:
            raise invalid(f"gradingPeriod {item.grading_period_id} is not one of this school")
        _refuse_closed(period)


def _refuse_closed(period: AcademicSession) -> None:
    if period.closed:
        raise invalid(f"gradingPeriod {period.sourced_id} is closed")
