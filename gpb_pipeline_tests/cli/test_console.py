"""How rows look at any width: nothing cut, what tells most first, numbers to the right."""

import re

import click
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.cli.console import ConsoleTable

WORDS = st.text("abcdefghij_-0123456789", min_size=1, max_size=36)
CELLS = st.lists(WORDS, max_size=6).map(" ".join)


def shown(listing: ConsoleTable, width: int) -> list[str]:
    return [click.unstyle(line) for line in listing.lines(width)]


def history() -> ConsoleTable:
    columns = ("Status", "SIS grades", "Course", "Started", "Cause")
    listing = ConsoleTable("Syncs", columns, numbers=frozenset({"SIS grades"}))
    listing.add("Completed (with errors)", "348/378 (92.1 %)", "1003", "2026-11-26 02:55", None)
    listing.add("Failed", "0/0", "1005", "2026-11-26 02:55", "Canvas is down. Try later.")
    return listing


def test_what_fits_stands_in_columns() -> None:
    assert shown(history(), 120) == [
        "Syncs",
        "Status                         SIS grades  Course  Started           Cause",
        "Completed (with errors)  348/378 (92.1 %)  1003    2026-11-26 02:55",
        "Failed                                0/0  1005    2026-11-26 02:55  Canvas is down. Try later.",
    ]


def test_what_does_not_fit_stands_below_its_row() -> None:
    assert shown(history(), 60) == [
        "Syncs",
        "Status                         SIS grades  Course",
        "Completed (with errors)  348/378 (92.1 %)  1003",
        "    Started: 2026-11-26 02:55",
        "Failed                                0/0  1005",
        "    Started: 2026-11-26 02:55",
        "    Cause: Canvas is down. Try later.",
    ]


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=4), st.integers(20, 220))
def test_nothing_is_cut_and_lines_are_no_wider_than_they_must(
    rows: list[tuple[str, str, str, str]], width: int
) -> None:
    listing = ConsoleTable("Title", ("One", "Two", "Three", "Four"))
    for row in rows:
        listing.add(*row)
    lines = shown(listing, width)
    text = " ".join(" ".join(lines).split())
    assert all(word in text for row in rows for cell in row for word in cell.split())
    longest = max((len(word) for row in rows for cell in row[1:] for word in cell.split()), default=0)
    assert max(len(line) for line in lines) <= max(width, 4 + longest, *(len(row[0]) for row in rows))


def test_a_name_is_no_command_to_the_terminal() -> None:
    listing = ConsoleTable("Title", ("Name",))
    listing.add("\x1b]0;owned\x07[b]Essay[/b]\n1")
    assert not re.search(r"[\x00-\x1f]", "".join(shown(listing, 80)))
    assert "[b]Essay[/b] 1" in "".join(shown(listing, 80))
