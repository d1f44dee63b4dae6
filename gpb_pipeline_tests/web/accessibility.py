"""What axe finds against WCAG AA in a page or in a frame: a run in the page sees no frame of another site."""

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Frame, Page

AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PATIENCE = 30_000.0
"""Milliseconds that it has to be there: of a frame that goes meanwhile one would wait for ever."""


def violations(where: Page | Frame) -> list[tuple[str, list[list[str]]]]:
    """Name each rule that is broken, with what breaks it."""
    root = where.locator(":root")
    root.evaluate(f"() => {{ {AXE_SCRIPT} }}", timeout=PATIENCE)
    found = root.evaluate("(_, options) => axe.run(options)", AA, timeout=PATIENCE)["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
