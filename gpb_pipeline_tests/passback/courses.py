"""Small courses for the rules' tests: what Canvas, the SIS and people say, each row with usual values.

A test states only what it is about; the rest is one section, one student, one assignment and one score that
can go. Nothing is judged here; how a SIS takes what is sent to it, syncs.py says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead, Course, Policy, SisRead
from gpb_pipeline.passback.frames import F, build
from gpb_pipeline.passback.holdings.adopt import Places, places_of

Row = dict[str, Any]

ZONE = ZoneInfo("America/New_York")
SENT_AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
POSTED = "2026-11-18T15:00:00Z"
DUE = "2026-11-17T04:59:59Z"  # 23:59:59 of the 16th in New York
COURSE = Course(
    course_id="7",
    name="Math 9",
    sis_course_id="M9",
    time_zone=ZONE,
    workflow_state="available",
    concluded=False,
    blueprint=False,
)
POLICY = Policy(
    tenant="district",
    title_max=50,
    long_names="skip",
    everyone_else="skip",
    due_date="day",
    withdraw_share=0.1,
    withdraw_count=10,
)


def section(section_id: str = "1", **changed: Any) -> Row:
    usual = {"section_name": f"Period {section_id}", "sis_section_id": f"C{section_id}"}
    return {"section_id": section_id} | usual | changed


def student(user_id: str = "a", section_id: str = "1", **changed: Any) -> Row:
    """Enroll a student, whose SIS id is the Canvas id in capitals."""
    usual = {"type": "StudentEnrollment", "state": "active", "student_name": f"Student {user_id}"}
    ids = {"user_id": user_id, "section_id": section_id}
    return ids | usual | {"sis_user_id": user_id.upper()} | changed


def group(group_id: str = "g", name: str = "Homework") -> Row:
    return {
        "group_id": group_id,
        "group_name": name,
        "position": 1,
        "integration_data": "{}",
    }


def assignment(assignment_id: str = "10", **changed: Any) -> Row:
    return {
        "assignment_id": assignment_id,
        "assignment_name": f"Quiz {assignment_id}",
        "group_id": "g",
        "workflow_state": "published",
        "post_to_sis": True,
        "grading_type": "points",
        "points_possible": 10.0,
        "due_at": DUE,
        "unlock_at": None,
        "created_at": "2026-11-01T12:00:00Z",
        "only_visible_to_overrides": False,
        "omit_from_final_grade": False,
        "due_date_required": True,
    } | changed


def override(target: str, target_id: str, assignment_id: str = "10", **changed: Any) -> Row:
    """Override for one target, with a due date of its own unless `due_at_overridden` is False."""
    usual = {"due_at_overridden": True, "due_at": "2026-11-19T04:59:59Z", "unassign_item": False}
    ids = {"assignment_id": assignment_id}
    return ids | {"target": target, "target_id": target_id} | usual | changed


def scored(score: float | None = 8.0, user_id: str = "a", assignment_id: str = "10", **changed: Any) -> Row:
    """A submission with a score that the student sees."""
    return {
        "assignment_id": assignment_id,
        "user_id": user_id,
        "score": score,
        "grade": None if score is None else str(score),
        "excused": False,
        "late": False,
        "missing": False,
        "workflow_state": "graded",
        "posted_at": POSTED,
        "graded_at": POSTED,
        "grade_matches_current_submission": True,
        "assigned": True,
    } | changed


def unscored(user_id: str = "a", assignment_id: str = "10", **changed: Any) -> Row:
    usual = {"posted_at": None, "graded_at": None, "workflow_state": "unsubmitted"}
    return scored(None, user_id, assignment_id, **(usual | changed))


def category(category_id: str = "HW", title: str = "Homework", **changed: Any) -> Row:
    return {"category_id": category_id, "title": title, "active": True, "class_id": None} | changed


def period(period_id: str, start: str, end: str, section_id: str = "1", **changed: Any) -> Row:
    after = (date.fromisoformat(end) + timedelta(days=1)).isoformat()  # exclusive, as the standard has it
    days = {"start_date": start, "end_date": end, "stated_end": after}
    return {"section_id": section_id, "period_id": period_id, "closed": False} | days | changed


def mapped(category_id: str | None, group_id: str = "g", section_id: str = "1") -> Row:
    return {"section_id": section_id, "group_id": group_id, "category_id": category_id}


@dataclass(frozen=True, kw_only=True)
class School:
    """What both sides hold. The SIS has a class for each section's SIS id, and its students on the roster.

    `mapping`: what people chose in Sync SIS Categories. `classes`: the class's sourcedId by the section's SIS
    id, where it is another than that.
    """

    sections: Sequence[Row] = field(default_factory=lambda: [section()])
    students: Sequence[Row] = field(default_factory=lambda: [student()])
    groups: Sequence[Row] = field(default_factory=lambda: [group()])
    assignments: Sequence[Row] = field(default_factory=lambda: [assignment()])
    overrides: Sequence[Row] = ()
    submissions: Sequence[Row] = field(default_factory=lambda: [scored()])
    categories: Sequence[Row] = field(default_factory=lambda: [category()])
    periods: Sequence[Row] = ()
    mapping: Sequence[Row] = ()
    classes: Mapping[str, str] = field(default_factory=dict)
    unknown_classes: frozenset[str] = frozenset()
    off_roster: frozenset[str] = frozenset()

    def with_(self, **changed: Any) -> "School":
        return replace(self, **changed)

    @cached_property
    def canvas(self) -> CanvasRead:
        return CanvasRead(
            course=COURSE,
            columns={
                frames.Sections: frame(frames.Sections, self.sections),
                frames.Enrollments: frame(frames.Enrollments, self.students),
                frames.AssignmentGroups: frame(frames.AssignmentGroups, self.groups),
                frames.Assignments: frame(frames.Assignments, self.assignments),
                frames.Overrides: frame(frames.Overrides, self.overrides),
                frames.Submissions: frame(frames.Submissions, self.submissions),
            },
        )

    @cached_property
    def sis(self) -> SisRead:
        classes = [self._class(each) for each in self.sections if each["sis_section_id"] is not None]
        known = {each["section_id"] for each in classes if each["class_id"] is not None}
        roster = {
            (each["section_id"], each["sis_user_id"])
            for each in self.students
            if each["section_id"] in known and each["sis_user_id"] not in {None, *self.off_roster}
        }
        return SisRead(
            columns={
                frames.SisClasses: frame(frames.SisClasses, classes),
                frames.SisRoster: frame(
                    frames.SisRoster,
                    [
                        {"section_id": section_id, "sis_user_id": sis_id, "student_id": f"{sis_id}-sourced"}
                        for section_id, sis_id in sorted(roster)
                    ],
                ),
                frames.SisCategories: frame(frames.SisCategories, self.categories),
                frames.SisGradingPeriods: frame(frames.SisGradingPeriods, self.periods),
            }
        )

    def _class(self, row: Row) -> Row:
        sis_id = row["sis_section_id"]
        known = sis_id not in self.unknown_classes
        class_id = self.classes.get(sis_id, sis_id) if known else None
        return {
            "section_id": row["section_id"],
            "class_id": class_id,
            "school_id": "SCHOOL" if known else None,
        }

    @cached_property
    def chosen(self) -> Any:
        return frame(frames.CategoryMapping, self.mapping)

    @cached_property
    def places(self) -> Places:
        """Where its gradebooks are, whatever of it is synced or enrolled now."""
        return places_of(self.canvas, self.sis, POLICY.tenant)


def two_sections(**changed: Any) -> School:
    """Two sections, with student `a` in the first and `b` in the second, and a score for each."""
    usual: dict[str, Any] = {
        "sections": [section("1"), section("2")],
        "students": [student("a", "1"), student("b", "2")],
        "submissions": [scored(8, "a"), scored(9, "b")],
    }
    return School(**(usual | changed))


def frame(schema: type[F], rows: Sequence[Row]) -> Any:
    columns = list(schema.to_schema().columns)
    return build(schema, {name: [row[name] for row in rows] for name in columns})
