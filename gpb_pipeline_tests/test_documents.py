"""The documents lead somewhere, are all in the index, and name what there is. Commands: cli/test_docs.py."""

import re
import unicodedata
from pathlib import Path
from typing import get_args

import pytest
import yaml  # type: ignore[import-untyped]  # Dagster brings it

from gpb_pipeline.orchestration.health.remedies import SignName
from gpb_pipeline.passback.rules.stops import STOPS
from gpb_pipeline.warehouse import tables
from gpb_pipeline_tests.passback.rules.test_stops import ENDS_NO_SYNC

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("deploy/*.md")])
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Name what a link may lead to in a page: its headings, as repositories show them, and its own marks."""
    headings = re.findall(r"^#{1,6} (.+)$", prose(page), re.MULTILINE)
    return {slug(each) for each in headings} | set(re.findall(r'<a id="([^"]+)">', page.read_text("utf-8")))


def slug(heading: str) -> str:
    kept = [each for each in heading.lower() if each in " -_" or unicodedata.category(each)[0] in "LN"]
    return "".join(kept).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_link_leads_to_a_page_and_to_a_place_in_it(page: Path) -> None:
    for target, anchor in LINK.findall(prose(page)):
        if target.startswith(("http", "data:")):
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{target}"
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_each_page_is_in_the_index_that_people_read_and_in_the_sites_own() -> None:
    index = DOCS / "index.md"
    text = index.read_text("utf-8")
    listed = {line for block in FENCED.findall(text) for line in block.splitlines()}
    linked = {(DOCS / target).resolve() for target, _ in LINK.findall(prose(index))}
    for page in PAGES:
        if page != index:
            name = page.relative_to(DOCS) if page.parent == DOCS else Path("..") / page.relative_to(ROOT)
            assert str(name.with_suffix("")) in listed, name
            assert page in linked, name


def test_the_runbook_has_each_alert_each_sign_and_each_code_that_stops_a_sync() -> None:
    told = set(re.findall(r"`(\w+)`", (DOCS / "runbook.md").read_text("utf-8")))
    groups = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text("utf-8"))["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    assert {*alerts, *get_args(SignName), *STOPS, *ENDS_NO_SYNC} <= told


def test_the_glossarys_tables_and_columns_are_the_warehouses() -> None:
    page = (DOCS / "glossary.md").read_text("utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    named = {name for row in rows if len(row) == 7 for name in re.findall(r"`([a-z_]+)`", row[4])}
    columns = {column for table in tables.ALL for column in table.columns}
    assert len(named) > 10
    assert named <= columns | {table.name for table in tables.ALL}
