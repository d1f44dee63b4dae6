"""What may be changed in the sandbox Canvas between syncs, over HTTP under /sandbox, by whoever tests it.

Acts on a submission have Canvas's side effects (grading.py); other records take the new field values.
    PATCH /sandbox/courses/C                       name, workflow_state, concluded
    PATCH, DELETE /sandbox/courses/C/sections/S    name, sis_id, course_id (cross-lists it there)
    PATCH /sandbox/courses/C/groups/G              name
    PATCH, DELETE /sandbox/courses/C/assignments/A see ASSIGNMENT_FIELDS
    PATCH /sandbox/courses/C/submissions/A/U       score, excused, hidden, submitted, late_policy_status
    POST  /sandbox/courses/C/enrollments           section_id, given_name, family_name, sis_id
    PATCH /sandbox/courses/C/enrollments/E         state, section_id
    PATCH /sandbox/courses/C/people/U              sis_id
    PATCH /sandbox/people/U                        sis_id, in every course
    GET, POST /sandbox/gradebook                   the grades of a course as a page (gradebook_page.py)
    POST  /sandbox/reset                           everything as it was at the start
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gpb_pipeline.sandbox import fields, grading
from gpb_pipeline.sandbox.canvas.access import TokenDesk, not_found
from gpb_pipeline.sandbox.canvas.gradebook_page import GradebookPage
from gpb_pipeline.sandbox.canvas.state import CanvasState
from gpb_pipeline.sandbox.district import Assignment, CourseContent, Enrollment, Person, Submission

ASSIGNMENT_FIELDS: dict[str, fields.Reader] = {
    "name": fields.text,
    "due_at": fields.or_null(fields.moment),
    "points_possible": fields.or_null(fields.number),
    "grading_type": fields.one_of(
        "points", "percent", "letter_grade", "gpa_scale", "pass_fail", "not_graded"
    ),
    "group_id": fields.whole,
    "published": fields.flag,
    "post_to_sis": fields.flag,
    "only_visible_to_overrides": fields.flag,
    "omit_from_final_grade": fields.flag,
    "post_manually": fields.flag,
    "grades_published": fields.flag,
}
SUBMISSION_ACTS: dict[str, fields.Reader] = {
    "score": fields.or_null(fields.number),
    "excused": fields.flag,
    "hidden": fields.flag,
    "submitted": fields.flag,
    "late_policy_status": fields.or_null(fields.one_of("late", "missing", "none", "extended")),
}
ENROLLMENT_STATE = fields.one_of(
    "active", "invited", "creation_pending", "inactive", "completed", "rejected", "deleted"
)
NEW_ENROLLMENT: dict[str, fields.Reader] = {
    "section_id": fields.whole,
    "given_name": fields.text,
    "family_name": fields.text,
    "sis_id": fields.or_null(fields.text),
}

PERSON: dict[str, fields.Reader] = {"sis_id": fields.or_null(fields.text)}


class Identified(Protocol):
    """A record with a Canvas id."""

    @property
    def id(self) -> int: ...


Record = TypeVar("Record", bound=Identified)


class ControlSurface:
    """The /sandbox endpoints of the Canvas; each answers with nothing but a status."""

    def __init__(self, state: CanvasState, desk: TokenDesk) -> None:
        self._state = state
        self._desk = desk

    def routes(self) -> list[Route]:
        course = "/sandbox/courses/{course:int}"
        return [
            Route("/sandbox/health", self.health),
            Route("/sandbox/reset", self.reset, methods=["POST"]),
            Route(course, self.change_course, methods=["PATCH"]),
            Route(f"{course}/sections/{{id:int}}", self.change_section, methods=["PATCH"]),
            Route(f"{course}/sections/{{id:int}}", self.delete_section, methods=["DELETE"]),
            Route(f"{course}/groups/{{id:int}}", self.change_group, methods=["PATCH"]),
            Route(f"{course}/assignments/{{id:int}}", self.change_assignment, methods=["PATCH"]),
            Route(f"{course}/assignments/{{id:int}}", self.delete_assignment, methods=["DELETE"]),
            Route(
                f"{course}/submissions/{{assignment:int}}/{{user:int}}",
                self.change_submission,
                methods=["PATCH"],
            ),
            Route(f"{course}/enrollments", self.enroll, methods=["POST"]),
            Route(f"{course}/enrollments/{{id:int}}", self.change_enrollment, methods=["PATCH"]),
            Route(f"{course}/people/{{id:int}}", self.change_person, methods=["PATCH"]),
            Route("/sandbox/people/{id:int}", self.change_person_everywhere, methods=["PATCH"]),
            *GradebookPage(self._state).routes(),
        ]

    def _content(self, request: Request) -> CourseContent:
        return self._state.view(request.path_params["course"]).content

    def _keep(self, content: CourseContent, **changed: Any) -> Response:
        self._state.replace(replace(content, **changed))
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        return JSONResponse({"serves": "canvas"})

    async def reset(self, request: Request) -> Response:
        self._state.reset()
        self._desk.expired.clear()
        return Response(status_code=204)

    async def change_course(self, request: Request) -> Response:
        content = self._content(request)
        state = fields.one_of("unpublished", "available", "completed", "deleted")
        readers = {"name": fields.text, "workflow_state": state, "concluded": fields.flag}
        return self._keep(content, course=replace(content.course, **await fields.changes(request, readers)))

    async def change_section(self, request: Request) -> Response:
        """A `course_id` moves the section with its enrollments and, as Canvas does, without its overrides."""
        content = self._content(request)
        section = _find(content.sections, request.path_params["id"])
        readers = {"name": fields.text, "sis_id": fields.or_null(fields.text), "course_id": fields.whole}
        changed = await fields.changes(request, readers)
        target = changed.get("course_id", section.course_id)
        section = replace(section, **changed)
        if target == content.course.id:
            return self._keep(content, sections=_with(content.sections, section))
        origin = section.nonxlist_course_id or content.course.id
        section = replace(section, nonxlist_course_id=None if origin == target else origin)
        there = self._state.view(target).content
        moved = [each for each in content.enrollments if each.section_id == section.id]
        self._keep(
            there,
            sections=(*there.sections, section),
            enrollments=(*there.enrollments, *moved),
            people={**there.people, **{each.user_id: content.people[each.user_id] for each in moved}},
        )
        return self._without_section(content, section.id)

    async def delete_section(self, request: Request) -> Response:
        content = self._content(request)
        return self._without_section(content, _find(content.sections, request.path_params["id"]).id)

    def _without_section(self, content: CourseContent, section_id: int) -> Response:
        return self._keep(
            content,
            sections=tuple(each for each in content.sections if each.id != section_id),
            enrollments=tuple(each for each in content.enrollments if each.section_id != section_id),
            assignments=tuple(_without_dates_of(section_id, each) for each in content.assignments),
        )

    async def change_group(self, request: Request) -> Response:
        content = self._content(request)
        group = _find(content.groups, request.path_params["id"])
        changed = replace(group, **await fields.changes(request, {"name": fields.text}))
        return self._keep(content, groups=_with(content.groups, changed))

    async def change_assignment(self, request: Request) -> Response:
        content = self._content(request)
        assignment = _find(content.assignments, request.path_params["id"])
        changed = replace(assignment, **await fields.changes(request, ASSIGNMENT_FIELDS))
        return self._keep(content, assignments=_with(content.assignments, changed))

    async def delete_assignment(self, request: Request) -> Response:
        content = self._content(request)
        gone = _find(content.assignments, request.path_params["id"])
        return self._keep(
            content, assignments=tuple(each for each in content.assignments if each is not gone)
        )

    async def change_submission(self, request: Request) -> Response:
        """The acts are done in the order of the body."""
        content = self._content(request)
        assignment = _find(content.assignments, request.path_params["assignment"])
        if (user_id := request.path_params["user"]) not in content.people:
            raise not_found()
        key = (assignment.id, user_id)
        row = content.submissions.get(key) or Submission(*key)
        for act, value in (await fields.changes(request, SUBMISSION_ACTS)).items():
            row = grading.acted(row, assignment, act, value, self._state.now())
        return self._keep(content, submissions={**content.submissions, key: row})

    async def enroll(self, request: Request) -> Response:
        content = self._content(request)
        new = await fields.changes(request, NEW_ENROLLMENT)
        if set(new) != set(NEW_ENROLLMENT):
            raise fields.BadChange(f"a new enrollment needs: {', '.join(NEW_ENROLLMENT)}")
        section_id = _find(content.sections, new.pop("section_id")).id
        new_id = 1 + max(
            (each.id for each in content.enrollments), default=content.course.id * 10_000 + 5_000
        )
        person = Person(id=new_id, **new)
        self._keep(
            content,
            people={**content.people, person.id: person},
            enrollments=(*content.enrollments, Enrollment(new_id, person.id, section_id)),
        )
        return JSONResponse({"enrollment_id": new_id, "user_id": person.id}, 201)

    async def change_enrollment(self, request: Request) -> Response:
        content = self._content(request)
        enrollment = _find(content.enrollments, request.path_params["id"])
        readers = {"state": ENROLLMENT_STATE, "section_id": fields.whole}
        changed = replace(enrollment, **await fields.changes(request, readers))
        return self._keep(content, enrollments=_with(content.enrollments, changed))

    async def change_person(self, request: Request) -> Response:
        content = self._content(request)
        person = _find(content.people.values(), request.path_params["id"])
        changed = replace(person, **await fields.changes(request, PERSON))
        return self._keep(content, people={**content.people, person.id: changed})

    async def change_person_everywhere(self, request: Request) -> Response:
        changed = await fields.changes(request, PERSON)
        contents = [self._state.view(each.id).content for each in self._state.courses()]
        theirs = [each for each in contents if request.path_params["id"] in each.people]
        for content in theirs:
            person = replace(content.people[request.path_params["id"]], **changed)
            self._keep(content, people={**content.people, person.id: person})
        if not theirs:
            raise not_found()
        return Response(status_code=204)


def _find(records: Iterable[Record], id: int) -> Record:
    """Raises CanvasRefusal (404)."""
    for each in records:
        if each.id == id:
            return each
    raise not_found()


def _with(records: Iterable[Record], changed: Record) -> tuple[Record, ...]:
    return tuple(changed if each.id == changed.id else each for each in records)


def _without_dates_of(section_id: int, assignment: Assignment) -> Assignment:
    kept = tuple(each for each in assignment.overrides if each.section_id != section_id)
    return replace(assignment, overrides=kept)
