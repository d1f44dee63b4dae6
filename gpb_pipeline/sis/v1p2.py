"""The bodies of OneRoster 1.2, exactly as docs/oneroster.md §2 has them. Reading is reading.py's."""

from dataclasses import dataclass

from gpb_pipeline.sis.model import LineItem, Result
from gpb_pipeline.sis.wire import Payload, flag, instant, reference, shortest, stated

SCOPES = ("roster.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.delete")


@dataclass(frozen=True)
class OneRoster1p2:
    """`base_url` ends in `/ims/oneroster`; rostering and gradebook are two services under it."""

    base_url: str

    @property
    def rostering(self) -> str:
        return f"{self.base_url}/rostering/v1p2"

    @property
    def gradebook(self) -> str:
        return f"{self.base_url}/gradebook/v1p2"

    @property
    def scope(self) -> str | None:
        return " ".join(f"https://purl.imsglobal.org/spec/or/v1p2/scope/{name}" for name in SCOPES)

    @property
    def lists_class_categories(self) -> bool:
        return True

    def line_item(self, item: LineItem) -> Payload:
        """Write `{"lineItem": …}`; without the class's school, which 1.2 requires, the SIS says so itself."""
        roster, book = self.rostering, self.gradebook
        return {
            "lineItem": stated(
                {
                    "sourcedId": item.sourced_id,
                    "status": item.status,
                    "dateLastModified": instant(item.modified_at),
                    "title": item.title,
                    "description": item.description or None,
                    "assignDate": instant(item.assign_date),
                    "dueDate": instant(item.due_date),
                    "class": reference(roster, "classes", item.class_id, "class"),
                    "school": reference(roster, "schools", item.school_id, "org"),
                    "category": reference(book, "categories", item.category_id, "category"),
                    "gradingPeriod": reference(
                        roster, "gradingPeriods", item.grading_period_id, "academicSession"
                    ),
                    "resultValueMin": item.result_value_min,
                    "resultValueMax": shortest(item.result_value_max),
                }
            )
        }

    def result(self, result: Result) -> Payload:
        """Write `{"result": …}`; flags are strings where known, exempt carries 0 (docs/decisions.md §8.9)."""
        roster = self.rostering
        return {
            "result": stated(
                {
                    "sourcedId": result.sourced_id,
                    "status": result.status,
                    "dateLastModified": instant(result.modified_at),
                    "lineItem": reference(self.gradebook, "lineItems", result.line_item_id, "lineItem"),
                    "student": reference(roster, "users", result.student_id, "user"),
                    "class": reference(roster, "classes", result.class_id, "class"),
                    "scoreStatus": result.score_status,
                    "score": 0.0 if result.exempt else shortest(result.score),
                    "scoreDate": result.score_date and result.score_date.isoformat(),
                    "late": flag(result.late),
                    "missing": flag(result.missing),
                }
            )
        }
