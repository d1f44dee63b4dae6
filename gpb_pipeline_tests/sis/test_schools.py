"""A school's classes read at once: in how few requests, and that a course reads the same either way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from gpb_pipeline.passback.course import SisRead
from gpb_pipeline.sis import schools
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline.sis.school_lists import SchoolLists
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import OneRosterServer, Seen
from gpb_pipeline_tests.sis.test_lookups import sections, session

Row = dict[str, Any]
CLASSES, FIRST = 8, 3  # of the small school; and how many of them are read by themselves


class School:
    """A school of so many classes with so many students each, as the SIS lists it and class by class."""

    def __init__(self, sis: OneRosterServer, classes: int, students: int) -> None:
        self.sis = sis
        self.rosters = {
            f"C{n}": [f"s{n * students // 2 + place}" for place in range(students)] for n in range(classes)
        }
        ids = sorted({each for roster in self.rosters.values() for each in roster})
        self.people: list[Row] = [{"sourcedId": each, "identifier": f"9{each[1:]}"} for each in ids]
        self.classes: list[Row] = [
            {"sourcedId": each, "classCode": f"K-{each}", "school": {"sourcedId": "S"}, "terms": ["YEAR"]}
            for each in self.rosters
        ]
        self.enrollments: list[Row] = [
            {
                "sourcedId": f"{class_id}-{student}",
                "class": {"sourcedId": class_id},
                "user": {"sourcedId": student},
                "role": "student",
            }
            for class_id, roster in self.rosters.items()
            for student in roster
        ]
        by_id = {each["sourcedId"]: each for each in self.people}
        for found in self.classes:
            sis.stored[f"/classes/{found['sourcedId']}"] = {"class": found}
        sis.collections = {
            "/categories": ("categories", [{"sourcedId": "K1", "title": "Tests"}]),
            "/academicSessions": (
                "academicSessions",
                [session("YEAR", "gradingPeriod", "2026-09-01", "2027-07-01")],
            ),
            "/classes": ("classes", self.classes),
            "/schools/S/classes": ("classes", self.classes),
            "/schools/S/enrollments": ("enrollments", self.enrollments),
            "/schools/S/students": ("users", self.people),
        } | {
            f"/classes/{each}/students": ("users", [by_id[student] for student in reversed(roster)])
            for each, roster in self.rosters.items()
        }

    def read(self, client: OneRosterClient, *class_ids: str) -> SisRead:
        """Read a course that has these classes, with the students whom they have."""
        by_identifier = client.settings.student_match == "identifier"
        rows = [
            (class_id, "9" + each[1:] if by_identifier else each)
            for class_id in class_ids
            for each in self.rosters[class_id]
        ]
        people = {
            "section_id": [row[0] for row in rows],
            "type": ["StudentEnrollment"] * len(rows),
            "state": ["active"] * len(rows),
            "sis_user_id": [row[1] for row in rows],
        }
        coded = client.settings.class_match == "identifier"
        return read_sis(
            client, sections(**{each: f"K-{each}" if coded else each for each in class_ids}), people
        )

    def each_read(self, client: OneRosterClient) -> dict[str, str]:
        return {each: self.read(client, each).digest for each in self.rosters}

    def asked(self, *paths: str) -> int:
        return sum(any(path in each.path for path in paths) for each in self.sis.seen)

    def alone(self) -> list[str]:
        """The classes whose students were asked for."""
        return [class_id for class_id in self.rosters if self.asked(f"/classes/{class_id}/students")]


@pytest.fixture
def school(sis: OneRosterServer) -> School:
    return School(sis, CLASSES, students=4)


def test_forty_courses_of_a_school_are_less_than_a_request_each(
    sis: OneRosterServer, connect: Connect
) -> None:
    school, client = School(sis, 120, students=25), connect()
    courses = [[f"C{3 * n + section}" for section in range(3)] for n in range(40)]
    with ThreadPoolExecutor(4) as threads:
        reads = list(threads.map(lambda course: school.read(client, *course), courses))
    assert len(sis.seen) <= 2 * schools.LEAST + len(courses)
    for course, read in zip(courses, reads, strict=True):
        roster = read.roster.groupby("section_id")["student_id"].agg(set).to_dict()
        assert roster == {each: set(school.rosters[each]) for each in course}


def test_a_course_of_a_dozen_classes_never_asks_for_its_school(
    sis: OneRosterServer, connect: Connect
) -> None:
    school = School(sis, schools.LEAST, students=4)
    school.read(connect(), *school.rosters)
    assert school.asked("/schools/") == 0
    assert len(school.alone()) == schools.LEAST


def _spelled_otherwise(school: School) -> None:
    for n, each in enumerate(school.enrollments):
        each |= {"class": each["class"]["sourcedId"], "user": each["user"]["sourcedId"], "role": "Student "}
        each |= {"status": "Active", "primary": "true", "beginDate": "2020-09-01", "endDate": "9999-12-31"}
        each["sourcedId"] = n


def _doubled(school: School) -> None:
    school.enrollments += [each | {"sourcedId": f"again-{each['sourcedId']}"} for each in school.enrollments]


def _of_others(school: School) -> None:
    """Teachers, who was taken off, who has another class by now; rows that nobody can read."""
    of_class = {"class": {"sourcedId": "C5"}}
    teacher = {"sourcedId": "t", "user": "t1", "role": "teacher"}
    gone = {"sourcedId": "g", "user": "s99", "role": "student", "status": "tobedeleted"}
    elsewhere = {"sourcedId": "e", "user": "s99", "role": "student", "class": "another"}
    nobody = {"sourcedId": "n", "role": "student"}
    school.enrollments += [of_class | each for each in (teacher, gone, nobody)] + [elsewhere]
    school.classes.append({"sourcedId": "C99", "status": "tobedeleted", "school": {"sourcedId": "S"}})


def _left(class_id: str, **days: str) -> Row:
    return {"sourcedId": f"left-{class_id}", "class": class_id, "user": "s99", "role": "student"} | days


def _all_left(school: School) -> None:
    """Someone left each class long ago, and it no longer shows them."""
    school.enrollments += [_left(each, endDate="2026-09-20") for each in school.rosters]


def _never_set(school: School) -> None:
    """Every last day is what .NET has for none."""
    for each in school.enrollments:
        each["endDate"] = "0001-01-01T00:00:00Z"


def _one_left(school: School) -> None:
    school.enrollments.append(_left("C5", endDate="2026-09-20"))


def _one_to_come(school: School) -> None:
    school.enrollments.append(_left("C5", beginDate="2099-09-01"))


def _without_a_class(school: School) -> None:
    school.sis.collections["/schools/S/classes"] = (
        "classes",
        [each for each in school.classes if each["sourcedId"] != "C5"],
    )


def _without_its_students(school: School) -> None:
    school.enrollments[:] = [each for each in school.enrollments if each["class"]["sourcedId"] != "C5"]


def _late_for_one(school: School) -> None:
    school.enrollments[:] = [each for each in school.enrollments if each["sourcedId"] != "C5-s11"]


def _dropped_in_the_first(school: School) -> None:
    school.enrollments.append(_left("C1"))


def _otherwise_in_all_but_the_first(school: School) -> None:
    """No class that was read by itself shows that a student is missing; Canvas's do."""
    lost = tuple(f"C{n}-" for n in range(FIRST, CLASSES))
    last = {
        next(e["sourcedId"] for e in school.enrollments if e["sourcedId"].startswith(each)) for each in lost
    }
    school.enrollments[:] = [each for each in school.enrollments if each["sourcedId"] not in last]


