"""`gpb sync`, `remaster`, `preview`, `assignments` and `details` as people and programs use them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from gpb_pipeline.passback.rules.stops import STOPS
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.sandbox.sis.dialects import DialectName
from gpb_pipeline.sync import Stage
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.cli.command import gpb, settle_in
from gpb_pipeline_tests.warehouse.syncs import send_a_day_earlier

COMPLETED, FAILED, USAGE, WITH_ERRORS = 0, 1, 2, 3
ALGEBRA, EARTH = "1001", "1005"


@pytest.fixture(autouse=True)
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    running.reset()
    settle_in(monkeypatch, tmp_path, running.environment | {"DAGSTER_HOME": str(tmp_path / "home")})
    return running


def test_a_sync_says_at_once_what_it_is_and_at_its_end_what_came_of_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = gpb("sync", ALGEBRA, "--posted-by", "Ms. Rivera")
    assert done.status == COMPLETED
    (job,) = gpb("history", ALGEBRA, "--json").json
    assert f"Scheduled: course {ALGEBRA}, job {job['job_id']}" in done.out
    assert "Progress:" in done.out
    assert (job["posted_by"], job["type"], job["status"]) == ("Ms. Rivera", "manual", "Completed")
    assert job["sis_assignments"] == {"sent": 8, "created": 8, "percent": 100.0}
    assert job["sis_grades"] == {"sent": 64, "created": 64, "percent": 100.0}
    assert Counter(each["object"] for each in sandbox.writes()) == {"lineItem": 8, "result": 64}
    assert "telemetry:\n  enabled: false" in (tmp_path / "home" / "dagster.yaml").read_text()

    again = gpb("sync", ALGEBRA)
    assert again.status == COMPLETED
    newest, _ = gpb("history", ALGEBRA, "--json").json
    assert newest["sis_grades"] == {"sent": 0, "created": 0, "percent": None}
    assert len(sandbox.writes()) == 72


@pytest.mark.long
def test_the_exit_status_is_the_worst_of_all_courses(sandbox: Sandbox) -> None:
    assert gpb("sync", EARTH).status == WITH_ERRORS
    done = gpb("sync", ALGEBRA, EARTH, "999")
    assert done.status == FAILED
    assert (
        "gpb: course 999: Canvas has no such item, or hides it from this token. "
        "Check its id, and CANVAS_BASE_URL.\n"
    ) in done.err
    assert {job["course_id"]: job["status"] for job in gpb("history", "--json").json} == {
        EARTH: "Completed (with errors)",
        ALGEBRA: "Completed",
    }


def test_an_unknown_course_alone_fails_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = gpb("sync", "999")
    assert (done.status, done.out) == (FAILED, "")
    assert gpb("history", "--json").json == []
    assert not (tmp_path / "home").exists()  # so that there is no partition either


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("abc",), "COURSE 'abc': is no course id."),
        ((ALGEBRA, "10O1"), "COURSE '10O1': is no course id."),
        (("sis_course_id:",), "COURSE 'sis_course_id:': is no course id."),
        ((ALGEBRA, "--section", "77"), f"course {ALGEBRA}, --section: the course has no section 77."),
        ((ALGEBRA, "--assignment", "7"), f"course {ALGEBRA}, --assignment: the course has no assignment 7."),
        ((ALGEBRA, EARTH, "--section", "10010001"), "sections or assignments were chosen for 2 courses."),
    ],
)
def test_wrong_usage_enters_no_history_and_no_partition(
    sandbox: Sandbox, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = gpb("sync", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (USAGE, "", 1)
    assert told in done.err
    assert sandbox.writes() == []
    assert gpb("history", "--json").json == []
    assert not (tmp_path / "home").exists()


@pytest.mark.long
def test_a_course_goes_by_its_own_id_however_it_is_named() -> None:
    gpb("sync", "01001")
    [job] = gpb("history", "--json").json
    assert job["course_id"] == ALGEBRA
    named = [ALGEBRA, "01001", "sis_course_id:ALG1-NOW"]
    student = ("--student", "2001", "--assignment", "10010024")
    for asked in (("history",), ("trace", *student), ("preview",), ("categories", "show"), ("assignments",)):
        answers = [gpb(*asked, name, "--json") for name in named]
        assert [each.json for each in answers] == [answers[0].json] * len(named)
    reconciled = gpb("reconcile", *named, "--json").json
    assert [each["course_id"] for each in reconciled] == [ALGEBRA]
    assert {each["course_id"] for each in gpb("history", "--json").json} == {ALGEBRA}


@pytest.mark.parametrize(
    "command",
    [
        ("history", "abc"),
        ("trace", "abc", "--student", "2001", "--assignment", "10010024"),
        ("preview", "abc"),
        ("assignments", "abc"),
        ("reconcile", "abc"),
        ("retract", "abc"),
        ("categories", "show", "abc"),
        ("categories", "set", "abc", "--group", "1", "--section", "1", "--unassociated", "--by", "tests"),
        ("categories", "export", "categories.csv", "abc"),
        ("nightly", "enable", "abc", "--by", "tests"),
        ("nightly", "disable", "abc", "--by", "tests"),
    ],
)
def test_what_cannot_be_a_course_is_wrong_usage_of_every_command(command: tuple[str, ...]) -> None:
    done = gpb(*command)
    assert (done.status, done.out, done.err.count("\n")) == (USAGE, "", 1)
    assert "COURSE 'abc': is no course id." in done.err


def test_details_account_for_every_row(sandbox: Sandbox) -> None:
    gpb("sync", EARTH)
    (job,) = gpb("history", EARTH, "--json").json
    details = gpb("details", job["job_id"], "--json").json
    states = Counter(row["state"] for row in details["grades"])
    assert states["created"] == job["sis_grades"]["created"]
    assert states["created"] + states["failed"] == job["sis_grades"]["sent"]
    assert all(row["code"] for row in details["grades"] if row["state"] in {"skipped", "failed"})
    codes = {issue["code"] for issue in details["issues"]}
    assert {"student_not_on_roster", "student_without_sis_id", "below_zero"} <= codes


def test_a_preview_has_the_shape_of_details_and_sends_nothing(sandbox: Sandbox) -> None:
    preview = gpb("preview", ALGEBRA, "--json").json
    assert Counter(row["state"] for row in preview["grades"]) == {"would create": 64}
    assert preview["filtered"]["extracted"] == {"sections": 2, "assignments": 4, "grades": 64}
    shown = gpb("preview", EARTH).out
    assert "Who can act" in shown
    assert "Enroll the student in the SIS" in shown
    assert sandbox.writes() == []
    assert gpb("history", "--json").json == []


def test_a_preview_says_first_that_a_sync_refuses_the_course(sandbox: Sandbox) -> None:
    told = "it is not published. Publish it in Canvas first."
    sandbox.control("canvas", "PATCH", f"/courses/{ALGEBRA}", {"workflow_state": "unpublished"})
    sync = gpb("sync", ALGEBRA)
    assert (sync.status, sandbox.writes()) == (FAILED, [])
    shown = gpb("preview", ALGEBRA)
    assert shown.status == sync.status
    assert shown.out.splitlines()[0] == f"A sync refuses course {ALGEBRA}: {told}"
    assert "would create" in shown.out
    programs = gpb("preview", ALGEBRA, "--json")
    assert programs.status == sync.status
    job = json.loads(programs.out)["job"]
    assert (job["status"], job["code"]) == ("Failed", "course_unpublished")
    assert told in job["cause"]
    assert gpb("assignments", ALGEBRA).out.splitlines()[0] == f"A sync refuses course {ALGEBRA}: {told}"


@pytest.mark.long
def test_assignments_are_offered_by_section_with_what_keeps_one_back() -> None:
    gpb("sync", ALGEBRA)
    offered = gpb("assignments", ALGEBRA, "--sort", "date", "--json").json
    assert len(offered) == 8
    assert all(each["selectable"] and each["last_sync"] and each["due_at"] for each in offered)
    assert offered == sorted(offered, key=lambda each: (each["due_at"], each["section_name"]))
    biology = gpb("assignments", "1003", "--json").json
    held_back = {each["assignment_name"]: each["code"] for each in biology if not each["selectable"]}
    assert held_back["Weekly Check-In"] == "duplicate_name"
    assert held_back["Lab Notebook Check"] == "no_due_date"


@pytest.mark.long
def test_the_last_sync_of_an_assignment_is_that_of_its_grades_too(sandbox: Sandbox) -> None:
    gpb("sync", ALGEBRA)
    with open_warehouse() as warehouse:
        warehouse.commit(send_a_day_earlier)
    first = gpb("assignments", ALGEBRA, "--json").json[0]["assignment_id"]
    sandbox.control("canvas", "PATCH", f"/courses/{ALGEBRA}/submissions/{first}/2001", {"score": 0.5})
    gpb("sync", ALGEBRA)
    offered = gpb("assignments", ALGEBRA, "--json").json
    latest = max(each["last_sync"][:10] for each in offered)
    assert [each["assignment_id"] for each in offered if each["last_sync"][:10] == latest] == [first]


@pytest.mark.long
def test_a_remaster_sends_it_all_where_someone_says_so(sandbox: Sandbox) -> None:
    gpb("sync", ALGEBRA)
    refused = gpb("remaster", ALGEBRA)  # nobody to ask: it is no terminal
    assert (refused.status, refused.out) == (USAGE, "")
    assert "add --yes" in refused.err
    assert len(sandbox.writes()) == 72
    done = gpb("remaster", ALGEBRA, "--yes")
    assert done.status == COMPLETED
    newest, _ = gpb("history", ALGEBRA, "--json").json
    assert (newest["type"], newest["sis_grades"]["created"]) == ("remaster", 64)
    assert len(sandbox.writes()) == 144


def test_a_missing_setting_is_one_line_before_any_run_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVAS_API_TOKEN", "")
    done = gpb("sync", ALGEBRA)
    assert (done.status, done.out) == (FAILED, "")
    assert done.err == (
        "gpb: CANVAS_API_TOKEN: is not set. Set it in the environment or in .env (see .env.example).\n"
    )


@pytest.mark.long
def test_a_configuration_writes_to_the_hosts_that_it_lists_alone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPB_WRITE_HOSTS", "test.sis.example")
    refused = gpb("sync", ALGEBRA)
    assert refused.status == FAILED
    assert "GPB_WRITE_HOSTS lets this configuration write to test.sis.example alone" in refused.err
    assert gpb("history", "--json").json == []
    assert gpb("preview", ALGEBRA).status == COMPLETED
    monkeypatch.setenv("GPB_WRITE_HOSTS", "127.0.0.1")
    assert gpb("sync", ALGEBRA).status == COMPLETED


def test_where_there_is_no_terminal_each_event_is_a_line() -> None:
    lines = gpb("sync", EARTH).err.splitlines()
    assert lines[-1] == f"course {EARTH}: Completed (with errors)"
    assert set(lines) - {f"course {EARTH}: begun", lines[-1]} <= {f"course {EARTH}: {each}" for each in Stage}
    assert len(lines) == len(set(lines))
    read = gpb("preview", EARTH).err.splitlines()
    assert read[:3] == [f"course {EARTH}: {each}" for each in list(Stage)[:3]]


def test_what_is_empty_says_why_and_what_to_do(sandbox: Sandbox) -> None:
    assert "No sync is on record." in gpb("history").out
    for assignment in gpb("assignments", ALGEBRA, "--json").json:
        path = f"/courses/{ALGEBRA}/assignments/{assignment['assignment_id']}"
        sandbox.control("canvas", "PATCH", path, {"post_to_sis": False})
    for command in ("preview", "assignments"):
        done = gpb(command, ALGEBRA)
        assert done.status == COMPLETED
        assert (
            f"Course {ALGEBRA} has nothing in scope: no published assignment of it has Sync to SIS"
            in done.out
        )
    for section in ("10010001", "10010002"):
        sandbox.control("canvas", "PATCH", f"/courses/{ALGEBRA}/sections/{section}", {"sis_id": None})
    assert "none of its active sections has a SIS id" in gpb("preview", ALGEBRA).out


@pytest.mark.long
def test_every_table_reads_well_at_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = gpb("sync", EARTH).out
    assert max(len(line) for line in ended.splitlines()) <= 80
    job_id = gpb("history", "--json").json[0]["job_id"]
    due = gpb("assignments", EARTH, "--json").json[0]["due_at"][:16].replace("T", " ")
    for columns in (80, 120, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        history, details, every = (
            gpb(*each).out for each in (("history",), ("details", job_id), ("details", job_id, "--all"))
        )
        preview, assignments = (gpb(each, EARTH).out for each in ("preview", "assignments"))
        tables = [history, details, every, preview, assignments]
        assert max(len(line) for table in tables for line in table.splitlines()) <= columns
        assert history.splitlines()[1].split()[:3] == ["Status", "SIS", "grades"]
        assert all(job_id in each for each in (history, details))
        for code in ("student_not_on_roster", "student_without_sis_id", "assignment_refused"):
            assert code in details
        assert "not_on_roster" in preview
        assert due in assignments
        assert "Lab Cleanup, section 10050001 (1 student)" in " ".join(details.split())
        assert "and 1 more (--all)" in " ".join(details.split())
        assert "(--all)" not in every
    line = next(line for line in details.splitlines() if "student_not_on_roster" in line)
    assert line.split()[:5] == ["error", "4", "student_not_on_roster", "SIS", "admin"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("dialect", "answer"),
    [("oneroster-1.1", "422"), ("oneroster-1.2", "404")],
)
def test_a_sis_that_chooses_the_ids_itself_is_told_with_the_setting(
    monkeypatch: pytest.MonkeyPatch, dialect: DialectName, answer: str
) -> None:
    with running_sandbox(
        dialect=dialect, id_mode="provider", temperaments={"unknown_id": answer}
    ) as provider:
        for name, value in (provider.environment | {"SIS_ID_MODE": "consumer"}).items():
            monkeypatch.setenv(name, value)
        assert gpb("sync", ALGEBRA).status == WITH_ERRORS
        assert provider.writes() == []
    job_id = gpb("history", "--json").json[0]["job_id"]
    shown = " ".join(gpb("details", job_id).out.split())
    assert "error 8 assignment_id_refused operator" in shown
    assert "set SIS_ID_MODE=provider" in shown
    words = {"422": "cannot be supplied", "404": "is unknown"}[answer]
    assert f"{answer} " in shown
    assert words in shown
    rows = gpb("details", job_id, "--json").json["assignments"]
    assert all(words in each["sis_error"] for each in rows)
    assert {each["code"] for each in rows} == {"assignment_id_refused"}


def test_who_can_act_is_one_answer(sandbox: Sandbox) -> None:
    sandbox.set_faults(
        "canvas", {"effect": "status", "status": 403, "path": "/enrollments", "times": None, "body": {}}
    )
    assert gpb("sync", ALGEBRA).status == FAILED
    (job,) = gpb("history", "--json").json
    assert (job["code"], STOPS[job["code"]].who) == ("canvas_access", "Canvas admin")
    assert job["cause"] in " ".join(gpb("history").out.split())
    assert "Canvas admin" in gpb("history").out
    assert "Canvas admin" in gpb("details", job["job_id"]).out
