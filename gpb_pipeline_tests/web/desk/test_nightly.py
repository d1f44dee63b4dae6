"""The Nightly Sync switch, there where the institution allows it; the next night in the account's time."""

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import COURSE, made
from gpb_pipeline_tests.web.tool import tool_served

pytestmark = pytest.mark.usefixtures("_as_new")


def test_where_the_institution_has_it_off_there_is_no_switch_and_none_can_be_forged(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    with tool_served(sandbox, warehouse, tmp_path, nightly=NightlySettings(enabled=False)) as url:
        assert "switched off for the institution" in teacher.launches().text
        page = teacher.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
        assert "Remaster Grade Passback" in page
        assert "Nightly" not in page
        window = teacher.get(f"{url}/courses/{COURSE}/sync", timeout=60).text
        token = window.partition('name="token" value="')[2].partition('"')[0]
        answer = teacher.post(
            f"{url}/courses/{COURSE}/ask/nightly",
            data={"token": token, "enabled": "true"},
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=20,
        )
        assert answer.status_code == 409
    assert made(warehouse) == []


def test_what_is_on_by_the_institutions_default_says_so_and_can_be_switched_off(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    told = "as your institution has it for every course"
    with tool_served(
        sandbox, warehouse, tmp_path, nightly=NightlySettings(enabled=True, default=True)
    ) as url:
        assert told in teacher.launches().text
        page = teacher.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
        assert told in page
        assert 'name="enabled" value="false"' in page
        before = NOON - timedelta(hours=1)
        warehouse.commit(choices.choose_nightly, [COURSE], enabled=False, by="Dana", at=before)
        page = teacher.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
    assert told not in page
    assert 'aria-checked="false"' in page


def test_while_it_is_being_switched_it_shows_what_was_wished_and_offers_the_opposite(
    url: str, sandbox: Sandbox, warehouse: Warehouse
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    teacher.launches()
    page = teacher.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text
    for wished, opposite in (("true", "false"), ("false", "true")):
        [offered] = re.findall(r'name="enabled" value="(\w+)"', page)
        assert offered == wished
        form = {"token": page.partition('name="token" value="')[2].partition('"')[0], "enabled": offered}
        address = f"{url}/courses/{COURSE}/ask/nightly"
        page = teacher.post(address, data=form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60).text
        assert f'aria-checked="{wished}"' in page
        assert f"It is being switched {'on' if wished == 'true' else 'off'}." in page
        assert f'name="enabled" value="{opposite}"' in page
    assert [each.wanted["enabled"] for each in made(warehouse)] == [False, True]


@pytest.mark.parametrize(
    ("zone", "told"), [("America/Phoenix", "10:00 PM MST"), ("Asia/Kolkata", "10:00 PM IST")]
)
def test_the_next_night_is_told_in_the_accounts_zone(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path, zone: str, told: str
) -> None:
    warehouse.commit(choices.choose_nightly, [COURSE], enabled=True, by="Dana", at=NOON)
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    with tool_served(sandbox, warehouse, tmp_path, zone=ZoneInfo(zone)) as url:
        for page in (
            teacher.launches().text,
            teacher.get(f"{url}/courses/{COURSE}/utilities", timeout=60).text,
        ):
            words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
            assert re.search(rf"Next nightly sync: \w+ \d+, \d+, {told}", words)