def _other_terms(school: School) -> None:
    rows = [each | {"terms": []} for each in school.classes]
    school.sis.collections["/schools/S/classes"] = ("classes", rows)


def _answered(path: str, response: Response) -> Callable[[School], None]:
    def answer(school: School) -> None:
        school.sis.rule = lambda seen: response if seen.path == f"/schools/S{path}" else None

    return answer


def _no_counts(school: School) -> None:
    school.sis.counts = False


def _a_row_twice(school: School) -> None:
    school.enrollments.append(school.enrollments[0])


def _counts_the_page(school: School) -> None:
    """No page is longer than 50, and each says that it is all."""
    rows = [each | {"sourcedId": f"more-{n}"} for n in range(6) for each in school.enrollments]

    def answer(seen: Seen) -> Response | None:
        if seen.path != "/schools/S/enrollments":
            return None
        page = rows[int(seen.query["offset"]) :][:50]
        return JSONResponse({"enrollments": page}, headers={"X-Total-Count": str(len(page))})

    school.sis.rule = answer


def _dear(school: School) -> None:
    """Of a history of many years."""
    response = JSONResponse({"enrollments": school.enrollments}, headers={"X-Total-Count": "900000"})
    _answered("/enrollments", response)(school)


def _long_limit_refused(school: School) -> None:
    school.sis.rule = lambda seen: (
        Response(status_code=422) if int(seen.query.get("limit", 0)) > 100 else None
    )


