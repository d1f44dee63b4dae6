"""Every code that may end a whole sync says its cause, its remedy, and who can act."""

import re
from pathlib import Path

from gpb_pipeline.passback.rules.issues import CATALOGUE
from gpb_pipeline.passback.rules.stops import STOPS, UNFORESEEN, stop_of

PACKAGE = Path(__file__).parents[3] / "gpb_pipeline"
ENDS_NO_SYNC = {"unexpected", "port_taken", "launch_refused", "looks_unwritable", "warehouse_unsound"}


def test_every_code_of_an_exception_is_listed() -> None:
    codes = {
        code
        for path in PACKAGE.rglob("*.py")
        if not {"cli", "sandbox"} & set(path.parts)
        for code in re.findall(r'\bcode ?= ?"([a-z_]+)"', path.read_text("utf-8"))
    }
    assert codes - ENDS_NO_SYNC <= set(STOPS)


def test_each_says_what_it_is_and_what_to_do() -> None:
    people = {issue.who for issue in CATALOGUE.values()}
    for stop in (*STOPS.values(), UNFORESEEN):
        assert stop.cause.endswith(".")
        assert stop.remedy.endswith(".")
        assert stop.who in people


def test_what_is_not_listed_is_a_fault_of_ours() -> None:
    assert stop_of("unexpected") is UNFORESEEN
