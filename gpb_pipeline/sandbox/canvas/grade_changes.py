"""Canvas's log of grade changes: who graded what, when, from what to what, newest first.

Source: docs/canvas.md §5 (grade_change_audit_api_controller.rb). Grades that were there from the start count
as given when they were graded.
"""

from starlette.requests import Request
from starlette.responses import Response

from gpb_pipeline.sandbox.canvas.access import CanvasRefusal, Permission, not_found, unauthorized
from gpb_pipeline.sandbox.canvas.paging import answer, link_header, page_of
from gpb_pipeline.sandbox.canvas.payloads import Payload, Permissions, iso
from gpb_pipeline.sandbox.canvas.state import CanvasState, CourseView, Regraded, graded


class GradeChangeLog:
    """The endpoint `/audit/grade_change`, by course and, where it is asked for, by assignment."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state

    def query(self, request: Request, permissions: Permissions) -> Response:
        asked = {name: request.query_params.get(name, "") for name in ("course_id", "assignment_id")}
        if not asked["course_id"]:
            raise CanvasRefusal(400, {"message": "Must specify at least one query condition"})
        if not all(each.isdecimal() for each in asked.values() if each):
            raise not_found()
        view = self._state.view(int(asked["course_id"]))
        if Permission.VIEW_ALL_GRADES not in permissions:
            raise unauthorized()
        assignment_id = int(asked["assignment_id"]) if asked["assignment_id"] else None
        if assignment_id is not None and assignment_id not in view.assignments:
            raise not_found()
        found = [
            (number, each)
            for number, each in enumerate(self._changes(view))
            if assignment_id in (None, each.after.assignment_id)
        ]
        page = page_of(request, found[::-1], key=lambda numbered: -numbered[0])
        body = {
            "links": {"events.student": {"href": None, "type": "user"}},
            "events": [_event(view, number, each) for number, each in page.items],
            "linked": {"users": [_user(view, id) for id in _people(view, [each for _, each in page.items])]},
        }
        return answer(request, body, {"Link": link_header(request, page)})

    def _changes(self, view: CourseView) -> list[Regraded]:
        """Every change of a course, in the order of time."""
        course_id = view.content.course.id
        given = [
            Regraded(course_id, row.graded_at, None, row)
            for row in self._state.district.contents[course_id].submissions.values()
            if row.graded_at is not None and graded(row) != graded(None)
        ]
        since = [each for each in self._state.regraded if each.course_id == course_id]
        known = [each for each in (*given, *since) if each.after.assignment_id in view.assignments]
        return sorted(known, key=lambda each: each.at)


def _event(view: CourseView, number: int, change: Regraded) -> Payload:
    before, after = change.before, change.after
    assignment = view.assignments[after.assignment_id]
    points = assignment.points_possible
    return {
        "id": f"e2b76430-27a5-0131-{change.course_id:04d}-{number:012d}",
        "created_at": iso(change.at),
        "event_type": "grade_change",
        "grade_before": graded(before)[0],
        "grade_after": graded(after)[0],
        "excused_before": graded(before)[1],
        "excused_after": graded(after)[1],
        "graded_anonymously": assignment.anonymous_grading,
        "points_possible_before": points,
        "points_possible_after": points,
        "version_number": number + 1,
        "links": {
            "assignment": assignment.id,
            "course": change.course_id,
            "student": None if _is_hidden(view, change) else str(after.user_id),
            "grader": None if after.grader_id is None else str(after.grader_id),
            "page_view": None,
        },
    }


def _is_hidden(view: CourseView, change: Regraded) -> bool:
    """Whether the work is anonymous and not posted yet: Canvas tells nobody whose it is."""
    now = view.content.submissions.get((change.after.assignment_id, change.after.user_id), change.after)
    return view.assignments[change.after.assignment_id].anonymous_grading and now.posted_at is None


def _people(view: CourseView, changes: list[Regraded]) -> list[int]:
    ids = {each.after.grader_id for each in changes}
    ids |= {each.after.user_id for each in changes if not _is_hidden(view, each)}
    return sorted(id for id in ids if id is not None and id in view.content.people)


def _user(view: CourseView, id: int) -> Payload:
    person = view.content.people[id]
    return {"id": id, "name": person.name, "sortable_name": person.sortable_name, "short_name": person.name}