def _filter_refused(school: School) -> None:
    school.sis.rule = lambda seen: Response(status_code=400) if "filter" in seen.query else None


def _filter_misread(school: School) -> None:
    """The SIS takes all of it for one value, which nobody has."""
    nobody = JSONResponse({"enrollments": []}, headers={"X-Total-Count": "0"})
    school.sis.rule = lambda seen: nobody if "filter" in seen.query else None


def _short_pages(school: School) -> None:
    school.sis.page_max = 20


FAILURE = {"classes": [], "statusInfoSet": [{"imsx_codeMajor": "failure"}]}
NEXT = [f"C{n}" for n in range(FIRST, CLASSES)]
CASES: dict[str, tuple[Callable[[School], None], list[str]]] = {
    "as it is": (lambda _: None, []),
    "spelled otherwise": (_spelled_otherwise, []),
    "everybody enrolled twice": (_doubled, []),
    "others and rows that nobody can read": (_of_others, []),
    "in every class someone left": (_all_left, []),
    "a last day that is none": (_never_set, []),
    "someone left one class": (_one_left, ["C5"]),
    "someone will come to one class": (_one_to_come, ["C5"]),
    "a class is not listed": (_without_a_class, ["C5"]),
    "a class is listed without students": (_without_its_students, ["C5", "C6", "C7"]),
    "late for one student": (_late_for_one, ["C5", "C6", "C7"]),
    "late for all but the first classes": (_otherwise_in_all_but_the_first, NEXT),
    "a dropped student is listed still": (_dropped_in_the_first, NEXT),
    "classes have no terms there": (_other_terms, NEXT),
    "classes forbidden": (_answered("/classes", Response(status_code=403)), NEXT),
    "enrollments forbidden": (_answered("/enrollments", Response(status_code=403)), NEXT),
    "not there": (_answered("/enrollments", Response(status_code=404)), NEXT),
    "not served": (_answered("/classes", Response(status_code=405)), NEXT),
    "down": (_answered("/enrollments", Response(status_code=500)), NEXT),
    "no JSON": (_answered("/enrollments", JSONResponse("none")), NEXT),
    "empty": (
        _answered("/enrollments", JSONResponse({"enrollments": []}, headers={"X-Total-Count": "0"})),
        NEXT,
    ),
    "a failure": (_answered("/classes", JSONResponse(FAILURE, headers={"X-Total-Count": "0"})), NEXT),
    "no counts": (_no_counts, NEXT),
    "a row twice": (_a_row_twice, NEXT),
    "a count of the page alone": (_counts_the_page, NEXT),
    "too dear": (_dear, NEXT),
    "a long limit refused": (_long_limit_refused, []),
    "a filter refused": (_filter_refused, []),
    "a filter misread": (_filter_misread, []),
    "short pages": (_short_pages, []),
}


@pytest.mark.parametrize(("alter", "alone"), CASES.values(), ids=CASES)
def test_what_a_course_reads_is_the_same_by_class_and_by_school(
    school: School,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    alter: Callable[[School], None],
    alone: list[str],
) -> None:
    by_class = school.each_read(connect())
    assert school.asked("/schools/") == 0
    monkeypatch.setattr(schools, "LEAST", FIRST)
    school.sis.seen.clear()
    alter(school)
    assert school.each_read(connect()) == by_class
    assert school.alone() == [f"C{n}" for n in range(FIRST)] + alone
    told = caplog.text.count("one by one")
    assert told == (1 if len(alone) > 1 and alter is not _dear else 0)
    assert "s11" not in caplog.text
    assert school.asked("/schools/") <= 8


