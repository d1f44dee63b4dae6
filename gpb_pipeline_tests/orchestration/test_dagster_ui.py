"""The real Dagster UI in a browser, against the real sandbox: what the data team clicks, sees, and has sent.

Webserver, daemon and runs are processes, as with `gpb dev`. Everything is done by clicks; the tests stand in
the order of a first day, each after the one before, for a run costs seconds.
`GPB_SCREENSHOTS=docs/screenshots` keeps the README's picture.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from gpb_pipeline.orchestration import check_specs
from gpb_pipeline.orchestration.home import PROJECT
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, ENGLISH, HISTORY, TODAY

UNKNOWN, SPANISH = "999", "1006"
NIGHTLY = ALGEBRA, ENGLISH, HISTORY, SPANISH
START = 120.0
"""Seconds that a server has to start or to end, on a machine that does much else."""
ANSWER, RUN = 90_000, 240_000
"""Milliseconds that the UI has to show a thing, and a run to be over."""


class Town(NamedTuple):
    """Where things are: the school, the Dagster UI, the history and details pages."""

    sandbox: Sandbox
    url: str
    pages: str


@pytest.fixture(scope="module")
def town(new_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The sandbox, and the addresses of a UI whose runs sync it and of the pages that tell of these."""
    folder = tmp_path_factory.mktemp("ui")
    home = shutil.copytree(new_home, folder / "dagster_home")
    shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_courses(instance, [UNKNOWN, "1001", "1002", "1003", "1004", "1005", "1006"])
    with running_sandbox(today=TODAY) as sandbox, ExitStack() as running:
        environment = os.environ | sandbox.environment
        environment |= {"DAGSTER_HOME": str(home), "GPB_CATALOG": "sqlite:catalog.sqlite"}
        port, pages_port = str(_free_port()), str(_free_port())
        url, pages = (f"http://127.0.0.1:{each}" for each in (port, pages_port))
        environment |= {"GPB_DATA_PATH": "data", "GPB_WEB_URL": pages, "GPB_NIGHTLY_ENABLED": "true"}
        _opt_in(folder, environment, *NIGHTLY)
        workspace = ["-w", str(PROJECT / "workspace.yaml")]
        for command in (
            ["dagster-webserver", "-h", "127.0.0.1", "-p", port, *workspace],
            ["dagster-daemon", "run", *workspace],
            ["gpb", "web", "--port", pages_port],
        ):
            running.enter_context(_process(command, folder, environment))
        _wait_for(f"{url}/server_info")
        _wait_for(pages)
        yield Town(sandbox, url, pages)


@pytest.fixture
def page(browser: Browser, town: Town) -> Iterator[Page]:
    context = browser.new_context(base_url=town.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(ANSWER)
    yield context.new_page()
    context.close()


@pytest.mark.long
def test_the_lineage_shows_the_groups_and_an_asset_its_kinds_and_owners(page: Page) -> None:
    page.goto("/asset-groups")
    for group in {product.group for product in PRODUCTS.values()}:
        expect(page.get_by_role("button", name=f"asset_group {group}")).to_be_visible()
    page.goto("/assets/sis_grades")
    for told in ("passback", "oneroster", "DuckDB", "data", PRODUCTS["sis_grades"].description):
        expect(page.get_by_text(told, exact=True).filter(visible=True).first).to_be_visible()
    expect(page.get_by_text("private; as submitted, 0 if exempt")).to_be_visible()  # its columns


def test_a_course_is_synced_by_clicks_and_its_line_and_pictures_are_seen(
    page: Page, town: Town, tmp_path: Path
) -> None:
    sandbox = town.sandbox
    page.goto("/asset-groups")
    page.get_by_role("button", name="Materialize all").click()
    launch(page, ALGEBRA)
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=RUN)
    assert Counter(write["object"] for write in sandbox.writes()) == {"lineItem": 8, "result": 64}

    page.goto(f"/assets/grade_syncs?view=partitions&partition={ALGEBRA}")
    for key, value in {
        "status": "Completed",
        "posted_by": "Dagster UI",
        "sis_assignments_sent": 8,
        "sis_assignments_created": 8,
        "sis_grades_sent": 64,
        "sis_grades_created": 64,
    }.items():
        expect(page.get_by_role("row", name=f"{key} {value}", exact=True)).to_be_visible()
    page.screenshot(path=_pictures(tmp_path) / "dagster-grade-syncs.png")
    for title, words in {"AssignmentsSync": "8 created", "GradesSync": "64 created"}.items():
        page.get_by_role("row", name=title).get_by_text("[Show Markdown]").click()
        picture = page.get_by_role("img", name=f"{title}: {words}")
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.naturalWidth") > 0
        page.get_by_role("button", name="Close", exact=True).click()
        expect(picture).to_have_count(0)


