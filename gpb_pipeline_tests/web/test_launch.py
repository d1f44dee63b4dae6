"""Who comes in from Canvas, and each attack of reference lti.md §13, over real HTTP against the sandbox."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from gpb_pipeline.lti import keys
from gpb_pipeline.lti.canvas_keys import BETWEEN_FETCHES, FRESH
from gpb_pipeline.lti.pending import AT_MOST, PendingLaunches
from gpb_pipeline.lti.refusals import ADMIN
from gpb_pipeline.sandbox.canvas.lti import CLAIM, CLIENT_ID, ISSUER, context_id
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import WebSettings
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.syncs import put_course
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.tool import Clock, empty_warehouse, tool_served

PLACEMENT = "https://www.instructure.com/placement"
ROLES, CUSTOM = CLAIM + "roles", CLAIM + "custom"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with empty_warehouse(tmp_path_factory.mktemp("launches")) as opened:
        put_course(opened, "1001", "Algebra I")
        put_course(opened, "1002", "Biology")
        yield opened


@pytest.fixture(autouse=True)
def _right_tokens(sandbox: Sandbox, clock: Clock) -> None:
    forge(sandbox)
    clock.ahead = 0.0


def forge(sandbox: Sandbox, **wrong: Any) -> None:
    sandbox.control("canvas", "PUT", "/lti/forgery", wrong)


def refused(answer: requests.Response, browser: CanvasUser, *statuses: int) -> str:
    """Hold that a launch ended in a sentence that Canvas may frame, and left no session."""
    assert answer.status_code in (statuses or (401,)), answer.text
    assert "Grade Sync did not open" in answer.text
    assert "frame-ancestors http://127.0.0.1" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert not browser.has_session()
    return answer.text


@pytest.mark.parametrize(
    "user", [canvas_user.TEACHER, canvas_user.TA, canvas_user.LIMITED, canvas_user.LOOKER, canvas_user.ADMIN]
)
@pytest.mark.parametrize(
    "placement", ["course_navigation", "post_grades", "assignment_index_menu", "assignment_group_menu"]
)
def test_who_sees_all_grades_of_the_course_comes_in(
    url: str, sandbox: Sandbox, user: int, placement: str
) -> None:
    browser = CanvasUser(sandbox, user)
    answer = browser.launches(1001, placement)
    assert answer.status_code == 200
    assert answer.url.startswith(f"{url}/courses/1001")
    assert "Algebra I" in answer.text
    assert "id_token" not in answer.url


def test_canvas_leads_to_the_categories_from_above_its_assignments_and_from_each_group(
    url: str, sandbox: Sandbox
) -> None:
    page = CanvasUser(sandbox, canvas_user.TEACHER).get(
        f"{sandbox.canvas_url}/courses/1001/assignments", timeout=60
    )
    above, *groups = page.text.split("<h2>")
    assert "launch_type=assignment_index_menu" in above
    assert groups
    assert all("launch_type=assignment_group_menu" in each for each in groups)


@pytest.mark.parametrize(
    ("user", "remedy"),
    [
        (canvas_user.DESIGNER, ADMIN),
        (canvas_user.OBSERVER, ADMIN),
        (canvas_user.STUDENT, "Your own grades are in Canvas, under Grades."),
        (canvas_user.OTHER_ADMIN, ADMIN),
    ],
)
def test_who_does_not_gets_one_sentence(url: str, sandbox: Sandbox, user: int, remedy: str) -> None:
    browser = CanvasUser(sandbox, user)
    told = refused(browser.launches(), browser, 403)
    assert "for those who see all grades" in told
    assert remedy in told


@pytest.mark.parametrize(
    "roles",
    [
        [f"{LIS}membership#InstructorX"],
        [f"{LIS}institution/person#Instructor"],
        [f"{LIS}membership#Instructor", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"],
        f"{LIS}membership#Instructor",
        [],
        None,
    ],
)
def test_a_role_is_a_whole_word_of_this_course(url: str, sandbox: Sandbox, roles: object) -> None:
    forge(sandbox, claims={ROLES: roles})
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    refused(browser.launches(), browser, 403)


def test_two_courses_are_open_side_by_side_and_no_third(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches(1001)
    browser.launches(1002)
    assert browser.get(f"{url}/courses/1001", timeout=60).status_code == 200
    assert browser.get(f"{url}/courses/1002", timeout=60).status_code == 200
    assert browser.get(f"{url}/courses/1003", timeout=60).status_code == 404
    traced = {"student": "1", "assignment": "1"}
    assert browser.post(f"{url}/courses/1003/trace", data=traced, timeout=60).status_code == 404


def test_another_person_in_the_same_browser_has_only_their_own(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches(1001)
    browser.signs_in(canvas_user.TA)
    browser.launches(1002)
    assert browser.get(f"{url}/courses/1001", timeout=60).status_code == 404


def test_who_acts_as_someone_has_nothing_of_what_that_one_opened_here_nor_the_other_way(
    url: str, sandbox: Sandbox
) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches(1001)
    browser.signs_in(canvas_user.TEACHER, masquerader="99")
    assert "While you act as someone else" in browser.launches(1002, "post_grades").text
    assert browser.get(f"{url}/courses/1001", timeout=60).status_code == 404
    assert browser.get(f"{url}/courses/1002/utilities", timeout=60).status_code == 403
    browser.signs_in(canvas_user.TEACHER)
    browser.launches(1001)
    assert browser.get(f"{url}/courses/1002", timeout=60).status_code == 404
    assert browser.get(f"{url}/courses/1001/utilities", timeout=60).status_code == 200


def test_after_an_hour_it_is_opened_again_from_canvas(url: str, sandbox: Sandbox, clock: Clock) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches()
    clock.ahead = 3601
    answer = browser.get(f"{url}/courses/1001", timeout=60)
    assert answer.status_code == 401
    assert "This is over an hour old. Open it again from your course in Canvas." in answer.text
    assert "WWW-Authenticate" not in answer.headers
    assert "frame-ancestors http://127.0.0.1" in answer.headers["Content-Security-Policy"]


SIGNED = [
    "by a stranger",
    "by an unknown key",
    "without a key id",
    "with its own key",
    "by RS512",
    "by the public key as a secret",
    "not at all",
    "before a change",
]


@pytest.mark.parametrize("signed", SIGNED)
def test_what_canvas_did_not_sign_is_refused(url: str, sandbox: Sandbox, signed: str) -> None:
    forge(sandbox, signed=signed)
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    refused(browser.launches(), browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://canvas.beta.instructure.com"},
        {"iss": f"{ISSUER}/"},
        {"aud": "10000000000043"},
        {"aud": [CLIENT_ID, "another"]},
        {"azp": "10000000000043"},
        {"exp": 1},
        {"exp": "9999999999"},
        {"exp": 9999999999},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {CLAIM + "version": "1.1"},
        {CLAIM + "message_type": "LtiDeepLinkingRequest"},
        {PLACEMENT: "account_navigation"},
        {PLACEMENT: None},
        {"sub": None},
        {"sub": ""},
    ],
)
def test_what_was_made_for_others_or_at_another_time_is_refused(
    url: str, sandbox: Sandbox, claims: dict[str, object]
) -> None:
    forge(sandbox, claims=claims)
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    refused(browser.launches(), browser)


@pytest.mark.parametrize("claim", ["exp", "iat", "nonce", "sub", "aud", "iss", PLACEMENT, CLAIM + "version"])
def test_what_leaves_a_claim_out_is_refused(url: str, sandbox: Sandbox, claim: str) -> None:
    forge(sandbox, without=[claim])
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    refused(browser.launches(), browser)


def test_a_deployment_that_is_not_ours_is_refused_and_named(url: str, sandbox: Sandbox) -> None:
    forge(sandbox, claims={CLAIM + "deployment_id": "9:<b>teachers own</b>"})
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    told = refused(browser.launches(), browser, 403)
    assert "9:&lt;b&gt;teachers own&lt;/b&gt;" in told


@pytest.mark.parametrize(("seconds", "status"), [(50, 200), (-300, 200), (-590, 200), (-700, 401), (70, 401)])
def test_clocks_may_differ_by_a_minute_and_pages_stay_open_for_ten(
    url: str, sandbox: Sandbox, seconds: int, status: int
) -> None:
    forge(sandbox, seconds=seconds)
    assert CanvasUser(sandbox, canvas_user.TEACHER).launches().status_code == status


def test_an_audience_may_be_a_list_of_ours_alone(url: str, sandbox: Sandbox) -> None:
    forge(sandbox, claims={"aud": [CLIENT_ID]})
    assert CanvasUser(sandbox, canvas_user.TEACHER).launches().status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"custom": {"canvas_course_id": "1002"}},
        {"custom": {"canvas_course_id": None}},
        {"custom": {"canvas_course_id": "$Canvas.course.id"}},
        {"claims": {CLAIM + "resource_link": {"id": "a link's own"}}},
        {"claims": {CLAIM + "resource_link": None}},
        {"claims": {CLAIM + "context": {"id": context_id(1001), "type": ["account"]}}},
        {"claims": {CLAIM + "context": {"id": "../users/self", "type": [f"{LIS}course#CourseOffering"]}}},
        {"claims": {CLAIM + "context": None}},
        {"claims": {CUSTOM: None}},
    ],
)
def test_a_course_is_believed_only_where_canvas_says_the_same(
    url: str, sandbox: Sandbox, wrong: dict[str, Any]
) -> None:
    forge(sandbox, **wrong)
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    refused(browser.launches(), browser, 403)


def test_where_canvas_wants_people_to_go_changes_nothing(url: str, sandbox: Sandbox) -> None:
    forge(sandbox, claims={CLAIM + "target_link_uri": "https://evil.example/courses/1002"})
    answer = CanvasUser(sandbox, canvas_user.TEACHER).launches()
    assert answer.url == f"{url}/courses/1001"


def test_permissions_that_stay_their_own_name_are_none(url: str, sandbox: Sandbox) -> None:
    forge(sandbox, custom={"permissions": "$Canvas.membership.permissions<view_all_grades,manage_grades>"})
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    refused(browser.launches(), browser, 403)


def test_a_launch_works_once(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    returned = browser.comes_back(browser.begins())
    with ThreadPoolExecutor(2) as both:  # a double click
        answers = [both.submit(browser.lands, returned, allow_redirects=False) for _ in range(2)]
        assert sorted(each.result().status_code for each in answers) == [303, 401]
    assert browser.lands(returned).status_code == 401


def test_a_launch_that_failed_cannot_be_tried_again(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    returned = browser.comes_back(browser.begins())
    token = returned.fields["id_token"]
    returned.fields["id_token"] = "nonsense"
    refused(browser.lands(returned), browser)
    returned.fields["id_token"] = token
    refused(browser.lands(returned), browser)


def test_a_launch_belongs_to_the_browser_that_began_it(url: str, sandbox: Sandbox) -> None:
    attacker, victim = CanvasUser(sandbox, canvas_user.TEACHER), CanvasUser(sandbox, canvas_user.TA)
    refused(victim.lands(attacker.comes_back(attacker.begins())), victim)
    first, second = (victim.comes_back(victim.begins()) for _ in range(2))
    first.fields["state"] = second.fields["state"]
    refused(victim.lands(first), victim)  # the nonce is another's
    returned = victim.comes_back(victim.begins())
    [name] = (each for each in victim.kept["localhost"] if each.endswith(returned.fields["state"][:8]))
    victim.kept["localhost"][name] = returned.fields["state"][:8] + "another"
    refused(victim.lands(returned), victim)
    for state in ("", "unknown"):
        returned = victim.comes_back(victim.begins())
        returned.fields["state"] = state
        refused(victim.lands(returned), victim)


def test_a_launch_that_took_too_long_is_refused(url: str, sandbox: Sandbox, clock: Clock) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    returned = browser.comes_back(browser.begins())
    clock.ahead = 601
    refused(browser.lands(returned), browser)


@pytest.mark.parametrize("field", ["iss", "client_id"])
def test_a_login_from_elsewhere_goes_nowhere(url: str, sandbox: Sandbox, field: str) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    begun = browser.begins()
    begun.fields |= {"target_link_uri": "https://evil.example", "redirect_uri": "https://evil.example"}
    begun.fields[field] = "https://evil.example"
    refused(browser.post(begun.action, data=begun.fields, timeout=60), browser, 400)


def test_what_canvas_refuses_is_told_in_a_sentence(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    begun = browser.begins()
    browser.signs_in(canvas_user.TA)
    told = refused(browser.lands(browser.comes_back(begun)), browser)
    assert "someone else signed in" in told
    assert "Who?" not in told


def test_a_body_that_is_no_launch_is_refused(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    for path in ("login", "launch"):
        refused(browser.post(f"{url}/lti/{path}", data=b"x" * 1_000_000, timeout=60), browser, 413)
        refused(browser.post(f"{url}/lti/{path}", data=b"\xff\xfe=1", timeout=60), browser, 400)
    assert browser.get(f"{url}/lti/launch", timeout=60).status_code == 405


def test_a_forged_host_changes_no_address(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    begun = browser.begins()
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = browser.post(begun.action, data=begun.fields, headers=forged, allow_redirects=False, timeout=60)
    assert answer.headers["Location"].startswith("/lti/go?state=")
    gone = browser.get(url + answer.headers["Location"], headers=forged, allow_redirects=False, timeout=60)
    assert (
        f"redirect_uri={url}/lti/launch".replace(":", "%3A").replace("/", "%2F") in gone.headers["Location"]
    )


def test_new_keys_of_canvas_are_fetched_and_unknown_ones_at_most_once_a_minute(
    url: str, sandbox: Sandbox, clock: Clock
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    assert teacher.launches().status_code == 200
    before = fetches(sandbox)
    clock.ahead = 120
    forge(sandbox, signed="by an unknown key", seconds=120)
    for _ in range(20):
        assert CanvasUser(sandbox, canvas_user.TEACHER).launches().status_code == 401
    assert fetches(sandbox) - before <= 1
    clock.ahead = 240
    sandbox.control("canvas", "POST", "/lti/rotate")
    sandbox.control("canvas", "POST", "/lti/rotate")
    forge(sandbox, seconds=240)
    assert teacher.launches().status_code == 200
    clock.ahead = 360
    forge(sandbox, seconds=360, keys_down=True)
    assert teacher.launches().status_code == 200  # known keys still count
    clock.ahead = 480
    forge(sandbox, seconds=480, keys_down=True, signed="by an unknown key")
    assert teacher.launches().status_code == 401
    forge(sandbox, seconds=480, keys_down=True)
    assert teacher.launches().status_code == 200  # what is unknown ends nothing that is known


def test_keys_that_canvas_took_back_count_until_it_says_so_and_no_longer(
    url: str, sandbox: Sandbox, clock: Clock
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    assert teacher.launches().status_code == 200
    clock.ahead = FRESH + 3600
    forge(sandbox, seconds=clock.ahead, keys_down=True)
    assert teacher.launches().status_code == 200
    signed = teacher.comes_back(teacher.begins())
    forge(sandbox, seconds=clock.ahead)
    for _ in range(2):
        sandbox.control("canvas", "POST", "/lti/rotate")
    clock.ahead += BETWEEN_FETCHES
    assert teacher.lands(signed).status_code == 401
    assert teacher.launches().status_code == 200


def fetches(sandbox: Sandbox) -> int:
    return sum(each["path"] == "/api/lti/security/jwks" for each in sandbox.requests_seen("canvas"))


def test_anybody_may_begin_and_nobody_fills_the_memory() -> None:
    launches = PendingLaunches(time.time)
    first = launches.begin(login_hint="x", message_hint="y")
    begun = [launches.begin(login_hint="x", message_hint="y") for _ in range(AT_MOST)]
    assert launches.find(first.state) is None
    assert all(launches.find(each.state) for each in begun)


@pytest.mark.parametrize("hint", ["", "x" * 5000])
def test_a_login_without_hints_or_with_endless_ones_is_refused(url: str, sandbox: Sandbox, hint: str) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    begun = browser.begins()
    begun.fields["lti_message_hint"] = hint
    refused(browser.post(begun.action, data=begun.fields, timeout=60), browser, 400)


def test_without_a_cookie_there_is_a_way_in_a_new_tab(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    begun = browser.begins()
    login = browser.post(begun.action, data=begun.fields, allow_redirects=False, timeout=60)
    with requests.Session() as cookieless:
        page = cookieless.get(url + login.headers["Location"], timeout=60)
        assert "Open Grade Sync in a new tab" in page.text
        state = login.headers["Location"].partition("=")[2]
        again = cookieless.get(f"{url}/lti/open?state={state}", allow_redirects=False, timeout=60)
        blocked = cookieless.get(url + again.headers["Location"], timeout=60)
        assert "keeps no cookies" in blocked.text
    assert browser.get(f"{url}/lti/open?state={state}", timeout=60).status_code == 401  # used


def test_the_configuration_and_the_keys_are_there_for_canvas(url: str) -> None:
    told = requests.get(f"{url}/lti/config.json", timeout=60).json()
    assert told["oidc_initiation_url"] == f"{url}/lti/login"
    [extension] = told["extensions"]
    placements = {each["placement"]: each for each in extension["settings"]["placements"]}
    assert {name: each["text"] for name, each in placements.items()} == {
        "course_navigation": "Grade Sync",
        "post_grades": "Sync to SIS",
        "assignment_index_menu": "Sync SIS Categories",
        "assignment_group_menu": "Sync SIS Categories",
    }
    assert {each["visibility"] for each in placements.values()} == {"admins"}
    [key] = requests.get(f"{url}/lti/jwks", timeout=60).json()["keys"]
    assert {"kid", "n", "e", "use"} <= key.keys()
    assert not {"d", "p", "q", "dp", "dq", "qi"} & key.keys()


def test_pages_outside_a_launch_ask_for_the_secret_and_cannot_be_framed(url: str) -> None:
    answer = requests.get(f"{url}/courses/1001", timeout=60)
    assert answer.status_code == 401
    answer = requests.get(f"{url}/courses/1001", auth=("team", "hunter2"), timeout=60)
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_forged_session_is_none(url: str, sandbox: Sandbox) -> None:
    browser = CanvasUser(sandbox, canvas_user.TEACHER)
    browser.launches()
    head, body, signature = browser.kept["localhost"][canvas_user.SESSION].split(".")
    for forged in (
        f"{head}.{body}.",
        f"{head}.{body[:-4]}AAAA.{signature}",
        "nonsense",
        f"{head}..{signature}",
    ):
        answer = requests.get(f"{url}/courses/1001", cookies={"__Host-gpb-session": forged}, timeout=60)
        assert answer.status_code == 401
        assert "cannot be read. Open it again from your course in Canvas." in answer.text


@pytest.mark.parametrize(
    "settings",
    [{"host": "0.0.0.0"}, {"url": "https://grades.district.example"}],  # noqa: S104  what others can reach
)
def test_where_others_can_reach_the_pages_a_launch_alone_lets_in(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with tool_served(sandbox, warehouse, tmp_path, web=WebSettings(**settings)) as address:
        for host in ("localhost", "127.0.0.1", "grades.district.example"):
            answer = requests.get(f"{address}/courses/1001", headers={"Host": host}, timeout=60)
            assert answer.status_code == 401
        assert CanvasUser(sandbox, canvas_user.TEACHER).launches().status_code == 200


def test_on_ones_own_machine_the_pages_are_seen_as_before(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    with tool_served(sandbox, warehouse, tmp_path, web=WebSettings()) as address:
        assert requests.get(f"{address}/courses/1001", timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"status": 503}, "Try again in a few minutes."),
        ({"status": 401, "headers": {"WWW-Authenticate": "Bearer"}}, "Tell the data team"),
    ],
)
def test_where_canvas_cannot_be_asked_which_course_it_is_who_can_mend_it_is_told(
    sandbox: Sandbox, tmp_path: Path, fault: dict[str, Any], told: str
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    rule = {"effect": "status", "path": "lti_context_id", "times": None, "body": {}} | fault
    with empty_warehouse(tmp_path) as empty, tool_served(sandbox, empty, tmp_path):
        sandbox.set_faults("canvas", rule)
        page = refused(teacher.launches(1001), teacher, 503)
        sandbox.set_faults("canvas")
    assert told in page


def test_what_canvas_said_of_a_course_outlives_a_restart_of_the_pages(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    for _ in range(2):
        with tool_served(sandbox, warehouse, tmp_path):
            assert teacher.launches(1002).status_code == 200
    asked = f"/api/v1/courses/lti_context_id:{context_id(1002)}"
    assert sum(each["path"] == asked for each in sandbox.requests_seen("canvas")) <= 1


def test_renewed_keys_end_no_session_unless_they_are_to(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    teacher, file = CanvasUser(sandbox, canvas_user.TEACHER), tmp_path / "keys.json"

    def renewed(*, end_sessions: bool) -> requests.Response:
        keys.save(file, keys.rotated(keys.load(file), end_sessions=end_sessions))
        with tool_served(sandbox, warehouse, tmp_path) as url:
            return teacher.get(f"{url}/courses/1001", timeout=60)

    with tool_served(sandbox, warehouse, tmp_path):
        teacher.launches()
    assert renewed(end_sessions=False).status_code == 200
    ended = renewed(end_sessions=True)
    assert ended.status_code == 401
    assert "Open it again from your course in Canvas." in ended.text
    with tool_served(sandbox, warehouse, tmp_path):
        assert teacher.launches().status_code == 200
