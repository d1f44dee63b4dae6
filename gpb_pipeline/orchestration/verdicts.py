"""What each check says of a course, as a pure function of its frames: no Dagster, no warehouse.

The stream judges the frames in its hands and a check run again those of the warehouse, by the same functions.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gpb_pipeline.passback.course import Reject
from gpb_pipeline.passback.rows import frames as rows_schemas
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.issues import Code

STAYS = ["skipped", "failed"]


@dataclass(frozen=True, kw_only=True)
class Met:
    """A cause met in an assignment of a section, and in how many of its items."""

    assignment_name: str
    section_id: str
    code: Code
    items: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`warn`: items stay behind by the rules; `error`: the books do not balance, or the SIS differs."""

    passed: bool
    severity: Literal["warn", "error"]
    counts: dict[str, int]
    met: tuple[Met, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RowRule:
    """Fails where a row carries one of `codes`; whatever goes must fulfil `holds`, codes or not."""

    codes: frozenset[Code]
    holds: Callable[[pd.DataFrame], "pd.Series[bool]"]

    def verdict(self, rows: pd.DataFrame, issues: pd.DataFrame) -> Verdict:
        """Judge the rows of a kind, planned or final, by the issues of their course."""
        met = _met(rows, issues[issues["code"].isin([code.value for code in self.codes])])
        going = rows[~rows["state"].isin([*STAYS, "unchanged"])]
        unsound = len(going) - int(self.holds(going).sum())
        return Verdict(
            passed=not met and not unsound,
            severity="error" if unsound else "warn",
            counts={
                "rows": len(rows),
                "kept_back": sum(each.items for each in met),
                "going_all_the_same": unsound,
            },
            met=met,
        )


Pairs = frozenset[tuple[str, str]]


def answered(
    submissions: pd.DataFrame, enrollments: pd.DataFrame, assignments: pd.DataFrame, sections: Collection[str]
) -> Pairs:
    """Count grades as Canvas answered them: the (assignment, student) of each that must come to an end.

    Not by the joins of passback/, whose losses this is to find: a grade counts where its student is active in
    a section to which its assignment is given (docs/decisions.md §8.5), or in none but `sections`, which were
    asked for: what Canvas shows a student is given to one of the student's own.
    """
    active = enrollments[(enrollments["type"] == "StudentEnrollment") & (enrollments["state"] == "active")]
    attends, given = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for user_id, section_id in zip(active["user_id"], active["section_id"], strict=True):
        attends[user_id].add(section_id)
    for assignment_id, section_id in zip(
        assignments["assignment_id"], assignments["section_id"], strict=True
    ):
        given[assignment_id].add(section_id)
    told = submissions["score"].notna() | (submissions["grade"].fillna("") != "")
    told |= submissions["excused"] | submissions["missing"] | submissions["late"]
    graded = submissions[told & submissions["assigned"]]
    pairs = zip(graded["assignment_id"], graded["user_id"], strict=True)
    return frozenset(
        (assignment_id, user_id)
        for assignment_id, user_id in pairs
        if given[assignment_id] & attends[user_id] or (attends[user_id] and attends[user_id] <= set(sections))
    )


def untold(rejects: Iterable[Reject], issues: pd.DataFrame) -> int:
    """Count what was laid aside at the door and stands in no issue."""
    names = ["code", "section_id", "assignment_id", "user_id"]
    told = {
        tuple(None if pd.isna(each) else each for each in row)
        for row in issues[names].itertuples(index=False)
    }
    items = {(each.code.value, each.section_id, each.assignment_id, each.user_id) for each in rejects}
    return len(items - told)


def every_item_accounted_for(
    outcome: Rows, counts: Counts, read: Pairs, rejects: Collection[Reject] = ()
) -> Verdict:
    """Hold a sync's rows against what Canvas answered, and the counts in its history against its rows."""
    grades = set(zip(outcome.grades["assignment_id"], outcome.grades["user_id"], strict=True))
    assignments = int(outcome.assignments["assignment_id"].nunique())
    faults = {
        "grades_lost": len(read - grades),
        "rejects_untold": untold(rejects, outcome.issues),
        "grades_unaccounted": abs(outcome.extracted.grades - len(grades)),
        "assignments_invented": max(0, assignments - outcome.extracted.assignments),
        "rows_without_an_end": _without_end(outcome.assignments) + _without_end(outcome.grades),
        "counts_differ": int(Counts.of(outcome) != counts),
    }
    met = {
        "grades_answered": len(read),
        "laid_aside": len(rejects),
        "extracted_grades": outcome.extracted.grades,
        "grades": len(grades),
        "assignments": assignments,
    }
    return Verdict(passed=not any(faults.values()), severity="error", counts=met | faults)


def sis_holds_what_was_sent(outcome: Rows) -> Verdict:
    """Tell writes that the SIS accepted from those that it does not hold, or of which nobody knows."""
    met = _met(
        outcome.assignments, outcome.issues[outcome.issues["code"].isin([code.value for code in _NOT_HELD])]
    )
    states = Counter(outcome.assignments["state"]) + Counter(outcome.grades["state"])
    return Verdict(
        passed=not met,
        severity="error",
        counts={state: states[state] for state in ("created", "updated", "withdrawn")}
        | {"not_held": sum(each.items for each in met)},
        met=met,
    )


_NOT_HELD = (
    Code.NOT_HELD,
    Code.ASSIGNMENT_NOT_HELD,
    Code.SIS_UNKNOWN_OUTCOME,
    Code.ASSIGNMENT_UNKNOWN_OUTCOME,
)

DUE_DATES = RowRule(
    codes=frozenset(
        {
            Code.NO_DUE_DATE,
            Code.EVERYONE_ELSE,
            Code.EVERYONE_ELSE_UNDATED,
            Code.PERIOD_MISSING,
            Code.PERIOD_CLOSED,
        }
    ),
    holds=lambda rows: rows["due_at"].notna() & rows["due_on_wire"].notna(),
)
MAPPED_CATEGORIES = RowRule(
    codes=frozenset(
        {
            Code.CATEGORY_UNASSOCIATED,
            Code.CATEGORY_NOT_FOUND,
            Code.CATEGORY_AMBIGUOUS,
            Code.CATEGORY_GONE,
        }
    ),
    holds=lambda rows: rows["category_id"].notna(),
)
NAMES_FIT = RowRule(
    codes=frozenset({Code.NAME_EMPTY, Code.NAME_TOO_LONG}),
    holds=lambda rows: rows["title"].str.strip() != "",
)
NAMES_UNIQUE = RowRule(
    codes=frozenset({Code.DUPLICATE_NAME, Code.NAMES_DIFFER_IN_CASE}),
    holds=lambda rows: (
        ~rows.assign(name=rows["assignment_name"].str.strip()).duplicated(["section_id", "name"], keep=False)
    ),
)
NUMERIC = RowRule(
    codes=frozenset({Code.NOT_GRADED, Code.NO_POINTS}),
    holds=lambda rows: rows["points_possible"] > 0,
)
NUMERIC_SCORES = RowRule(
    codes=frozenset({Code.TEXT_GRADE, Code.MISSING_WITHOUT_SCORE, Code.LATE_WITHOUT_SCORE}),
    holds=lambda rows: rows["score"].notna() | (rows["state"] == "withdraw"),
)


def _met(rows: pd.DataFrame, issues: pd.DataFrame) -> tuple[Met, ...]:
    """Count these issues by assignment, section and code; names as `rows` has them."""
    names = dict(zip(rows["assignment_id"], rows["assignment_name"], strict=True))
    items = zip(issues["assignment_id"], issues["section_id"], issues["code"], strict=True)
    return tuple(
        Met(
            assignment_name=names.get(assignment_id, str(assignment_id)),
            section_id=str(section_id),
            code=Code(code),
            items=count,
        )
        for (assignment_id, section_id, code), count in Counter(items).most_common()
    )


def _without_end(rows: pd.DataFrame) -> int:
    """Count rows whose state is none of the final ones, or that stayed behind without a known cause."""
    unended = ~rows["state"].isin(rows_schemas.FINAL)
    uncaused = rows["state"].isin(STAYS) & ~rows["code"].isin([code.value for code in Code])
    return int((unended | uncaused).sum())
