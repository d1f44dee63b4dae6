"""JSON of OneRoster to records and back: bodies that passed the schema, payloads of every collection.

The rules for accepting a record are the gradebook's; paging and filters are listing.py's.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from gpb_pipeline.sandbox.district import AcademicSession, Category, Sis, SisClass, SisCourse, SisPerson
from gpb_pipeline.sandbox.sis.dialects import Dialect
from gpb_pipeline.sandbox.sis.records import LineItem, Result
from gpb_pipeline.sandbox.sis.temperaments import Temperaments

Payload = dict[str, Any]
LOADED_AT = "2026-08-01T12:00:00.000Z"
TRUTH = {"true": True, "false": False}
LETTERS = (("A", "90-100"), ("B", "80-89"), ("C", "70-79"), ("D", "60-69"), ("F", "0-59"))
Role = Literal["student", "teacher"]


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
    own = None if class_id is None else str(class_id)
    return Category(sourced_id, body["title"], own, body["status"] == "active")


@dataclass(frozen=True)
class Writer:
    """Makes the payloads of one dialect, with references under the server's own address."""

    dialect: Dialect
    origin: str
    sis: Sis
    switches: Temperaments

    def line_item(self, item: LineItem) -> Payload:
        payload = self._written(item) | {
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
        payload = self._written(result) | {
            "lineItem": self._ref("lineItems", self._spelled(result.line_item_id), "lineItem"),
            "student": self._ref("users", result.student_id, "user"),
            "scoreStatus": result.score_status,
            "scoreDate": result.score_date,
        }
        optional = {"score": result.score, "comment": result.comment}
        payload |= {key: value for key, value in optional.items() if value is not None}
        flags = {"late": result.late, "missing": result.missing}
        return payload | {key: _truth(value) for key, value in flags.items() if value is not None}

    def _written(self, each: LineItem | Result) -> Payload:
        spelled = self._spelled(each.sourced_id)
        return self._base(spelled, each.date_last_modified, active=each.status == "active")

    def _spelled(self, sourced_id: str) -> str:
        return sourced_id.upper() if self.switches.capital_ids else sourced_id

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

    def course(self, course: SisCourse) -> Payload:
        return self._base(course.sourced_id, LOADED_AT) | {
            "title": course.title,
            "courseCode": course.code,
            "org": self._school(),
        }

    def class_(self, record: SisClass) -> Payload:
        terms = [each.sourced_id for each in self.sis.sessions.values() if each.type == "term"]
        return self._base(record.sourced_id, LOADED_AT) | {
            "title": record.title,
            "classCode": record.code,
            "classType": "scheduled",
            "course": self._ref("courses", record.course.sourced_id, "course"),
            "school": self._school(),
            "terms": [self._ref("terms", each, "academicSession") for each in terms],
        }

    def user(self, person: SisPerson, role: Role) -> Payload:
        payload = self._base(person.sourced_id, LOADED_AT) | {
            "username": person.sourced_id.lower(),
            "enabledUser": _truth(True),
            "givenName": person.given_name,
            "familyName": person.family_name,
            "identifier": person.identifier,
        }
        if self.dialect.name == "oneroster-1.1":
            return payload | {"role": role, "orgs": [self._school()]}
        primary = {"roleType": "primary", "role": role, "org": self._school()}
        return payload | {"roles": [primary], "primaryOrg": self._school()}

    def enrollment(self, class_id: str, person_id: str, role: Role) -> Payload:
        return self._base(f"{class_id}-{person_id}", LOADED_AT) | {
            "user": self._ref("users", person_id, "user"),
            "class": self._ref("classes", class_id, "class"),
            "school": self._school(),
            "role": role,
        }

    def school(self) -> Payload:
        names = {"name": self.sis.school_name, "type": "school", "identifier": self.sis.school_id}
        parent = self._ref("orgs", self.sis.district_id, "org")
        return self._base(self.sis.school_id, LOADED_AT) | names | {"parent": parent}

    def district(self) -> Payload:
        names = {"name": "Sandbox District", "type": "district", "identifier": self.sis.district_id}
        return self._base(self.sis.district_id, LOADED_AT) | names | {"children": [self._school()]}

    def score_scale(self, record: SisClass) -> Payload:
        """Of 1.2: what a percentage is as a letter, the same in each class."""
        values = [{"itemValueLHS": letter, "itemValueRHS": percent} for letter, percent in LETTERS]
        return self._base(f"SCALE-{record.sourced_id}", LOADED_AT) | {
            "title": "Letters",
            "type": "percent",
            "course": self._ref("courses", record.course.sourced_id, "course"),
            "class": self._ref("classes", record.sourced_id, "class"),
            "scoreScaleValue": values,
        }

    def _base(self, sourced_id: str, modified: str, *, active: bool = True) -> Payload:
        status = "active" if active else "tobedeleted"
        return {"sourcedId": sourced_id, "status": status, "dateLastModified": modified}

    def _school(self) -> Payload:
        return self._ref("schools", self.sis.school_id, "org")

    def _ref(self, collection: str, sourced_id: str, type: str) -> Payload:
        service = "gradebook" if collection in ("lineItems", "categories") else "rostering"
        base = self.origin + self.dialect.paths[service]  # type: ignore[index]
        return {"href": f"{base}/{collection}/{sourced_id}", "sourcedId": sourced_id, "type": type}


def _truth(value: bool) -> str:
    """Both versions write it as a text."""
    return str(value).lower()
