"""What can go wrong on the wire, made to go wrong: each fault as a client meets it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser, SisClient

SECTIONS = "/courses/1001/sections"
ROWS = "/courses/1001/students/submissions?student_ids[]=all&per_page=10"


def test_a_status_comes_so_often_after_so_many_and_only_where_it_matches(
    school: Sandbox, canvas: CanvasUser
) -> None:
    school.set_faults(
        "canvas",
        {"effect": "status", "path": "/sections", "skip": 1, "times": 2, "status": 503}
        | {"headers": {"Retry-After": "1"}, "body": {"errors": []}},
    )
    answers = [canvas.get(SECTIONS) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "1"
    assert canvas.get("/courses/1001").status_code == 200


def test_a_fault_may_count_each_request_line_by_itself(school: Sandbox, canvas: CanvasUser) -> None:
    school.set_faults(
        "canvas", {"effect": "status", "path": "/courses/", "status": 503, "skip": 1, "each": True}
    )
    paths = ["/courses/1001", "/courses/1002", "/courses/1001", "/courses/1002", "/courses/1001"]
    assert [canvas.get(each).status_code for each in paths] == [200, 200, 503, 503, 200]


def test_a_write_may_be_stored_and_yet_end_in_an_error(school: Sandbox, sis: SisClient) -> None:
    school.set_faults("sis", {"effect": "status_after", "method": "PUT", "status": 500})
    assert sis.put_line_item().status_code == 500
    assert len(school.writes()) == 1


def test_a_write_may_be_answered_and_yet_change_nothing(school: Sandbox, sis: SisClient) -> None:
    school.set_faults("sis", {"effect": "status", "method": "PUT", "status": 201})
    assert sis.put_line_item().status_code == 201
    assert school.writes() == []


@pytest.mark.parametrize("effect", ["lost_answer", "reset"])
def test_the_answer_to_a_stored_write_may_be_lost(school: Sandbox, sis: SisClient, effect: str) -> None:
    school.set_faults("sis", {"effect": effect, "method": "PUT"})
    with pytest.raises(requests.ConnectionError):
        sis.put_line_item()
    assert len(school.writes()) == 1
    assert [each["status"] for each in school.requests_seen("sis") if each["method"] == "PUT"] == [0]


def test_a_body_may_break_off_in_the_middle(school: Sandbox, canvas: CanvasUser) -> None:
    school.set_faults("canvas", {"effect": "reset", "path": "/sections"})
    with pytest.raises(requests.RequestException):
        canvas.get(SECTIONS)
    assert canvas.get(SECTIONS).status_code == 200


def test_a_short_page_has_fewer_items_and_no_next_link(school: Sandbox, canvas: CanvasUser) -> None:
    school.set_faults("canvas", {"effect": "short_page", "path": "submissions"})
    answer = canvas.get(ROWS)
    assert len(answer.json()) == 5
    assert "next" not in answer.links


def test_a_short_page_of_the_sis_still_tells_the_whole_count(school: Sandbox, sis: SisClient) -> None:
    school.set_faults("sis", {"effect": "short_page", "path": "/students"})
    answer = sis.roster("/classes/ALG1-1/students")
    assert len(answer.json()["users"]) == 4
    assert answer.headers["X-Total-Count"] == "8"


def test_a_body_that_is_cut_has_no_length_to_tell_it_by(school: Sandbox, canvas: CanvasUser) -> None:
    school.set_faults("canvas", {"effect": "cut_body", "path": SECTIONS})
    answer = canvas.get(SECTIONS)
    assert answer.status_code == 200
    assert "Content-Length" not in answer.headers
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(canvas.get(SECTIONS).json()) > 0


def test_a_shifting_page_begins_with_the_last_item_of_the_one_before(
    school: Sandbox, canvas: CanvasUser
) -> None:
    school.set_faults("canvas", {"effect": "shifting_page", "path": "submissions", "skip": 1})
    ids = [each["id"] for each in canvas.all(ROWS)]
    assert len(ids) == len(set(ids)) + 1


def test_a_slow_answer_outlasts_a_clients_patience(school: Sandbox, canvas: CanvasUser) -> None:
    school.set_faults("canvas", {"effect": "slow", "seconds": 0.2})
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{school.canvas_url}/api/v1/users/self", timeout=0.05)


def test_a_token_may_expire_in_the_middle_of_a_run(school: Sandbox, sis: SisClient) -> None:
    school.set_faults("sis", {"effect": "expire_token", "method": "PUT"})
    assert sis.put_line_item().status_code == 401
    assert SisClient(school).put_line_item().status_code == 201


@pytest.mark.parametrize("status", [403, 429])
def test_a_throttle_says_rate_limit_exceeded_in_plain_text(
    school: Sandbox, canvas: CanvasUser, status: int
) -> None:
    school.set_faults("canvas", {"effect": "throttle", "status": status})
    answer = canvas.get("/users/self")
    assert answer.status_code == status
    assert "Rate Limit Exceeded" in answer.text


def test_a_fault_that_is_none_is_refused(school: Sandbox) -> None:
    with pytest.raises(requests.HTTPError):
        school.set_faults("sis", {"effect": "earthquake"})


def test_requests_are_counted_but_for_the_sandboxes_own(school: Sandbox, canvas: CanvasUser) -> None:
    canvas.get(SECTIONS)
    school.writes()
    assert school.requests_seen("canvas") == [
        {"method": "GET", "path": f"/api/v1{SECTIONS}", "query": "", "status": 200}
    ]


def test_each_answer_tells_what_is_left_in_the_bucket(canvas: CanvasUser) -> None:
    headers = canvas.get("/users/self").headers
    assert float(headers["X-Request-Cost"]) > 0
    assert 590 < float(headers["X-Rate-Limit-Remaining"]) < 600


def test_a_dozen_requests_in_flight_fill_an_empty_bucket(school: Sandbox) -> None:
    school.control("canvas", "PUT", "/bucket", {"latency": 0.2, "status": 429})
    users = [CanvasUser(school) for _ in range(14)]
    with ThreadPoolExecutor(14) as pool:
        answers = list(pool.map(lambda each: each.get("/users/self"), users))
    refused = [each for each in answers if each.status_code == 429]
    assert refused
    assert all("Rate Limit Exceeded" in each.text for each in refused)
    assert users[0].get("/users/self").status_code == 200
