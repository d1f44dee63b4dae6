"""How rows are shown on a terminal: as many columns as fit whole, and the rest of each row below it.

Nothing is ever cut: two codes or dates that look alike would be worse than a longer page. Where nobody looks
at a terminal, rows are as wide as they are. What is shown, each command says; how far a run is, progress.py.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import click
from rich.cells import cell_len

WIDE = 200  # characters, where the output is a file or a program
GAP, INDENT, BETWEEN = "  ", "    ", " · "


@dataclass(frozen=True)
class ConsoleTable:
    """Rows under a title. What tells most stands first; the columns in `numbers` are set to the right."""

    title: str
    columns: tuple[str, ...]
    numbers: frozenset[str] = frozenset()
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """Add a row; None is an empty cell."""
        self.rows.append(tuple(_plain(each) for each in cells))

    def lines(self, width: int) -> Iterator[str]:
        """Set it in lines of at most `width` characters, as far as no single word is longer."""
        kept = [at for at in range(len(self.columns)) if at == 0 or any(row[at] for row in self.rows)]
        widths = {at: max(cell_len(cells[at]) for cells in (self.columns, *self.rows)) for at in kept}
        beside = _fitting(kept, widths, width)
        below = kept[len(beside) :]
        yield from (click.style(line, bold=True) for line in textwrap.wrap(self.title, width))
        yield click.style(self._beside(self.columns, beside, widths).rstrip(), underline=True)
        for row in self.rows:
            yield self._beside(row, beside, widths).rstrip()
            yield from _flowing([f"{self.columns[at]}: {row[at]}" for at in below if row[at]], width)

    def _beside(self, cells: Sequence[str], beside: Sequence[int], widths: dict[int, int]) -> str:
        return GAP.join(
            _padded(cells[at], widths[at], right=self.columns[at] in self.numbers) for at in beside
        )


def show(*listings: ConsoleTable) -> None:
    """Print those that have rows, with a line between them."""
    width = shutil.get_terminal_size((WIDE, 0)).columns
    for number, listing in enumerate(each for each in listings if each.rows):
        if number:
            click.echo()
        for line in listing.lines(width):
            click.echo(line)


def tell(text: str) -> None:
    """Print a paragraph, wrapped to the terminal."""
    width = shutil.get_terminal_size((WIDE, 0)).columns
    for line in text.splitlines():
        click.echo(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False))


def counted(count: int, noun: str) -> str:
    """Say how many there are, in the noun's right form."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def typed(*words: str) -> str:
    """Give a command as it is typed to work on what this one works on: with --sandbox, if that was given."""
    context = click.get_current_context(silent=True)
    on_sandbox = context is not None and context.find_root().params.get("sandbox")
    return " ".join(["gpb", *(["--sandbox"] if on_sandbox else []), *words])


def _plain(cell: object) -> str:
    """Text of one line; a name may hold what a terminal would take for a command."""
    text = "" if cell is None else " ".join(str(cell).split())
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _fitting(columns: Sequence[int], widths: dict[int, int], width: int) -> Sequence[int]:
    """Take the first columns that stand beside each other whole; the very first always does."""
    taken = 0
    for count, at in enumerate(columns):
        taken += widths[at] + (len(GAP) if count else 0)
        if taken > width and count:
            return columns[:count]
    return columns


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space


def _flowing(pieces: Sequence[str], width: int) -> Iterator[str]:
    """Set pieces behind each other, each whole where it fits into a line."""
    room, line = max(width - len(INDENT), 1), ""
    for piece in pieces:
        joined = f"{line}{BETWEEN}{piece}" if line else piece
        if cell_len(joined) <= room:
            line = joined
            continue
        if line:
            yield INDENT + line
        *full, line = textwrap.wrap(piece, room, break_long_words=False, break_on_hyphens=False) or [""]
        yield from (INDENT + each for each in full)
    if line:
        yield INDENT + line
