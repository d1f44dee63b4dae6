"""What a sync looks up: classes, rosters, categories and grading periods of a course's sections."""

from typing import Any

import pytest
from pandera.typing import DataFrame
from starlette.responses import Response

from gpb_pipeline.errors import TransientError
from gpb_pipeline.passback import frames
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import AccessError
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline.sis.model import AcademicSession
from gpb_pipeline.sis.periods import seen_end
from gpb_pipeline.sis.reading import read_session
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import OneRosterServer, Seen

NOBODY: dict[str, list[str]] = {name: [] for name in ("section_id", "type", "state", "sis_user_id")}
"""The enrollments of a course in which Canvas has no student."""


def sections(**sis_id_of: str | None) -> DataFrame[frames.Sections]:
    return frames.build(
        frames.Sections,
        {
            "section_id": list(sis_id_of),
            "section_name": list(sis_id_of),
            "sis_section_id": list(sis_id_of.values()),
        },
    )


def session(sourced_id: str, kind: str, start: str, end: str, parent: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"sourcedId": sourced_id, "type": kind, "startDate": start, "endDate": end}
    return found | ({"parent": {"sourcedId": parent}} if parent else {})


@pytest.fixture(autouse=True)
def _school(sis: OneRosterServer) -> None:
    class_1 = {"sourcedId": "C1", "classCode": "ALG-1", "school": {"sourcedId": "S"}, "terms": ["YEAR"]}
    class_2 = {"sourcedId": "C2", "classCode": "ALG-2", "school": {"sourcedId": "S"}, "terms": ["MP2"]}
    twin = {"sourcedId": "C3", "classCode": "TWIN"}
    for each in (class_1, class_2):
        sis.stored[f"/classes/{each['sourcedId']}"] = {"class": each}
    sis.collections = {
        "/classes": (
            "classes",
            [class_1, class_2, {"sourcedId": "C9", "classCode": "LOST"}, twin, twin | {"sourcedId": "C4"}],
        ),
        "/classes/C1/students": (
            "users",
            [
                {"sourcedId": "st-1", "identifier": "1001"},
                {"sourcedId": "st-2", "identifier": "1002"},
                {"sourcedId": "st-2", "identifier": "1002"},  # enrolled twice
                {"sourcedId": "st-3", "identifier": "1003", "status": "tobedeleted"},
                {"sourcedId": "st-4"},
            ],
        ),
        "/classes/C2/students": (
            "users",
            [{"sourcedId": "st-5", "identifier": "1005"}, {"sourcedId": "st-6", "identifier": "1005"}],
        ),
        "/categories": (
            "categories",
            [
                {"sourcedId": "K1", "title": "Tests"},
                {"sourcedId": "K2", "title": "Tests", "metadata": {"classId": "C1"}},
                {"sourcedId": "K3", "title": "Homework", "metadata": {"classId": "another"}},
                {"sourcedId": "K4", "title": "Old", "status": "tobedeleted"},
            ],
        ),
        "/academicSessions": (
            "academicSessions",
            [
                session("YEAR", "schoolYear", "2026-09-01", "2027-07-01"),
                session("SEM1", "semester", "2026-09-01", "2027-02-01", "YEAR"),
                session("MP1", "gradingPeriod", "2026-09-01", "2026-11-14", "SEM1"),
                session("MP2", "gradingPeriod", "2026-11-14", "2027-02-01", "SEM1"),
                session("OTHER", "gradingPeriod", "2026-09-01", "2027-02-01", "ELSEWHERE"),
                session("RING", "gradingPeriod", "2026-09-01", "2027-02-01", "RING"),
            ],
        ),
    }


def test_each_section_with_a_sis_id_has_its_class_or_none(connect: Connect) -> None:
    read = read_sis(connect(), sections(a="C1", b="unknown", c=None), NOBODY)
    assert read.classes.to_dict("records") == [
        {"section_id": "a", "class_id": "C1", "school_id": "S"},
        {"section_id": "b", "class_id": None, "school_id": None},
    ]


def test_the_roster_is_of_present_students_once_each(sis: OneRosterServer, connect: Connect) -> None:
    read = read_sis(connect(), sections(a="C1", b="C1"), NOBODY)
    students = ["st-1", "st-2", "st-4"]
    assert read.roster["section_id"].tolist() == ["a"] * 3 + ["b"] * 3
    assert read.roster["sis_user_id"].tolist() == students * 2
    assert read.roster["student_id"].tolist() == students * 2
    assert [each.path for each in sis.seen].count("/classes/C1/students") == 1


def test_students_are_found_by_identifier_where_it_is_theirs_alone(connect: Connect) -> None:
    read = read_sis(connect(student_match="identifier"), sections(a="C1", b="C2"), NOBODY)
    assert read.roster["sis_user_id"].tolist() == ["1001", "1002"]
    assert read.roster["student_id"].tolist() == ["st-1", "st-2"]


def test_classes_are_found_by_code_where_it_is_theirs_alone(connect: Connect) -> None:
    read = read_sis(connect(class_match="identifier"), sections(a="ALG-2", b="TWIN", c="ALG"), NOBODY)
    assert read.classes["class_id"].tolist() == ["C2", None, None]


