"""A course as a sync reads it: the frames of Canvas and of the SIS's look-ups, in any order of rows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback import course as real
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead, SisRead
from gpb_pipeline.passback.frames import F, build
from gpb_pipeline.passback.holdings.adopt import Places, places_of
from gpb_pipeline_tests.simulation import school
from gpb_pipeline_tests.simulation.school import FIRST_PERIOD, GROUPS, SECOND_PERIOD, Course, Room

SEEN = school.START  # when scores were posted and graded
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Read:
    """Both sides of the cases that a night syncs."""

    canvas: CanvasRead
    sis: SisRead
    mapping: Any
    places: Places


def read(course: Course, cases: Collection[int], tenant: str, rng: Random) -> Read:
    rooms, pupils = course.rooms(cases), course.pupils(cases)
    enrolled = [(each, *enrollment) for each in pupils for enrollment in each.sections.items()]
    canvas = CanvasRead(
        course=real.Course(
            course_id="7",
            name="Simulated",
            sis_course_id=None,
            time_zone=ZoneInfo(course.zone),
            workflow_state="available",
            concluded=False,
            blueprint=False,
        ),
        columns={
            frames.Sections: _frame(
                frames.Sections,
                rng,
                (
                    {
                        "section_id": each.section_id,
                        "section_name": each.section_id,
                        "sis_section_id": each.sis_section_id,
                    }
                    for each in rooms
                ),
            ),
            frames.Enrollments: _frame(
                frames.Enrollments,
                rng,
                (
                    {
                        "user_id": pupil.user_id,
                        "section_id": section_id,
                        "type": "StudentEnrollment",
                        "state": state,
                        "sis_user_id": pupil.sis_user_id,
                        "student_name": pupil.user_id,
                    }
                    for pupil, section_id, state in enrolled
                ),
            ),
            frames.AssignmentGroups: _frame(
                frames.AssignmentGroups,
                rng,
                (
                    {
                        "group_id": key,
                        "group_name": name,
                        "position": 1,
                        "integration_data": "{}",
                    }
                    for key, name in GROUPS.items()
                ),
            ),
            frames.Assignments: _frame(
                frames.Assignments, rng, (_assignment(each) for each in course.works.values())
            ),
            frames.Overrides: _frame(
                frames.Overrides, rng, (row for each in rooms for row in _overrides(each))
            ),
            frames.Submissions: _frame(
                frames.Submissions,
                rng,
                (
                    _submission(work, each.user_id, cell)
                    for each in pupils
                    for work, cell in course.cells[each.user_id].items()
                    if course.works[work].published and course.works[work].ticked
                ),
            ),
        },
    )
    sis = _sis(course, rooms, enrolled, rng)
    return Read(
        canvas=canvas,
        sis=sis,
        mapping=_frame(
            frames.CategoryMapping,
            rng,
            (
                {"section_id": each.section_id, "group_id": group, "category_id": chosen}
                for each in rooms
                for group, chosen in each.chosen.items()
            ),
        ),
        places=places_of(canvas, sis, tenant),
    )


def _sis(course: Course, rooms: list[Room], enrolled: list[Any], rng: Random) -> SisRead:
    found = [each for each in rooms if each.sis_section_id is not None]
    class_of = {each.section_id: each.class_id for each in found}
    periods = zip(("P1", "P2"), (FIRST_PERIOD, SECOND_PERIOD), course.closed or (), strict=False)
    return SisRead(
        columns={
            frames.SisClasses: _frame(
                frames.SisClasses,
                rng,
                (
                    {
                        "section_id": each.section_id,
                        "class_id": each.class_id,
                        "school_id": None if each.class_id is None else "SCHOOL",
                    }
                    for each in found
                ),
            ),
            frames.SisRoster: _frame(
                frames.SisRoster,
                rng,
                {
                    (section_id, pupil.sis_user_id): {
                        "section_id": section_id,
                        "sis_user_id": pupil.sis_user_id,
                        "student_id": pupil.student_id,
                    }
                    for pupil, section_id, _ in enrolled
                    if pupil.sis_user_id and pupil.on_roster and class_of.get(section_id)
                }.values(),
            ),
            frames.SisCategories: _frame(
                frames.SisCategories,
                rng,
                (
                    {
                        "category_id": each.category_id,
                        "title": each.title,
                        "active": each.active,
                        "class_id": each.class_id,
                    }
                    for each in course.categories
                ),
            ),
            frames.SisGradingPeriods: _frame(
                frames.SisGradingPeriods,
                rng,
                (
                    {
                        "section_id": each.section_id,
                        "period_id": period_id,
                        "start_date": start.date().isoformat(),
                        "end_date": end.date().isoformat(),
                        "stated_end": end + timedelta(days=1),
                        "closed": closed,
                    }
                    for period_id, (start, end), closed in periods
                    for each in found
                    if each.class_id is not None
                ),
            ),
        }
    )


def _assignment(work: school.Work) -> Row:
    return {
        "assignment_id": work.assignment_id,
        "assignment_name": work.name,
        "group_id": work.group_id,
        "workflow_state": "published" if work.published else "unpublished",
        "post_to_sis": work.ticked,
        "grading_type": work.grading_type,
        "points_possible": work.points,
        "due_at": work.due_at,
        "unlock_at": None,
        "created_at": SEEN,
        "only_visible_to_overrides": work.for_named_only,
        "omit_from_final_grade": False,
        "due_date_required": True,
    }


def _overrides(room: Room) -> Iterable[Row]:
    for assignment_id, due in room.dates.items():
        yield {
            "assignment_id": assignment_id,
            "target": "section",
            "target_id": room.section_id,
            "due_at_overridden": due != "inherits",
            "due_at": None if due == "inherits" else due,
            "unassign_item": False,
        }


def _submission(assignment_id: str, user_id: str, cell: school.Cell) -> Row:
    shown = "ok" if cell.text else None if cell.score is None else str(cell.score)
    return {
        "assignment_id": assignment_id,
        "user_id": user_id,
        "score": cell.score,
        "grade": shown,
        "excused": cell.excused,
        "late": cell.late,
        "missing": cell.missing,
        "workflow_state": "graded",
        "posted_at": SEEN if cell.posted else None,
        "graded_at": SEEN,
        "grade_matches_current_submission": True,
        "assigned": cell.assigned,
    }


def _frame(schema: type[F], rng: Random, rows: Iterable[Row]) -> Any:
    found = list(rows)
    rng.shuffle(found)
    return build(schema, {name: [row[name] for row in found] for name in schema.to_schema().columns})
