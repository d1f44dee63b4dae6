"""The rostering service: orgs, courses, classes, people, enrollments and academic sessions, to read.

Each collection is served in whole, and narrowed by what a path names before it (a school, a class, a term).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Route

from gpb_pipeline.sandbox.district import SisClass
from gpb_pipeline.sandbox.sis.endpoints import Endpoints, ItemsOf
from gpb_pipeline.sandbox.sis.refusals import unknown
from gpb_pipeline.sandbox.sis.strangers import stranger_sessions, stranger_users
from gpb_pipeline.sandbox.sis.wire import Payload, Role, Writer

IN_SCHOOL = "/schools/{school}"
IN_CLASS = "/classes/{class}"


@dataclass(frozen=True)
class RosteringApi:
    """The routes; `{id}` is the object itself, any other name in a path what narrows the list."""

    endpoints: Endpoints

    def routes(self) -> list[Route]:
        terms, periods = _sessions("term"), _sessions("gradingPeriod")
        students, teachers = _users("student"), _users("teacher")
        collections: tuple[tuple[str, str, ItemsOf, tuple[str, ...]], ...] = (
            ("orgs", "org", _orgs, ("/orgs",)),
            ("orgs", "org", _schools, ("/schools",)),
            ("courses", "course", _courses, ("/courses", f"{IN_SCHOOL}/courses")),
            ("classes", "class", _classes, ("/classes", *CLASSES_OF)),
            ("users", "user", _users("student", "teacher"), ("/users",)),
            ("users", "user", students, ("/students", *_people_of("students"))),
            ("users", "user", teachers, ("/teachers", *_people_of("teachers"))),
            ("enrollments", "enrollment", _enrollments, ("/enrollments", *_people_of("enrollments")[:2])),
            ("academicSessions", "academicSession", _sessions(), ("/academicSessions",)),
            ("academicSessions", "academicSession", terms, ("/terms", f"{IN_SCHOOL}/terms")),
            (
                "academicSessions",
                "academicSession",
                periods,
                ("/gradingPeriods", "/terms/{term}/gradingPeriods"),
            ),
        )
        return [
            route
            for plural, singular, items, (whole, *narrowed) in collections
            for route in (
                self.endpoints.list(whole, plural, items),
                *(self.endpoints.list(path, plural, items) for path in narrowed),
                self.endpoints.one(whole, singular, items),
            )
        ]


CLASSES_OF = (
    f"{IN_SCHOOL}/classes",
    "/courses/{course}/classes",
    "/terms/{term}/classes",
    "/students/{student}/classes",
    "/teachers/{teacher}/classes",
    "/users/{user}/classes",
)


def _people_of(plural: str) -> tuple[str, ...]:
    return f"{IN_SCHOOL}/{plural}", f"{IN_SCHOOL}{IN_CLASS}/{plural}", f"{IN_CLASS}/{plural}"


def _classes_meant(request: Request, writer: Writer) -> list[SisClass]:
    """The classes within everything that the path names. Raises Refusal (404) for what there is not."""
    sis, named = writer.sis, request.path_params
    known: dict[str, Collection[str]] = {
        "school": (sis.school_id,),
        "class": sis.classes,
        "term": sis.sessions,
        "student": sis.students,
        "teacher": sis.teachers,
        "user": {*sis.students, *sis.teachers} if "user" in named else (),
    }
    for kind, sourced_id in named.items():
        if kind in known and sourced_id not in known[kind]:
            raise unknown(kind, sourced_id)
    classes = [sis.classes[named["class"]]] if "class" in named else list(sis.classes.values())
    if "course" in named:
        classes = [each for each in classes if each.course.sourced_id == named["course"]]
        if not classes:
            raise unknown("course", named["course"])
    person = named.get("student") or named.get("teacher") or named.get("user")
    return [each for each in classes if person is None or person in each.roster | each.teachers]


def _orgs(request: Request, writer: Writer) -> Iterable[Payload]:
    return writer.district(), writer.school()


def _schools(request: Request, writer: Writer) -> Iterable[Payload]:
    return (writer.school(),)


def _courses(request: Request, writer: Writer) -> Iterable[Payload]:
    courses = {each.course.sourced_id: each.course for each in _classes_meant(request, writer)}
    return (writer.course(each) for each in courses.values())


def _classes(request: Request, writer: Writer) -> Iterable[Payload]:
    return (writer.class_(each) for each in _classes_meant(request, writer))


def _enrollments(request: Request, writer: Writer) -> Iterable[Payload]:
    for each in _classes_meant(request, writer):
        yield from (writer.enrollment(each.sourced_id, id, "student") for id in sorted(each.roster))
        yield from (writer.enrollment(each.sourced_id, id, "teacher") for id in sorted(each.teachers))


def _users(*roles: Role) -> ItemsOf:
    """People with one of the roles; of a class, those whom it has."""

    def users(request: Request, writer: Writer) -> Iterable[Payload]:
        classes = _classes_meant(request, writer)
        in_class = "class" in request.path_params
        for role in roles:
            people = writer.sis.students if role == "student" else writer.sis.teachers
            if in_class:
                [ids] = (each.roster if role == "student" else each.teachers for each in classes)
                people = {each: people[each] for each in sorted(ids)}
            yield from (writer.user(each, role) for each in people.values())
        if in_class and "student" in roles:
            yield from stranger_users(writer)

    return users


def _sessions(*types: str) -> ItemsOf:
    def sessions(request: Request, writer: Writer) -> Iterable[Payload]:
        _classes_meant(request, writer)
        term = request.path_params.get("term")
        for each in writer.sis.sessions.values():
            if (not types or each.type in types) and term in (None, each.parent_id):
                yield writer.session(each)
        if not types:
            yield from stranger_sessions(writer)

    return sessions
