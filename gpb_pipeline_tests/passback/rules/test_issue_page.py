"""docs/issues.md says what the catalogue says."""

from pathlib import Path

from gpb_pipeline.passback.rules.issue_page import issue_page
from gpb_pipeline.passback.rules.issues import CATALOGUE

PAGE = Path(__file__).parents[3] / "docs" / "issues.md"


def test_the_page_is_the_catalogues() -> None:
    stale = "stale: renew it with  python -m gpb_pipeline.passback.rules.issue_page > docs/issues.md"
    assert PAGE.read_text(encoding="utf-8") == issue_page(), stale


def test_every_code_has_one_row_with_all_that_the_catalogue_says() -> None:
    rows = [line for line in issue_page().splitlines() if line.startswith("| <a")]
    assert len(rows) == len(CATALOGUE)
    for code, issue in CATALOGUE.items():
        [row] = [row for row in rows if f"`{code}`" in row]
        said = (issue.severity, issue.stage, issue.cause, issue.remedy, issue.who)
        assert all(f" {each} " in row for each in said)