def test_categories_are_those_that_the_classes_may_use(connect: Connect) -> None:
    read = read_sis(connect(), sections(a="C1", b="C2"), NOBODY)
    assert read.categories["category_id"].tolist() == ["K1", "K2", "K4"]
    assert read.categories["active"].tolist() == [True, True, False]
    assert read.categories["class_id"].tolist() == [None, "C1", None]


def test_grading_periods_lie_within_the_terms_of_the_class_and_end_on_their_last_day(
    connect: Connect,
) -> None:
    periods = read_sis(connect(), sections(a="C1", b="C2"), NOBODY).grading_periods
    days = [
        (row.section_id, row.period_id, f"{row.start_date:%m-%d}", f"{row.end_date:%m-%d}")
        for row in periods.itertuples()
    ]
    assert days == [
        ("a", "MP1", "09-01", "11-13"),
        ("a", "MP2", "11-14", "01-31"),
        ("b", "MP2", "11-14", "01-31"),
    ]
    assert not periods["closed"].any()


def test_a_period_without_a_day_is_none_and_one_without_end_goes_on(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.collections["/academicSessions"] = (
        "academicSessions",
        [
            session("MP2", "gradingPeriod", "2026-09-01", "9999-12-31"),
            session("NEVER", "gradingPeriod", "0001-01-01", "0001-01-01", "MP2"),
        ],
    )
    periods = read_sis(connect(), sections(s="C2"), NOBODY).grading_periods
    assert periods["period_id"].to_list() == ["MP2"]
    assert periods["end_date"].dt.year.to_list() == [2199]


def test_a_period_marked_to_be_deleted_is_closed(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/academicSessions"][1][3]["status"] = "tobedeleted"
    periods = read_sis(connect(), sections(b="C2"), NOBODY).grading_periods
    assert periods["closed"].tolist() == [True]


def test_a_course_without_sis_ids_reads_as_empty(connect: Connect) -> None:
    read = read_sis(connect(), sections(a=None), NOBODY)
    assert len(read.classes) == len(read.roster) == len(read.grading_periods) == 0


def test_courses_synced_together_read_what_is_the_districts_once(
    sis: OneRosterServer, connect: Connect
) -> None:
    client = connect()
    first, second = (
        read_sis(client, sections(**{section: section[1:]}), NOBODY) for section in ("sC1", "sC2")
    )
    assert [each.path for each in sis.seen].count("/categories") == 1
    assert [each.path for each in sis.seen].count("/academicSessions") == 1
    assert set(first.categories["category_id"]) > set(second.categories["category_id"])


def test_a_read_that_fails_is_never_an_empty_answer(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults += [Response(status_code=500)] * 5
    with pytest.raises(TransientError, match="class C1"):
        read_sis(connect(), sections(a="C1"), NOBODY)


FORBIDDEN = Response(status_code=403)


@pytest.mark.parametrize("shut", ["/classes/C1", "/classes/C1/students"])
def test_a_class_that_is_shut_to_the_client_costs_its_sections_alone(
    sis: OneRosterServer, connect: Connect, caplog: pytest.LogCaptureFixture, shut: str
) -> None:
    client = connect()
    client.categories()  # so the client as a whole is let in
    sis.rule = lambda seen: FORBIDDEN if seen.path == shut else None
    read = read_sis(client, sections(a="C1", b="C2"), NOBODY)
    assert read.classes["class_id"].tolist() == [None, "C2"]
    assert read.roster["section_id"].unique().tolist() == ["b"]
    assert "C1" in caplog.text


def test_a_class_that_its_code_finds_and_its_id_does_not_costs_its_sections_alone(connect: Connect) -> None:
    read = read_sis(connect(class_match="identifier"), sections(a="ALG-1", b="LOST"), NOBODY)
    assert read.classes["class_id"].tolist() == ["C1", None]


def test_a_client_that_is_shut_out_altogether_is_told_so(sis: OneRosterServer, connect: Connect) -> None:
    sis.rule = lambda seen: FORBIDDEN
    with pytest.raises(AccessError):
        read_sis(connect(), sections(a="C1"), NOBODY)


def test_rows_that_cannot_be_read_cost_themselves_and_are_told_by_code(
    sis: OneRosterServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    before = read_sis(connect(), sections(a="C1", b="C2"), NOBODY)
    sis.collections["/classes/C1/students"][1].insert(0, {"sourcedId": None, "givenName": "Ann"})
    sis.collections["/categories"][1].insert(0, {"sourcedId": "K9", "title": None})
    endless = session("MP9", "gradingPeriod", "2026-09-01", "2026-11-01", "SEM1") | {"endDate": None}
    sis.collections["/academicSessions"][1].insert(0, endless)
    after = read_sis(connect(), sections(a="C1", b="C2"), NOBODY)
    for name in ("classes", "roster", "categories", "grading_periods"):
        assert getattr(after, name).equals(getattr(before, name))
    assert caplog.text.count("laid aside: unreadable_data") == 3
    assert "Ann" not in caplog.text


def test_a_year_without_an_end_still_holds_its_periods(sis: OneRosterServer, connect: Connect) -> None:
    for each in sis.collections["/academicSessions"][1][:2]:
        each["endDate"] = None
    periods = read_sis(connect(), sections(a="C1"), NOBODY).grading_periods
    assert periods["period_id"].to_list() == ["MP1", "MP2"]


def test_a_period_whose_end_is_its_last_day_has_that_day(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/academicSessions"][1][2]["endDate"] = "2026-11-13"  # a Friday
    periods = read_sis(connect(period_end="inclusive"), sections(a="C1"), NOBODY).grading_periods
    assert f"{periods['end_date'][0]:%m-%d}" == "11-13"


def test_a_period_of_one_day_is_one_where_its_end_is_its_last_day(
    sis: OneRosterServer, connect: Connect
) -> None:
    day = session("DAY", "gradingPeriod", "2026-09-01", "2026-09-01", "MP2")
    sis.collections["/academicSessions"] = ("academicSessions", [day])
    found = read_sis(connect(period_end="inclusive"), sections(b="C2"), NOBODY).grading_periods
    assert found["period_id"].to_list() == ["DAY"]
    assert read_sis(connect(), sections(b="C2"), NOBODY).grading_periods.empty


def period(name: str, start: str, end: str, parent: str = "Y") -> AcademicSession:
    return read_session(session(name, "gradingPeriod", start, end, parent))


@pytest.mark.parametrize(
    ("periods", "end"),
    [
        ([period("1", "2026-09-01", "2026-11-14"), period("2", "2026-11-14", "2027-02-01")], "exclusive"),
        ([period("1", "2026-09-01", "2026-11-13"), period("2", "2026-11-14", "2027-02-01")], "inclusive"),
        ([period("1", "2026-09-01", "2026-11-13"), period("2", "2026-11-16", "2027-02-01")], None),
        ([period("1", "2026-09-01", "2026-11-13"), period("2", "2026-11-14", "2027-02-01", "Z")], None),
        ([], None),
    ],
)
def test_periods_that_follow_one_another_show_how_their_end_is_meant(
    periods: list[AcademicSession], end: str | None
) -> None:
    assert seen_end(periods) == end


class Newer:
    """The same school in 1.2, where a class's categories are asked of the class."""

    def __init__(self, sis: OneRosterServer, connect: Connect) -> None:
        self.sis, self.connect = sis, connect
        for held in (sis.collections, sis.stored):
            for path in list(held):
                service = "gradebook" if path == "/categories" else "rostering"
                held[f"/ims/oneroster/{service}/v1p2{path}"] = held[path]  # type: ignore[assignment]

    def lists(self, class_id: str, *titles: str) -> None:
        rows = [{"sourcedId": each, "title": each[2:] or each} for each in titles]
        self.sis.collections[f"/ims/oneroster/gradebook/v1p2/classes/{class_id}/categories"] = (
            "categories",
            rows,
        )

    def client(self) -> OneRosterClient:
        base = self.connect().settings.base_url.removesuffix("/v1p1")
        return self.connect(base_url=base, dialect="oneroster-1.2")

    def read(self, client: OneRosterClient | None = None, **sis_id_of: str) -> dict[str, str | None]:
        read = read_sis(client or self.client(), sections(**sis_id_of), NOBODY).categories
        return dict(zip(read["category_id"], read["class_id"], strict=True))


@pytest.fixture
def newer(sis: OneRosterServer, connect: Connect) -> Newer:
    return Newer(sis, connect)


def test_a_classs_categories_are_asked_of_the_class_in_1p2(newer: Newer) -> None:
    newer.lists("C1", "1-Tests", "0-Tests")
    newer.lists("C2", "2-Tests", "0-Tests")
    assert newer.read(a="C1", b="C2") == {"1-Tests": "C1", "2-Tests": "C2", "0-Tests": None}


def test_what_only_the_class_lists_is_its_own_and_what_all_may_use_is_not(newer: Newer) -> None:
    newer.lists("C1", "1-Tests", "K1")
    assert newer.read(a="C1") == {"1-Tests": "C1", "K1": None}


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_where_no_class_has_its_categories_the_districts_are_taken(newer: Newer, status: int) -> None:
    refused = Response(status_code=status)
    newer.sis.rule = lambda seen: refused if _of_a_class(seen) else None
    client = newer.client()
    assert newer.read(client, a="C1") == {"K1": None, "K2": "C1", "K4": None}
    newer.read(client, b="C2")
    asked = sum(_of_a_class(each) for each in newer.sis.seen)
    assert (asked == 1) is (status in (405, 501))


def test_a_class_without_any_among_classes_with_some_has_none(newer: Newer) -> None:
    newer.lists("C1", "1-Tests")
    client = newer.client()
    newer.read(client, a="C1")
    assert newer.read(client, b="C2") == {}


def _of_a_class(seen: Seen) -> bool:
    return "/classes/" in seen.path and seen.path.endswith("/categories")
