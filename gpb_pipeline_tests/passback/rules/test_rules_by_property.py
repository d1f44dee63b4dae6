"""The rules over arbitrary small courses: nothing is lost, goes twice, or goes that may not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, Holdings
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rows.frames import FINAL, Rows
from gpb_pipeline.passback.rows.settle import TO_WRITE
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline_tests.passback.courses import (
    DUE,
    POLICY,
    POSTED,
    Row,
    School,
    assignment,
    category,
    group,
    mapped,
    override,
    period,
    scored,
    section,
    student,
)
from gpb_pipeline_tests.passback.syncs import answered, planned, posted, synced, willing, writes

NEVER_HELD = replace(POLICY, withdraw_count=1000)
SECTIONS, STUDENTS, ASSIGNMENTS = ("1", "2"), ("a", "b", "c"), ("10", "11", "12")
GROUPS = {"g": "Homework", "h": "Labs"}
few = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])

sections = st.builds(
    lambda unnamed: [
        section(each, **({"sis_section_id": None} if each in unnamed else {})) for each in SECTIONS
    ],
    st.sets(st.sampled_from(SECTIONS), max_size=1),
)
enrollments = st.lists(
    st.tuples(
        st.sampled_from(STUDENTS),
        st.sampled_from(SECTIONS),
        st.sampled_from(["active", "active", "active", "inactive", "invited"]),
    ),
    max_size=6,
    unique=True,
)
assignments = st.lists(
    st.fixed_dictionaries(
        {
            "assignment_name": st.sampled_from(["Quiz", "quiz", " Quiz ", "Test", "Essay", "x" * 51]),
            "group_id": st.sampled_from(list(GROUPS)),
            "points_possible": st.sampled_from([10.0, 10.0, 0.0, None]),
            "grading_type": st.sampled_from(["points", "points", "pass_fail", "not_graded"]),
            "due_at": st.sampled_from([DUE, DUE, "2026-11-30T15:00:00Z", None]),
            "workflow_state": st.sampled_from(["published", "published", "published", "unpublished"]),
            "only_visible_to_overrides": st.sampled_from([False, False, True]),
        }
    ),
    max_size=3,
)
overrides = st.dictionaries(
    st.tuples(
        st.sampled_from(ASSIGNMENTS), st.sampled_from([("section", "1"), ("section", "2"), ("student", "a")])
    ),
    st.fixed_dictionaries(
        {
            "due_at_overridden": st.booleans(),
            "due_at": st.sampled_from([DUE, "2026-12-03T04:59:59Z", None]),
            "unassign_item": st.sampled_from([False, False, False, True]),
        }
    ),
    max_size=3,
)
cell: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "score": st.sampled_from([None, 0.0, 7.5, 8.0, 11.0]),
        "grade": st.sampled_from([None, "B+"]),
        "posted_at": st.sampled_from([POSTED, POSTED, None]),
        "missing": st.booleans(),
        "late": st.booleans(),
        "assigned": st.sampled_from([True, True, True, False]),
    }
)
cells = st.dictionaries(
    st.tuples(st.sampled_from([*STUDENTS, "test"]), st.sampled_from(ASSIGNMENTS)), cell, max_size=9
)
excuses = st.sets(st.tuples(st.sampled_from(STUDENTS), st.sampled_from(ASSIGNMENTS)), max_size=2)


@st.composite
def schools(draw: st.DrawFn) -> School:
    """A course of up to two sections, three students and the test student, and three assignments."""
    works = [assignment(each, **row) for each, row in zip(ASSIGNMENTS, draw(assignments), strict=False)]
    known = {each["assignment_id"] for each in works}
    nameless = draw(st.sampled_from([None, None, "b"]))
    people = [
        student(who, where, state=state, **_sis_id(who, nameless)) for who, where, state in draw(enrollments)
    ]
    excused = draw(excuses)
    rows = draw(cells)
    return School(
        sections=draw(sections),
        students=[*people, student("test", "1", type="StudentViewEnrollment")],
        groups=[group(each, name) for each, name in GROUPS.items()],
        assignments=works,
        overrides=[
            override(target, target_id, work, **row)
            for (work, (target, target_id)), row in draw(overrides).items()
            if work in known
        ],
        submissions=[
            scored(user_id=who, assignment_id=work, **(row | _excuse((who, work) in excused)))
            for (who, work), row in rows.items()
            if work in known
        ],
        categories=draw(
            st.sampled_from(
                [[category()], [category(), category("LAB", "Labs")], [category(), category("H2")]]
            )
        ),
        periods=draw(
            st.sampled_from(
                [[], [period("MP2", "2026-11-10", "2026-11-16"), period("MP3", "2026-11-17", "2026-12-20")]]
            )
        ),
        unknown_classes=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"C2"})])),
        off_roster=draw(st.sampled_from([frozenset(), frozenset({"A"})])),
    )


def _sis_id(who: str, nameless: str | None) -> Row:
    return {"sis_user_id": None} if who == nameless else {}


def _excuse(excused: bool) -> Row:  # noqa: FBT001  a fact of a row
    return {"excused": True, "score": None, "grade": None} if excused else {}


@st.composite
def histories(draw: st.DrawFn) -> tuple[School, Holdings]:
    """A course as it is now, and what is remembered of it from another time."""
    return draw(schools()), synced(draw(schools()), policy=NEVER_HELD)


def plan_of(school: School, before: Holdings, sync_type: Any = "manual") -> Rows:
    return planned(school, before, sync_type, policy=NEVER_HELD)


@few
@given(histories())
def test_every_row_ends_in_one_state_and_the_counts_add_up_to_what_was_extracted(
    history: tuple[School, Holdings],
) -> None:
    school, before = history
    plan = plan_of(school, before)
    outcome = posted(plan, willing(plan, refuses=frozenset({("1", "10", "a")})))
    for rows in (outcome.assignments, outcome.grades):
        assert rows["state"].isin(FINAL).all()
        assert (rows["code"].isna() | rows["code"].isin(list(Code))).all()
        assert rows.loc[rows["state"].isin(["skipped", "failed"]), "code"].notna().all()
        assert rows.loc[~rows["state"].isin(["skipped", "failed"]), "code"].isna().all()
    grades = outcome.grades.drop_duplicates(["assignment_id", "user_id"])
    assert len(grades) == outcome.extracted.grades
    counts = Counts.of(outcome)
    assert counts.results.sent + counts.withdrawn + _number(outcome, "unchanged", "skipped") == len(
        outcome.grades
    )


def _number(outcome: Rows, *states: str) -> int:
    return int(outcome.grades["state"].isin(states).sum())


@few
@given(histories())
def test_a_cause_is_told_of_every_row_that_does_not_go(history: tuple[School, Holdings]) -> None:
    plan = plan_of(*history)
    told = set(
        plan.issues[["code", "section_id", "assignment_id", "user_id"]].itertuples(index=False, name=None)
    )
    for each in rows_of(plan.assignments[plan.assignments["code"].notna()]):
        assert (each.code, each.section_id, each.assignment_id, None) in told
    for each in rows_of(plan.grades[plan.grades["code"].notna()]):
        who = None if each.code == Code.ASSIGNMENT_NOT_SENT else each.user_id
        assert (each.code, each.section_id, each.assignment_id, who) in told
    assert len(told) == len(plan.issues), "each once"


@few
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_what_was_read_decides_nothing(history: tuple[School, Holdings], dice: Any) -> None:
    school, before = history

    def shuffled(rows: Sequence[Row]) -> list[Row]:
        return dice.sample(list(rows), len(rows))  # type: ignore[no-any-return]

    other = school.with_(
        **{
            name: shuffled(getattr(school, name))
            for name in (
                "sections",
                "students",
                "groups",
                "assignments",
                "overrides",
                "submissions",
                "categories",
                "periods",
            )
        }
    )
    shuffle: dict[str, Any] = {"frac": 1, "random_state": 1, "ignore_index": True}
    held = Holdings(line_items=before.line_items.sample(**shuffle), results=before.results.sample(**shuffle))
    first, second = plan_of(school, before), plan_of(other, held)
    _same(first.assignments, second.assignments, ["section_id", "class_id", "assignment_id"])
    _same(first.grades, second.grades, ["section_id", "class_id", "assignment_id", "user_id", "student_id"])
    _same(first.issues, second.issues, ["code", "section_id", "assignment_id", "user_id"])


def _same(left: pd.DataFrame, right: pd.DataFrame, key: list[str]) -> None:
    first, second = (each.sort_values(key, ignore_index=True) for each in (left, right))
    pd.testing.assert_frame_equal(first, second)


@few
@given(histories())
def test_a_repeat_sends_nothing_whoever_chooses_the_ids(history: tuple[School, Holdings]) -> None:
    school, before = history
    for chooses_ids in (False, True):
        plan = plan_of(school, before)
        held = answered(plan, before, willing(plan, chooses_ids=chooses_ids))
        again = plan_of(school, held)
        assert writes(again) == {}
        assert again.grades["state"].isin(["unchanged", "skipped", "failed"]).all()


@few
@given(histories())
def test_a_remaster_writes_exactly_what_may_go_and_nothing_bars(history: tuple[School, Holdings]) -> None:
    school, before = history
    ordinary, remaster = plan_of(school, before), plan_of(school, before, "remaster")
    bars = remaster.assignments["bar"].notna()
    barred = set(
        remaster.assignments.loc[bars, ["section_id", "assignment_id"]].itertuples(index=False, name=None)
    )
    for name in ("assignments", "grades"):
        rows = getattr(ordinary, name)
        may_go = [
            each.state in {"create", "update", "unchanged"}
            and (each.section_id, each.assignment_id) not in barred
            for each in rows_of(rows)
        ]
        assert getattr(remaster, name)["state"].isin(["create", "update"]).to_list() == may_go


@few
@given(histories())
def test_nothing_goes_that_is_hidden_or_of_another_than_an_active_student_on_the_roster(
    history: tuple[School, Holdings],
) -> None:
    school, before = history
    plan = plan_of(school, before, "remaster")
    roster = set(school.sis.roster[["section_id", "student_id"]].itertuples(index=False, name=None))
    cells_by_key = {(each["assignment_id"], each["user_id"]): each for each in school.submissions}
    active = {
        (each["section_id"], each["user_id"])
        for each in school.students
        if each["state"] == "active" and each["type"] == "StudentEnrollment"
    }
    goes = plan.grades[plan.grades["state"].isin(["create", "update"])]
    for each in rows_of(goes):
        row = cells_by_key[each.assignment_id, each.user_id]
        assert row["posted_at"] is not None
        assert each.score == (0.0 if row["excused"] else row["score"])
        assert each.exempt == row["excused"]
        assert (each.section_id, each.student_id) in roster
        assert (each.section_id, each.user_id) in active
    hidden = [each for each in rows_of(plan.grades) if _is_hidden(cells_by_key, each)]
    assert all(pd.isna(each.score) for each in hidden)
    assert "test" not in set(plan.grades["user_id"])


def _is_hidden(cells_by_key: dict[tuple[str, str], Row], row: Any) -> bool:
    found = cells_by_key.get((row.assignment_id, row.user_id))
    return found is not None and found["score"] is not None and found["posted_at"] is None


@few
@given(histories())
def test_only_what_was_held_is_withdrawn_and_only_where_canvas_shows_it_empty(
    history: tuple[School, Holdings],
) -> None:
    school, before = history
    plan = plan_of(school, before)
    held = set(before.results["result_id"])
    empty = {
        (each["assignment_id"], each["user_id"])
        for each in school.submissions
        if each["score"] is None and not each["excused"] and each["assigned"]
    }
    for each in rows_of(plan.grades[plan.grades["state"] == "withdraw"]):
        assert each.result_id in held
        assert (each.assignment_id, each.user_id) in empty


@few
@given(histories())
def test_a_grade_goes_only_under_a_line_item_that_is_held_or_goes_before_it(
    history: tuple[School, Holdings],
) -> None:
    school, before = history
    plan = plan_of(school, before)
    standing = plan.assignments[plan.assignments["state"].isin(["create", "update", "unchanged"])]
    ids = set(standing["line_item_id"])
    goes = plan.grades[plan.grades["state"].isin(["create", "update"])]
    assert set(goes["line_item_id"]) <= ids
    created = plan.assignments[plan.assignments["state"] == "create"]
    assert set(created["line_item_id"]) <= set(goes["line_item_id"]), "scores come first"


@few
@given(schools(), st.sampled_from(SECTIONS), st.sampled_from(list(GROUPS)))
def test_a_mapping_sends_no_more_than_its_sections_line_items_and_what_waited_for_them(
    school: School, section_id: str, group_id: str
) -> None:
    before = synced(school, policy=NEVER_HELD)
    plan = plan_of(school.with_(mapping=[mapped("HW", group_id, section_id)]), before)
    groups = {each["assignment_id"]: each["group_id"] for each in school.assignments}
    for each in rows_of(plan.assignments[plan.assignments["state"].isin(TO_WRITE)]):
        assert (each.section_id, groups[each.assignment_id]) == (section_id, group_id)
    assert not plan.grades["state"].isin(["update", "withdraw"]).any()


@few
@given(schools())
def test_where_nothing_is_held_nothing_is_updated_withdrawn_or_orphaned(school: School) -> None:
    plan = plan_of(school, NO_HOLDINGS)
    assert not plan.grades["state"].isin(["update", "unchanged", "withdraw"]).any()
    assert Code.ORPHAN.value not in set(plan.grades["code"])
