"""How tables are printed: as wide as the terminal, and never cut short where nobody looks at one."""

from rich.console import Console
from rich.table import Table

WIDE = 200  # characters, where the output is a file or a program


def console(*, stderr: bool = False) -> Console:
    """Make a console that prints names as they are; they may hold brackets."""
    made = Console(stderr=stderr, markup=False, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, markup=False, highlight=False, width=WIDE)


def show(*tables: Table) -> None:
    """Print those of the tables that have rows."""
    made = console()
    for table in tables:
        if table.row_count:
            made.print(table)