def _one_is_gone(school: School) -> None:
    """Enrolled still in a class whose list has it no more."""
    school.people[0]["status"] = "tobedeleted"


def _one_is_of_another_school(school: School) -> None:
    last = school.rosters["C7"][-1]
    rows = [each for each in school.people if each["sourcedId"] != last]
    school.sis.collections["/schools/S/students"] = ("users", rows)


def _another_identifier(school: School) -> None:
    rows = [each | {"identifier": f"0{each['identifier']}"} for each in school.people]
    school.sis.collections["/schools/S/students"] = ("users", rows)


@pytest.mark.parametrize(
    ("alter", "alone"),
    [
        (lambda _: None, []),
        (_one_is_gone, []),
        (_one_is_of_another_school, ["C7"]),
        (_another_identifier, NEXT),
        (_answered("/students", Response(status_code=404)), NEXT),
    ],
    ids=["as it is", "one is gone", "one is of another school", "other identifiers", "no students"],
)
def test_students_by_identifier_need_the_school_to_name_them(
    school: School,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    alter: Callable[[School], None],
    alone: list[str],
) -> None:
    alter(school)
    by_class = school.each_read(connect(student_match="identifier"))
    school.sis.seen.clear()
    monkeypatch.setattr(schools, "LEAST", FIRST)
    assert school.each_read(connect(student_match="identifier")) == by_class
    assert school.alone() == [f"C{n}" for n in range(FIRST)] + alone


def test_a_class_code_is_looked_for_in_the_whole_district(
    school: School, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schools, "LEAST", FIRST)
    twin = {"sourcedId": "T5", "classCode": "K-C5", "school": {"sourcedId": "ANOTHER"}}
    school.sis.collections["/classes"] = ("classes", [*school.classes, twin])
    client = connect(class_match="identifier")
    found = {each: school.read(client, each).classes["class_id"].to_list() for each in school.rosters}
    assert found == {each: [None if each == "C5" else each] for each in school.rosters}
    assert school.alone() == [f"C{n}" for n in range(FIRST)]


def test_lists_are_read_again_when_they_are_old_and_were_worth_it(
    school: School, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schools, "LEAST", FIRST)
    client = connect()
    for each in ("C0", "C1", "C2", "C3", "C4", "C5"):
        school.read(client, each)
    assert school.asked("/enrollments") == 1
    later = monotonic() + schools.KEPT + 1
    monkeypatch.setattr(schools, "monotonic", lambda: later)
    school.sis.seen.clear()
    school.read(client, "C6")
    assert (school.asked("/enrollments"), school.alone()) == (1, [])
    monkeypatch.setattr(schools, "monotonic", lambda: later + schools.KEPT + 1)
    school.read(client, "C7")
    assert (school.asked("/enrollments"), school.alone()) == (1, ["C7"])


@pytest.mark.parametrize("patience", [30.0, 0.0])
def test_one_reads_and_who_waited_too_long_for_it_goes_by_class(
    school: School, connect: Connect, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr(schools, "LEAST", FIRST)
    monkeypatch.setattr(schools, "PATIENCE", patience)
    client, begun, go_on = connect(), Event(), Event()
    school.read(client, *(f"C{n}" for n in range(FIRST)))

    def lists(school_id: str, most: int) -> SchoolLists:
        begun.set()
        assert go_on.wait(60)
        return client.school_lists(school_id, most)

    with ThreadPoolExecutor(2) as threads:
        reading = threads.submit(client.schools.listed, "C4", lists)
        assert begun.wait(60)
        waiting = threads.submit(client.schools.listed, "C5", lists)
        if not patience:
            assert waiting.result(60) is None
        go_on.set()
        assert reading.result(60) is not None
        if patience:
            assert waiting.result(60) is not None
    assert school.asked("/enrollments") == 1


def test_lists_that_take_more_than_they_save_are_left(
    sis: OneRosterServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = School(sis, schools.LEAST + 2, students=60)
    sis.page_max = 100
    client = connect()
    for each in school.rosters:
        school.read(client, each)
    assert school.alone() == list(school.rosters)
    assert school.asked("/schools/") == 2  # the classes, and how long the other list is
