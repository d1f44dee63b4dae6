"""The catalogue: complete, in order, and in sentences."""

import re

from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.passback.rules.stops import STOPS, UNFORESEEN

COMMAND = re.compile(r"`|--|\bgpb\b|[A-Z]+_[A-Z]+|operator")


def test_every_code_has_its_entry_in_the_order_of_precedence() -> None:
    assert list(CATALOGUE) == list(Code)


def test_causes_and_remedies_are_sentences() -> None:
    for issue in CATALOGUE.values():
        for sentence in (issue.cause, issue.remedy, issue.to_instructor):
            assert sentence[0].isupper()
            assert sentence.endswith(".")


def test_those_who_teach_are_told_no_command_and_no_setting() -> None:
    for issue in CATALOGUE.values():
        assert not COMMAND.search(issue.cause + issue.to_instructor), issue
    for stop in (*STOPS.values(), UNFORESEEN):
        assert not COMMAND.search(stop.cause + stop.to_instructor + stop.to_who_asked), stop


def test_what_waits_for_someones_word_says_to_who_runs_the_pipeline_how_it_is_given() -> None:
    for code, issue in CATALOGUE.items():
        if "waits for someone's word" in issue.cause:
            assert "--confirm" in issue.remedy, code
