"""The rostering service: the school, its classes, students, enrollments and academic sessions, to read."""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Route

from gpb_pipeline.sandbox.sis.endpoints import Endpoints, ItemsOf
from gpb_pipeline.sandbox.sis.refusals import unknown
from gpb_pipeline.sandbox.sis.strangers import stranger_sessions, stranger_users
from gpb_pipeline.sandbox.sis.wire import Payload, Writer


@dataclass(frozen=True)
class RosteringApi:
    """Every collection in whole, and those of one class or term."""

    endpoints: Endpoints

    def routes(self) -> list[Route]:
        collections: list[tuple[str, str, str, ItemsOf]] = [
            ("/schools", "orgs", "org", self._schools),
            ("/orgs", "orgs", "org", self._schools),
            ("/classes", "classes", "class", self._classes),
            ("/users", "users", "user", self._students),
            ("/students", "users", "user", self._students),
            ("/academicSessions", "academicSessions", "academicSession", self._sessions()),
            ("/terms", "academicSessions", "academicSession", self._sessions("term")),
            ("/gradingPeriods", "academicSessions", "academicSession", self._sessions("gradingPeriod")),
        ]
        routes = [
            self.endpoints.list("/classes/{class}/students", "users", self._class_students),
            self.endpoints.list("/enrollments", "enrollments", self._enrollments),
            self.endpoints.list("/terms/{term}/gradingPeriods", "academicSessions", self._term_periods),
        ]
        for path, plural, singular, items in collections:
            routes += [
                self.endpoints.list(path, plural, items),
                self.endpoints.one(path, singular, items),
            ]
        return routes

    def _sessions(self, *types: str) -> ItemsOf:
        def sessions(request: Request, writer: Writer) -> Iterable[Payload]:
            for each in writer.sis.sessions.values():
                if not types or each.type in types:
                    yield writer.session(each)
            if not types:
                yield from stranger_sessions(writer)

        return sessions

    def _students(self, request: Request, writer: Writer) -> Iterable[Payload]:
        return (writer.student(each) for each in writer.sis.students.values())

    def _classes(self, request: Request, writer: Writer) -> Iterable[Payload]:
        return (writer.class_(each) for each in writer.sis.classes.values())

    def _schools(self, request: Request, writer: Writer) -> Iterable[Payload]:
        return (writer.school(),)

    def _class_students(self, request: Request, writer: Writer) -> Iterable[Payload]:
        roster = writer.sis.classes[self.endpoints.class_id(request)].roster
        yield from (writer.student(writer.sis.students[each]) for each in sorted(roster))
        yield from stranger_users(writer)

    def _enrollments(self, request: Request, writer: Writer) -> Iterable[Payload]:
        return (
            writer.enrollment(each.sourced_id, student_id)
            for each in writer.sis.classes.values()
            for student_id in sorted(each.roster)
        )

    def _term_periods(self, request: Request, writer: Writer) -> Iterable[Payload]:
        term_id = request.path_params["term"]
        sessions = writer.sis.sessions
        if term_id not in sessions:
            raise unknown("term", term_id)
        return (writer.session(each) for each in sessions.values() if each.parent_id == term_id)
