"""The page of the issue catalogue, docs/issues.md, made from the one table in code (issues.py).

Renew it with `python -m gpb_pipeline.passback.rules.issue_page > docs/issues.md`; a test fails while it is
stale.
"""

import sys

from gpb_pipeline.passback.rules.issues import CATALOGUE, Code, Effect, ItemKind

_HEAD = """\
# What a sync's warnings and errors mean

Made from `gpb_pipeline/passback/rules/issues.py`, which is the file to edit, by
`python -m gpb_pipeline.passback.rules.issue_page > docs/issues.md`.

Each item that a sync did not simply send carries a code, in the history's details, in `issues.csv`, in
`gpb details`, in alerts and in the Dagster UI. Codes are never renamed. Where several causes apply to one
item, it carries the first of this page, and its issues list them all.

* **Severity**: an *info* needs nothing done; a *warning* is for whoever can mend it in Canvas; an *error* is
  an item that failed, and ends the sync as *Completed (with errors)*.
* **Stage**: where in the sync it was found.
* **Remedy**: may name a command or a setting, which whoever runs the pipeline has. Where it does, or where
  someone else does it, those who teach the course read what stands under *In the course* instead.
* **Item**: *sent* as it is, *skipped*, or *failed*; what failed is tried again by the next sync.
"""
_TITLES: dict[ItemKind, str] = {"assignment": "Assignments", "grade": "Grades", "course": "Courses"}
_ITEM: dict[Effect, str] = {"skipped": "skipped", "failed": "failed", "none": "sent"}
_COLUMNS = ("Code", "Severity", "Stage", "Item", "Cause", "Remedy", "In the course", "Who can do it")


def issue_page() -> str:
    """Make the page as Markdown: a table a type of item, in the catalogue's order."""
    tables = (f"\n## {title}\n\n{_table(kind)}" for kind, title in _TITLES.items())
    return _HEAD + "".join(tables)


def _table(kind: ItemKind) -> str:
    rows = [_cells(code) for code, issue in CATALOGUE.items() if issue.kind == kind]
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(code: Code) -> tuple[str, ...]:
    issue = CATALOGUE[code]
    anchored = f'<a id="{code}"></a>`{code}`'  # so that others can link to one code
    effect, told = _ITEM[issue.effect], (issue.cause, issue.remedy, issue.in_course)
    cells = (anchored, issue.severity, issue.stage, effect, *told, issue.who)
    return tuple(cell.replace("|", "\\|") for cell in cells)


if __name__ == "__main__":
    sys.stdout.write(issue_page())
