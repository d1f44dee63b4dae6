"""The bodies of OneRoster 1.1, exactly as docs/oneroster.md §2 has them. Reading is reading.py's."""

from dataclasses import dataclass

from gpb_pipeline.sis.model import LineItem, Result
from gpb_pipeline.sis.wire import Payload, instant, reference, shortest, stated


@dataclass(frozen=True)
class OneRoster1p1:
    """`base_url` ends in `/v1p1` and serves rostering and gradebook alike; tokens have no scope."""

    base_url: str

    @property
    def rostering(self) -> str:
        return self.base_url

    @property
    def gradebook(self) -> str:
        return self.base_url

    @property
    def scope(self) -> str | None:
        return None

    @property
    def lists_class_categories(self) -> bool:
        return False

    def line_item(self, item: LineItem) -> Payload:
        """Write `{"lineItem": …}`; 1.1 has no `school`, and no SIS of it asks for a description."""
        base = self.base_url
        return {
            "lineItem": stated(
                {
                    "sourcedId": item.sourced_id,
                    "status": item.status,
                    "dateLastModified": instant(item.modified_at),
                    "title": item.title,
                    "assignDate": instant(item.assign_date),
                    "dueDate": instant(item.due_date),
                    "class": reference(base, "classes", item.class_id, "class"),
                    "category": reference(base, "categories", item.category_id, "category"),
                    "gradingPeriod": reference(
                        base, "gradingPeriods", item.grading_period_id, "academicSession"
                    ),
                    "resultValueMin": item.result_value_min,
                    "resultValueMax": shortest(item.result_value_max),
                }
            )
        }

    def result(self, result: Result) -> Payload:
        """Write `{"result": …}`; `score` is required, so what has none (an exempt student) carries 0."""
        base = self.base_url
        return {
            "result": stated(
                {
                    "sourcedId": result.sourced_id,
                    "status": result.status,
                    "dateLastModified": instant(result.modified_at),
                    "lineItem": reference(base, "lineItems", result.line_item_id, "lineItem"),
                    "student": reference(base, "users", result.student_id, "user"),
                    "scoreStatus": result.score_status,
                    "score": 0.0 if result.exempt or result.score is None else shortest(result.score),
                    "scoreDate": result.score_date and result.score_date.isoformat(),
                }
            )
        }
