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

import dagster as dg
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from gpb_pipeline.orchestration import check_specs
from gpb_pipeline.orchestration.home import PROJECT
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, ENGLISH, HISTORY, TODAY

UNKNOWN, SPANISH = "999", "1006"
NIGHTLY = ALGEBRA, ENGLISH, BIOLOGY, HISTORY, SPANISH
START = 120.0
"""Seconds that a server has to start or to end, on a machine that does much else."""
ANSWER, RUN = 60_000, 240_000
"""Milliseconds that the UI has to show a thing, and a run to be over."""


@pytest.fixture(scope="module")
def town(new_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox, and the address of a UI whose runs sync it."""
    folder = tmp_path_factory.mktemp("ui")
    home = shutil.copytree(new_home, folder / "dagster_home")
    shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_courses(instance, [UNKNOWN, "1001", "1002", "1003", "1004", "1005", "1006"])
    with running_sandbox(today=TODAY) as sandbox, ExitStack() as running:
        environment = os.environ | sandbox.environment
        environment |= {"DAGSTER_HOME": str(home), "GPB_CATALOG": "sqlite:catalog.sqlite"}
        environment |= {"GPB_DATA_PATH": "data", "GPB_WEB_URL": "http://127.0.0.1:8080"}
        environment |= {"GPB_NIGHTLY_ENABLED": "true"}
        _opt_in(folder, environment, *NIGHTLY)
        port = str(_free_port())
        for command in (["dagster-webserver", "-h", "127.0.0.1", "-p", port], ["dagster-daemon", "run"]):
            running.enter_context(_process(command, folder, environment))
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield sandbox, url


@pytest.fixture
def page(browser: Browser, town: tuple[Sandbox, str]) -> Iterator[Page]:
    context = browser.new_context(base_url=town[1], viewport={"width": 1280, "height": 900})
    context.set_default_timeout(ANSWER)
    expect.set_options(timeout=ANSWER)
    yield context.new_page()
    context.close()


def test_the_lineage_shows_the_groups_and_an_asset_its_kinds_and_owners(page: Page) -> None:
    page.goto("/asset-groups")
    for group in {product.group for product in PRODUCTS.values()}:
        expect(page.get_by_role("button", name=f"asset_group {group}")).to_be_visible()
    page.goto("/assets/sis_grades")
    for told in ("passback", "oneroster", "DuckDB", "data", PRODUCTS["sis_grades"].description):
        expect(page.get_by_text(told, exact=True).filter(visible=True).first).to_be_visible()
    expect(page.get_by_text("private; as submitted, 0 if exempt")).to_be_visible()  # its columns


def test_a_course_is_synced_by_clicks_and_its_line_and_pictures_are_seen(
    page: Page, town: tuple[Sandbox, str], tmp_path: Path
) -> None:
    sandbox, _ = town
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


def test_a_scattered_backfill_is_green_for_the_good_courses_and_red_for_the_bad_one(
    page: Page, town: tuple[Sandbox, str]
) -> None:
    sandbox, _ = town
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


@pytest.mark.parametrize("asset", ["filtered_assignments", "grade_syncs"])
def test_the_checks_are_listed_with_what_they_say_and_found(page: Page, asset: str) -> None:
    page.goto(f"/assets/{asset}?view=checks")
    for name in (name for name, check in check_specs.CHECKS.items() if check.asset == asset):
        page.get_by_title(name).first.click()
        expect(page.get_by_text(check_specs.CHECKS[name].description.replace("`", ""))).to_be_visible()
        expect(page.get_by_text(re.compile("^(Passed|Failed)$")).first).to_be_visible()


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


def _launched(url: str, job: str, config: dict[str, object]) -> str:
    """Launch it as the UI does; the daemon's queue begins it."""
    selector = {"repositoryLocationName": "gpb_pipeline", "repositoryName": "__repository__", "jobName": job}
    params = {"selector": selector, "runConfigData": config, "mode": "default"}
    body = {"query": LAUNCH, "variables": {"params": params}}
    answer = requests.post(f"{url}/graphql", json=body, timeout=START).json()
    return str(answer["data"]["launchPipelineExecution"]["run"]["runId"])


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
    whole: list[str | Path] = [program, *command[1:], "-w", PROJECT / "workspace.yaml"]
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(whole, cwd=folder, env=environment, stdout=log, stderr=log)
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
            requests.get(f"{url}/server_info", timeout=START).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < deadline, "dagster-webserver did not start"
            time.sleep(0.2)
        else:
            return
