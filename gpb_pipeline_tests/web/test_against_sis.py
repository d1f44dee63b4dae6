"""The pages of a real sync of the sandbox's school, held against the SIS's own log; the README's pictures.

`GPB_SCREENSHOTS=docs/screenshots` keeps the pictures that are made here.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gpb_pipeline.events import CourseFailed
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import NightlySettings, WarehouseSettings, WebSettings
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline.warehouse import ducklake, tables
from gpb_pipeline_tests.sync.desk import BIOLOGY, SCHOOL
from gpb_pipeline_tests.web.conftest import Client
from gpb_pipeline_tests.web.serving import served


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, str, str]]:
    """The school, synced once: the sandbox, the pages' address, Biology's job."""
    folder = tmp_path_factory.mktemp("school")
    with running_sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        catalogue = {"GPB_CATALOG": "sqlite:catalog.sqlite", "GPB_DATA_PATH": "data"}
        for name, value in {**sandbox.environment, **catalogue}.items():
            patch.setenv(name, value)
        requests = [
            SyncRequest(job_id=f"7d1f0c2ab94e-{course_id}", course_id=course_id, posted_by="Ms. Frizzle")
            for course_id in SCHOOL
        ]
        with open_connections() as connections:
            assert not [
                event for event in sync_courses(connections, requests) if isinstance(event, CourseFailed)
            ]
        with (
            ducklake.connect(WarehouseSettings.load(), tables.create) as warehouse,
            served(warehouse, WebSettings(), NightlySettings(enabled=True)) as url,
        ):
            yield sandbox, url, f"7d1f0c2ab94e-{BIOLOGY}"


def test_every_count_on_the_pages_is_what_the_sis_itself_counted(school: tuple[Sandbox, str, str]) -> None:
    sandbox, url, _ = school
    shown: Counter[str] = Counter()
    with Client(url) as client:
        for course_id in SCHOOL:
            page = client.page(f"/courses/{course_id}")
            items, results = re.findall(r'<td[^>]*><span class="figure">(\d+) <span', page)
            shown.update({"lineItem": int(items), "result": int(results)})
    assert shown == Counter(write["object"] for write in sandbox.writes())


def test_every_grade_in_the_download_is_the_one_that_the_sis_holds(school: tuple[Sandbox, str, str]) -> None:
    sandbox, url, job_id = school
    with Client(url) as client:
        rows = list(csv.DictReader(io.StringIO(client.page(f"/syncs/{job_id}/grades.csv?state=created"))))
    held = Counter((each["line_item_id"], each["score"]) for each in sandbox.state()["results"])
    sent = Counter((row["assignment SIS id"], float(row["submitted score"])) for row in rows)
    assert sent
    assert sent <= held


def test_the_log_holds_every_row_once_and_its_states_add_up(school: tuple[Sandbox, str, str]) -> None:
    _, url, job_id = school
    with Client(url) as client:
        rows = list(csv.DictReader(io.StringIO(client.page(f"/syncs/{job_id}/grades.csv"))))
        page = client.page(f"/syncs/{job_id}")
    told = dict(re.findall(r'/grades\?state=(\w+)".*?<b>([\d,]+)</b>', page))
    assert {state: int(count.replace(",", "")) for state, count in told.items()} == Counter(
        row["state"] for row in rows
    )


@pytest.mark.long
def test_the_pages_have_their_pictures_taken(
    school: tuple[Sandbox, str, str], browser: Browser, tmp_path: Path
) -> None:
    _, url, job_id = school
    folder = Path(os.environ.get("GPB_SCREENSHOTS") or tmp_path)
    if not folder.is_absolute():
        folder = Path(__file__).parents[2] / folder
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    for name, path in {
        "courses": "/",
        "history": f"/courses/{BIOLOGY}",
        "overview": f"/syncs/{job_id}",
        "issues": f"/syncs/{job_id}/issues",
        "grades": f"/syncs/{job_id}/grades?sort=student",
    }.items():
        page.goto(path)
        page.screenshot(path=folder / f"pages-{name}.png")
    context.close()
    assert len(list(folder.glob("pages-*.png"))) == 5
