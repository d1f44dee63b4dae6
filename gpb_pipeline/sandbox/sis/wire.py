"""JSON of OneRoster to records and back: bodies that passed the schema, payloads of every collection.

The rules for accepting a record are the gradebook's; paging and filters are listing.py's.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gpb_pipeline.sandbox.district import AcademicSession, Category, Sis, SisClass, SisStudent
from gpb_pipeline.sandbox.sis.dialects import Dialect
from gpb_pipeline.sandbox.sis.records import LineItem, Result
from gpb_pipeline.sandbox.sis.temperaments import Temperaments

Payload = dict[str, Any]
LOADED_AT = "2026-08-01T12:00:00.000Z"
TRUTH = {"true": True, "false": False}


def line_item_from(body: Payload, sourced_id: str) -> LineItem:
    return LineItem(
        sourced_id=sourced_id,
        status=body["status"],
        title=body["title"],
        class_id=body["class"]["sourcedId"],
        category_id=body["category"]["sourcedId"],
        assign_date=body["assignDate"],
        due_date=body.get("dueDate"),
        date_last_modified=body["dateLastModified"],
        description=body.get("description"),
        grading_period_id=body.get("gradingPeriod", {}).get("sourcedId"),
        school_id=body.get("school", {}).get("sourcedId"),
        result_value_min=body.get("resultValueMin"),
        result_value_max=body.get("resultValueMax"),
    )


def result_from(body: Payload, sourced_id: str) -> Result:
    return Result(
        sourced_id=sourced_id,
        status=body["status"],
        line_item_id=body["lineItem"]["sourcedId"],
        student_id=body["student"]["sourcedId"],
        score_status=body["scoreStatus"],
        score_date=body["scoreDate"],
        date_last_modified=body["dateLastModified"],
        score=body.get("score"),
        comment=body.get("comment"),
        late=TRUTH.get(body.get("late", "")),
        missing=TRUTH.get(body.get("missing", "")),
    )


def category_from(body: Payload, sourced_id: str) -> Category:
    class_id = body.get("metadata", {}).get("classId")
    return Category(sourced_id, body["title"], class_id, body["status"] == "active")


@dataclass(frozen=True)
class Writer:
    """Makes the payloads of one dialect, with references under the server's own address."""

    dialect: Dialect
    origin: str
    sis: Sis
    switches: Temperaments

    def line_item(self, item: LineItem) -> Payload:
        payload = self._base(item.sourced_id, item.date_last_modified, active=item.status == "active") | {
            "title": item.title,
            "assignDate": item.assign_date,
            "class": self._ref("classes", item.class_id, "class"),
            "category": self._ref("categories", item.category_id, "category"),
            "gradingPeriod": self._ref("gradingPeriods", item.grading_period_id or "", "academicSession"),
        }
        if item.school_id is not None:
            payload["school"] = self._school()
        optional = {
            "dueDate": item.due_date,
            "description": item.description,
            "resultValueMin": item.result_value_min,
            "resultValueMax": item.result_value_max,
        }
        return payload | {key: value for key, value in optional.items() if value is not None}

    def result(self, result: Result) -> Payload:
        payload = self._base(
            result.sourced_id, result.date_last_modified, active=result.status == "active"
        ) | {
            "lineItem": self._ref("lineItems", result.line_item_id, "lineItem"),
            "student": self._ref("users", result.student_id, "user"),
            "scoreStatus": result.score_status,
            "scoreDate": result.score_date,
        }
        optional = {"score": result.score, "comment": result.comment}
        payload |= {key: value for key, value in optional.items() if value is not None}
        flags = {"late": result.late, "missing": result.missing}
        return payload | {
            key: self.dialect.boolean(value) for key, value in flags.items() if value is not None
        }

    def category(self, category: Category) -> Payload:
        payload = self._base(category.sourced_id, LOADED_AT, active=category.active)
        if category.class_id is not None:
            payload["metadata"] = {"classId": category.class_id}
        return payload | {"title": category.title}

    def session(self, session: AcademicSession) -> Payload:
        last_day = session.end - timedelta(days=1)
        end = last_day if self.switches.inclusive_periods else session.end
        payload = self._base(session.sourced_id, LOADED_AT) | {
            "title": session.title,
            "startDate": session.start.isoformat(),
            "endDate": end.isoformat(),
            "type": session.type,
            "schoolYear": str(session.end.year),
        }
        if session.parent_id:
            payload["parent"] = self._ref("academicSessions", session.parent_id, "academicSession")
        return payload

    def class_(self, record: SisClass) -> Payload:
        terms = [each.sourced_id for each in self.sis.sessions.values() if each.type == "term"]
        return self._base(record.sourced_id, LOADED_AT) | {
            "title": record.title,
            "classCode": record.code,
            "classType": "scheduled",
            "course": self._ref("courses", f"course-{record.sourced_id}", "course"),
            "school": self._school(),
            "terms": [self._ref("terms", each, "academicSession") for each in terms],
        }

    def student(self, student: SisStudent) -> Payload:
        payload = self._base(student.sourced_id, LOADED_AT) | {
            "username": student.sourced_id.lower(),
            "enabledUser": self.dialect.boolean(True),
            "givenName": student.given_name,
            "familyName": student.family_name,
            "identifier": student.identifier,
        }
        if self.dialect.name == "oneroster-1.1":
            return payload | {"role": "student", "orgs": [self._school()]}
        role = {"roleType": "primary", "role": "student", "org": self._school()}
        return payload | {"roles": [role], "primaryOrg": self._school()}

    def enrollment(self, class_id: str, student_id: str) -> Payload:
        return self._base(f"{class_id}-{student_id}", LOADED_AT) | {
            "user": self._ref("users", student_id, "user"),
            "class": self._ref("classes", class_id, "class"),
            "school": self._school(),
            "role": "student",
        }

    def school(self) -> Payload:
        names = {"name": self.sis.school_name, "type": "school", "identifier": self.sis.school_id}
        return self._base(self.sis.school_id, LOADED_AT) | names

    def _base(self, sourced_id: str, modified: str, *, active: bool = True) -> Payload:
        status = "active" if active else "tobedeleted"
        return {"sourcedId": sourced_id, "status": status, "dateLastModified": modified}

    def _school(self) -> Payload:
        return self._ref("schools", self.sis.school_id, "org")

    def _ref(self, collection: str, sourced_id: str, type: str) -> Payload:
        service = "gradebook" if collection in ("lineItems", "categories") else "rostering"
        base = self.origin + self.dialect.paths[service]  # type: ignore[index]
        return {"href": f"{base}/{collection}/{sourced_id}", "sourcedId": sourced_id, "type": type}
