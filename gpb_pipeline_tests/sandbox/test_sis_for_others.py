"""What clients other than ours ask of a OneRoster SIS: all of rostering, selections, clear refusals."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sandbox.clients import MODIFIED, SisClient

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def running_newer() -> Iterator[Sandbox]:
    with running_sandbox(dialect="oneroster-1.2", today=TODAY) as running:
        yield running


@pytest.fixture(params=["oneroster-1.1", "oneroster-1.2"])
def client(request: pytest.FixtureRequest) -> SisClient:
    """A client of a SIS of either version."""
    newer = request.param == "oneroster-1.2"
    return SisClient(request.getfixturevalue("running_newer" if newer else "school"))


def rows(answer: requests.Response) -> list[dict[str, Any]]:
    answer.raise_for_status()
    [items] = answer.json().values()
    return list(items)


def ids(answer: requests.Response) -> list[str]:
    return [each["sourcedId"] for each in rows(answer)]


def words(answer: requests.Response) -> str:
    return str(answer.json()["imsx_description"])


@pytest.mark.parametrize(
    ("collection", "one"),
    [
        ("orgs", "org"),
        ("schools", "org"),
        ("courses", "course"),
        ("classes", "class"),
        ("users", "user"),
        ("students", "user"),
        ("teachers", "user"),
        ("enrollments", "enrollment"),
        ("academicSessions", "academicSession"),
        ("terms", "academicSession"),
        ("gradingPeriods", "academicSession"),
    ],
)
def test_every_collection_is_served_whole_and_one_by_one(
    client: SisClient, collection: str, one: str
) -> None:
    listed = rows(client.roster(f"/{collection}?limit=1000"))
    assert listed
    answer = client.roster(f"/{collection}/{listed[-1]['sourcedId']}")
    assert answer.json() == {one: listed[-1]}
    assert client.roster(f"/{collection}/none").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/schools/SCHOOL-1/classes",
        "/schools/SCHOOL-1/courses",
        "/schools/SCHOOL-1/enrollments",
        "/schools/SCHOOL-1/students",
        "/schools/SCHOOL-1/teachers",
        "/schools/SCHOOL-1/terms",
        "/schools/SCHOOL-1/classes/ALG1-1/enrollments",
        "/schools/SCHOOL-1/classes/ALG1-1/students",
        "/schools/SCHOOL-1/classes/ALG1-1/teachers",
        "/classes/ALG1-1/students",
        "/classes/ALG1-1/teachers",
        "/courses/COURSE-1001/classes",
        "/terms/{term}/classes",
        "/terms/{term}/gradingPeriods",
        "/students/S2001/classes",
        "/teachers/T55/classes",
        "/users/T55/classes",
    ],
)
def test_collections_are_narrowed_by_what_they_are_of(client: SisClient, path: str) -> None:
    term = next(
        each["parent"]["sourcedId"] for each in rows(client.roster("/gradingPeriods")) if "parent" in each
    )
    path = path.replace("{term}", term)
    assert len(rows(client.roster(path))) > 0
    head, _, rest = path.split("/", 3)[1:]
    unknown = client.roster(f"/{head}/none/{rest}")
    assert (unknown.status_code, words(unknown)[-16:]) == (404, " none is unknown")


def test_a_class_has_its_own_people_and_its_course_its_classes(client: SisClient) -> None:
    teachers = ids(client.roster("/classes/ALG1-1/teachers"))
    students = ids(client.roster("/classes/ALG1-1/students"))
    enrollments = rows(client.roster("/schools/SCHOOL-1/classes/ALG1-1/enrollments"))
    assert teachers == ["T55"]
    assert sorted(each["user"]["sourcedId"] for each in enrollments) == sorted(teachers + students)
    [course] = [each for each in rows(client.roster("/courses")) if each["sourcedId"] == "COURSE-1001"]
    assert course["title"] == "Algebra I"
    assert "ALG1-1" in ids(client.roster("/courses/COURSE-1001/classes"))
    assert {each["enabledUser"] for each in rows(client.roster("/users?limit=1000"))} == {"true"}


def test_1_2_has_a_score_scale_for_each_class(running_newer: Sandbox) -> None:
    sis = SisClient(running_newer)
    [scale] = rows(sis.read("/classes/ALG1-1/scoreScales"))
    assert scale["class"]["sourcedId"] == "ALG1-1"
    assert sis.read(f"/scoreScales/{scale['sourcedId']}").json() == {"scoreScale": scale}
    assert len(ids(sis.read("/schools/SCHOOL-1/scoreScales"))) == len(ids(sis.roster("/classes")))


def test_only_the_fields_asked_for_come(client: SisClient) -> None:
    for path in ("/students?fields=sourcedId,familyName", "/students?fields=sourcedId&fields=familyName"):
        assert {frozenset(each) for each in rows(client.roster(path))} == {
            frozenset({"sourcedId", "familyName"})
        }
    one = client.roster("/students/S2001?fields=givenName")
    assert list(one.json()["user"]) == ["givenName"]
    assert list(client.read("/categories/CAT-QUIZ?fields=title").json()["category"]) == ["title"]
    refused = client.roster("/students?fields=shoeSize")
    assert refused.status_code == 400
    assert "shoeSize" in words(refused)


def test_a_list_is_sorted_as_asked(client: SisClient) -> None:
    names = [each["familyName"] for each in rows(client.roster("/students?sort=familyName"))]
    assert names == sorted(names)
    down = [each["familyName"] for each in rows(client.roster("/students?sort=familyName&orderBy=desc"))]
    assert down == names[::-1]
    assert client.roster("/students?sort=familyName&orderBy=up").status_code == 400


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("title~'Map'", {"CAT-MAPS-HIST9-1"}),
        ("title='Labs' OR title='Tests'", {"CAT-LAB", "CAT-TEST"}),
        ("title='Labs' OR title='Essays' AND metadata.classId='HIST9-1'", {"CAT-LAB", "CAT-ESSAY-HIST9-1"}),
        ("title='Sticks AND stones' OR title='Labs'", {"CAT-LAB"}),
        ("status='tobedeleted'", {"CAT-WARMUP"}),
        ("title>='Q' AND title<'U'", {"CAT-QUIZ", "CAT-TEST"}),
    ],
)
def test_filters_know_contains_and_or(client: SisClient, asked: str, found: set[str]) -> None:
    assert set(ids(client.read(f"/categories?filter={asked}"))) == found


def test_a_filter_looks_through_lists(client: SisClient) -> None:
    role = "role" if "role" in rows(client.roster("/users"))[0] else "roles.role"
    teachers = ids(client.roster("/teachers?limit=1000"))
    assert ids(client.roster(f"/users?limit=1000&filter={role}='teacher'")) == teachers
    others = ids(client.roster(f"/users?limit=1000&filter={role}!='teacher'"))
    assert others == ids(client.roster("/students?limit=1000"))
    terms = {each["sourcedId"] for each in rows(client.roster("/terms"))}
    classes = {term: ids(client.roster(f"/classes?filter=terms.sourcedId='{term}'")) for term in terms}
    assert classes == {term: ids(client.roster(f"/terms/{term}/classes")) for term in terms}
    assert any(classes.values())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("filter=nosuch='1'", "invalid_filter_field"),
        ("filter=status='active' AND nosuch='1'", "invalid_filter_field"),
        ("filter=terms.nosuch='1'", "invalid_filter_field"),
        ("sort=nosuch", "invalid_selection_field"),
        ("sort=course.nosuch&orderBy=desc", "invalid_selection_field"),
        ("fields=sourcedId,nosuch", "invalid_selection_field"),
    ],
)
def test_a_field_that_there_is_not_is_refused(client: SisClient, asked: str, code: str) -> None:
    answer = client.roster(f"/classes?{asked}")
    code = code if client.newer else "invalid_selection_field"  # the only one that 1.1 has
    assert (answer.status_code, code in answer.text, "nosuch" in words(answer)) == (400, True, True)


def test_a_field_that_nobody_here_has_is_one_all_the_same(client: SisClient) -> None:
    assert ids(client.roster("/users?filter=email='nobody@example.org'")) == []
    assert ids(client.read("/categories?filter=metadata.colour='red'")) == []
    assert client.roster("/users?sort=middleName").status_code == 200


def test_links_lead_through_the_pages_and_back(client: SisClient) -> None:
    whole = ids(client.roster("/classes?limit=1000"))
    for limit in (1, 3, len(whole)):
        page, found = client.roster(f"/classes?limit={limit}&sort=sourcedId"), []
        first, last = page.links["first"]["url"], page.links["last"]["url"]
        assert "prev" not in page.links
        while True:
            found += ids(page)
            if "next" not in page.links:
                break
            page = client.follow(page.links["next"]["url"])
        assert found == sorted(whole)
        assert ids(client.follow(last)) == ids(page)
        while "prev" in page.links:
            page = client.follow(page.links["prev"]["url"])
        assert ids(page) == ids(client.follow(first)) == sorted(whole)[:limit]


@pytest.mark.parametrize(
    "asked", ["title", "title='Labs", "title='Labs' AND", "title='Labs' title='Labs'", ""]
)
def test_a_filter_that_is_none_is_refused(client: SisClient, asked: str) -> None:
    answer = client.read(f"/categories?filter={asked}")
    assert answer.status_code == 400
    assert "filter" in words(answer)


def test_numbers_are_compared_as_numbers(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    sis.put_result("r-1", score=9.0)
    sis.put_result("r-2", score=10.0, student=sis.ref("user", "S2002"))
    assert ids(sis.read("/results?filter=score>'9.5'")) == ["r-2"]
    assert ids(sis.read("/results?sort=score")) == ["r-1", "r-2"]


def test_a_time_may_have_an_offset(school: Sandbox, sis: SisClient) -> None:
    assert sis.put_line_item(dueDate="2026-11-16T12:00:00+00:00").status_code == 201
    assert sis.put_line_item("li-2", dueDate="2026-11-16T07:00:00.000-05:00").status_code == 201


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": None}, "lineItem lacks title"),
        ({"surprise": 1}, "lineItem has what is not known here: surprise"),
        ({"status": "gone"}, "lineItem.status is none of: active, tobedeleted"),
        ({"resultValueMin": "0"}, "lineItem.resultValueMin is not of type number"),
        ({"dueDate": "2026-11-16"}, "lineItem.dueDate is not written like"),
        ({"dueDate": "2026-13-45T12:00:00Z"}, "lineItem.dueDate is no day or time that there is"),
    ],
)
def test_a_refused_body_is_told_what_is_wrong(
    school: Sandbox, sis: SisClient, changed: dict[str, Any], said: str
) -> None:
    answer = sis.put_line_item(**changed)
    assert answer.status_code == 422
    assert words(answer).startswith(said)


@pytest.mark.parametrize(
    ("path", "name", "field", "value"),
    [
        ("/results/r-1", "result", "score", 10**400),
        ("/results/r-1", "result", "student", {"href": "http://x", "sourcedId": "\ud83c", "type": "user"}),
        ("/lineItems/li-2", "lineItem", "dueDate", "9999-12-31T23:59:59-05:00"),
        ("/categories/c-1", "category", "metadata", {"classId": [None]}),
    ],
)
def test_a_value_beyond_all_use_is_refused(
    school: Sandbox, sis: SisClient, path: str, name: str, field: str, value: object
) -> None:
    sis.put_line_item()
    bodies = {
        "result": sis.result("r-1"),
        "lineItem": sis.line_item("li-2"),
        "category": {"sourcedId": "c-1", "status": "active", "dateLastModified": MODIFIED, "title": "Extra"},
    }
    answer = sis.put_text(path, json.dumps({name: bodies[name] | {field: value}}))
    assert 400 <= answer.status_code < 500
    assert len(school.writes()) == 1


def test_a_time_of_the_first_year_is_kept_as_it_is(school: Sandbox, sis: SisClient) -> None:
    school.set_temperaments(dates="local")
    assert sis.put_line_item(assignDate="0001-01-01T00:00:00Z").status_code == 201
    assert school.writes()[0]["stored"]["assign_date"] == "0001-01-01T00:00:00Z"


def test_a_number_that_json_does_not_have_is_refused(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    body = json.dumps({"result": sis.result("r-1", score=float("nan"))})
    assert sis.put_text("/results/r-1", body).status_code == 400
    assert len(school.writes()) == 1


def test_a_method_that_is_not_served_names_those_that_are(client: SisClient) -> None:
    answer = client.delete("/lineItems")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "DELETE is not served at" in words(answer)
    by_id = client.read("/lineItems/none")
    assert by_id.status_code == 404
