"""A slice of `make engine` in every test run, and the proof that it can fail (docs/reliability.md)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpb_pipeline_tests.engine.plants import PLANTS
from gpb_pipeline_tests.engine.story import story

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def engine(*options: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, without threads: it forks."""
    command = [sys.executable, "-m", "gpb_pipeline_tests.engine", "--jobs", "1", *options]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)


def test_a_seed_breaks_nothing() -> None:
    ended = engine("--seed", "5", "--seeds", "1")  # `make engine` lives a thousand
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_planted_fault_is_found() -> None:
    plant = "a page without links is taken for the last"  # `make plants` plants each
    ended = engine("--plant", plant, "--seed", str(PLANTS[plant].seed), "--seeds", "1")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "BROKEN: night 1: 6 grades have no row" in ended.stdout


def test_a_seed_has_the_same_story_again() -> None:
    assert [story(seed) for seed in range(20)] == [story(seed) for seed in range(20)]


def test_a_tenth_of_the_seeds_is_killed_at_least() -> None:
    stories = [story(seed) for seed in range(200)]
    harms = [{each.harm for night in tale.nights for each in night.troubles} for tale in stories]
    assert sum("kill" in each for each in harms) >= 2 * len(stories) / 10


@pytest.mark.parametrize("plant", PLANTS)
def test_the_page_tells_of_each_planted_fault(plant: str) -> None:
    assert f"| {plant} |" in PAGE.read_text(encoding="utf-8")