@pytest.mark.long  # without a browser: test_backfill.py
def test_a_scattered_backfill_is_green_for_the_good_courses_and_red_for_the_bad_one(
    page: Page, town: Town
) -> None:
    sandbox = town.sandbox
    before = len(sandbox.writes())
    page.goto("/assets/sis_grades?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    launch(page, UNKNOWN, ALGEBRA, SPANISH)
    line = page.locator("[style*=translateY]").filter(has_text="sis_grades")
    targeted, in_progress, succeeded, failed = 3, 0, 2, 1
    figures = f"100% completed {targeted} {in_progress} {succeeded} {failed}"
    expect(line).to_contain_text(figures, use_inner_text=True, timeout=RUN)
    assert Counter(write["object"] for write in sandbox.writes()[before:]) == {"lineItem": 3, "result": 30}

    page.goto("/assets/sis_grades?view=partitions")
    expect(page.get_by_text("Materialized (2)")).to_be_visible()
    page.get_by_text("Materialized (2)").click()  # leaves only those that are not
    expect(page.get_by_title(UNKNOWN)).to_be_visible()
    expect(page.get_by_title(SPANISH)).to_have_count(0)


@pytest.mark.long
@pytest.mark.parametrize("asset", ["filtered_assignments", "grade_syncs"])
def test_the_checks_are_listed_with_what_they_say_and_found(page: Page, asset: str) -> None:
    page.goto(f"/assets/{asset}?view=checks")
    for name in (name for name, check in check_specs.CHECKS.items() if check.asset == asset):
        page.get_by_title(name).first.click()
        expect(page.get_by_text(check_specs.CHECKS[name].description.replace("`", ""))).to_be_visible()
        expect(page.get_by_text(re.compile("^(Passed|Failed)$")).first).to_be_visible()


@pytest.mark.long
def test_the_jobs_own_launchpad_explains_itself_and_refuses_in_words_where_no_course_is_given(
    page: Page, town: Town
) -> None:
    before = _asked(town.url, NEWEST)["runsOrError"]["results"]
    open_launchpad(page, "grade_sync")
    expect(page.get_by_text("grade_passback:").first).to_be_visible()
    expect(page.get_by_text("sync_checks:", exact=True)).to_have_count(0)
    page.get_by_role("button", name=LAUNCHES).last.click()
    page.get_by_role("button", name="Confirm").click()
    deadline = time.monotonic() + RUN / 1000
    while (newest := _asked(town.url, NEWEST)["runsOrError"]["results"]) == before:
        assert time.monotonic() < deadline
        time.sleep(1)
    page.goto(f"/runs/{newest[0]['runId']}")
    expect(page.get_by_text("no course was given. Choose partitions").first).to_be_visible(timeout=RUN)


NEWEST = """{ runsOrError(filter: {pipelineName: "grade_sync"}, limit: 1) {
  ... on Runs { results { runId } }
} }"""


LAUNCHES = re.compile(r"Materialize(…)?$|Launch Run$")


def open_launchpad(page: Page, job: str) -> None:
    """Go from a job's page to where it is launched: the menu of an asset job, else the tab, else a button."""
    page.goto(f"/locations/gpb_pipeline/jobs/{job}")
    materialize = page.get_by_role("button", name="Materialize all")
    launchpad = page.get_by_role("tab", name="Launchpad")
    alone = page.get_by_role("button", name="Materialize", exact=False)
    expect(launchpad.or_(materialize).or_(alone).first).to_be_visible()
    if launchpad.count():
        launchpad.click()
    elif materialize.count():
        expect(materialize).to_be_enabled()
        materialize.locator("xpath=following::button[1]").click()
        page.get_by_role("menuitem", name="Open launchpad").click()
    else:
        return
    expect(page.get_by_text(re.compile("^No errors$|Missing required config")).first).to_be_visible()


def test_a_launch_by_graphql_without_a_partition_is_refused_in_words(town: Town) -> None:
    run_id = _launched(town.url, "grade_sync", {})
    deadline = time.monotonic() + RUN / 1000
    while (run := _asked(town.url, ENDED, id=run_id)["runOrError"])["status"] not in {"FAILURE", "SUCCESS"}:
        assert time.monotonic() < deadline
        time.sleep(1)
    assert run["status"] == "FAILURE"
    told = [each["error"]["message"] for each in run["eventConnection"]["events"] if each.get("error")]
    assert any("no course was given. Choose partitions, or set course_ids" in each for each in told)
    assert not any("partition_key" in each for each in told)


ENDED = """query($id: ID!) { runOrError(runId: $id) { ... on Run {
  status
  eventConnection { events { ... on ExecutionStepFailureEvent { error { message } } } }
} } }"""


BROKEN = {
    ENGLISH: ("Canvas answered 403", "Canvas refuses the token", "Canvas admin"),
    SPANISH: (
        "something that is not a JSON list",
        "An answer of Canvas or the SIS cannot be read",
        "operator",
    ),
    HISTORY: ("The SIS has no class", "The SIS has no class", "SIS admin"),
}
"""Three courses, each broken in its own way: the cause in Dagster's words and in the pages', and who acts."""


@pytest.fixture(scope="module")
def night(town: Town) -> str:
    """The run of a night, once it was looked at: one course shut, one answered by nonsense, a class gone."""
    of_english, of_spanish = (f"/courses/{course}/sections" for course in (ENGLISH, SPANISH))
    always = {"effect": "status", "times": None}
    town.sandbox.set_faults(
        "canvas",
        always | {"path": of_english, "status": 403},
        always | {"path": of_spanish, "status": 200, "body": {}},
    )
    config = {"course_ids": list(NIGHTLY), "type": "nightly"}
    before = _asked(town.url, LOOKED)  # Materialize all looks at the night, too
    run_id = _launched(town.url, "nightly_grade_sync", {"ops": {"grade_passback": {"config": config}}})
    deadline = time.monotonic() + RUN / 1000
    while _asked(town.url, LOOKED) == before:
        assert time.monotonic() < deadline, "the night was not looked at"
        time.sleep(1)
    return run_id


def test_in_the_morning_two_clicks_from_dagsters_home_show_each_course_why_and_who_must_act(
    page: Page, night: str, tmp_path: Path
) -> None:
    page.goto("/")
    page.locator("a[href='/runs']").first.click()
    page.locator(f"a[href^='/runs/{night}']").first.click()
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible(timeout=RUN)
    told = page.get_by_text("2 of 4 courses failed").last
    expect(told).to_be_visible()
    for course in (ENGLISH, SPANISH):
        cause, _, who = BROKEN[course]
        expect(told).to_have_text(
            re.compile(rf"{course}[^\n]*{re.escape(cause)}[^\n]*{who}: "), use_inner_text=True
        )
    page.screenshot(path=_pictures(tmp_path) / "dagster-night-run.png")

    page.goto("/")
    page.locator("a[href='/assets']").first.click()
    page.locator("a[href^='/assets/last_night']").first.click()
    shown = page.get_by_role("row", name=re.compile("^who_must_act")).first
    expect(shown).to_be_visible(timeout=RUN)
    for course, (cause, _, who) in BROKEN.items():
        expect(shown).to_contain_text(re.compile(rf"{who}[^;]*: [^;]*{course}[^;]*{re.escape(cause)}"))
    page.screenshot(path=_pictures(tmp_path) / "dagster-last-night.png")

    page.goto("/assets/grade_syncs?view=checks&checkDetail=course_synced")
    expect(
        page.get_by_role("tab", name="Execution history")
    ).to_be_visible()  # the check's own tabs are there
    page.get_by_role("tab", name="Partitions").last.click()
    page.get_by_text(re.compile(r"^Passed\s*\(\d+\)$")).click()  # leaves only those that are not
    for course in BROKEN:
        expect(page.get_by_title(course)).to_be_visible()
    expect(page.get_by_title(ALGEBRA)).to_have_count(0)
    page.screenshot(path=_pictures(tmp_path) / "dagster-course-synced.png")


@pytest.mark.parametrize("course", BROKEN)
def test_from_the_pages_front_a_click_tells_each_courses_cause_and_who_must_act(
    page: Page, town: Town, night: str, tmp_path: Path, course: str
) -> None:
    exact, cause, who = BROKEN[course]
    page.goto(town.pages)
    row = page.get_by_role("row").filter(has_text=course)
    expect(row).to_contain_text(re.compile(f"{who}", re.IGNORECASE))
    if course == ENGLISH:
        page.screenshot(path=_pictures(tmp_path) / "pages-morning.png")
    row.get_by_role("link", name=cause).click()
    if course == HISTORY:
        expect(page.get_by_role("row").filter(has_text=cause).first).to_be_visible()
    else:
        expect(page.get_by_text(f"For the {who}:")).to_be_visible()
        expect(page.get_by_text(exact)).to_be_visible()
        page.screenshot(path=_pictures(tmp_path) / "pages-stopped.png")


def launch(page: Page, *course_ids: str) -> None:
    """Choose these courses in the open dialog, launch, and go to what was launched."""
    dialog = page.get_by_role("dialog").first
    dialog.get_by_text("Select a partition or create one").click()
    for course_id in course_ids:
        dialog.get_by_role("menuitem", name=course_id).click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name=re.compile("^Launch (1 run|backfill)$")).click()
    page.get_by_role("region", name=re.compile("Notifications")).get_by_role("link", name="View").click()


LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } }
  }
}"""


LOOKED = """{ assetOrError(assetKey: {path: ["last_night"]}) {
  ... on Asset { assetMaterializations(limit: 1) { runId } }
} }"""


def _launched(url: str, job: str, config: dict[str, object]) -> str:
    """Launch it as the UI does; the daemon's queue begins it."""
    selector = {"repositoryLocationName": "gpb_pipeline", "repositoryName": "__repository__", "jobName": job}
    params = {"selector": selector, "runConfigData": config, "mode": "default"}
    return str(_asked(url, LAUNCH, params=params)["launchPipelineExecution"]["run"]["runId"])


def _asked(url: str, query: str, **variables: object) -> dict[str, Any]:
    body = {"query": query, "variables": variables}
    data: dict[str, Any] = requests.post(f"{url}/graphql", json=body, timeout=START).json()["data"]
    return data


def _opt_in(folder: Path, environment: dict[str, str], *course_ids: str) -> None:
    """Have these courses due every night since three days ago, in the warehouse of the UI's runs."""
    code = (
        "import sys; from datetime import UTC, datetime, timedelta\n"
        "from gpb_pipeline.orchestration.resources import Passback\n"
        "from gpb_pipeline.warehouse import choices\n"
        "at = datetime.now(UTC) - timedelta(days=3)\n"
        "with Passback().warehouse() as warehouse:\n"
        "    warehouse.commit(choices.choose_nightly, sys.argv[1:], enabled=True, by='Ms. Rivera', at=at)\n"
    )
    subprocess.run([sys.executable, "-c", code, *course_ids], cwd=folder, env=environment, check=True)


def _pictures(otherwise: Path) -> Path:
    return PROJECT / (os.environ.get("GPB_SCREENSHOTS") or otherwise)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _process(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    program = Path(sys.executable).parent / command[0]
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *command[1:]], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(START)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START
    while True:
        try:
            requests.get(url, timeout=START).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < deadline, f"{url} did not start"
            time.sleep(0.2)
        else:
            return
