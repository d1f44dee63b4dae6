"""The sandbox's school, read over real HTTP and planned: every case of the manual and of the traps, by name.

Of each Canvas assignment its fate in each section with a SIS id (`-`: not there), and below it how many of
its grades go or carry which code. What fails has an exclamation mark.
"""

import pytest

from gpb_pipeline.passback.course import CanvasRead, Selection, SisRead
from gpb_pipeline.passback.frames import CategoryMapping, empty, rows_of
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS
from gpb_pipeline.passback.holdings.plan import plan
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.judge import judge
from gpb_pipeline_tests.passback.conftest import ReadCourse
from gpb_pipeline_tests.passback.courses import POLICY

ALGEBRA = """
Homework 3.1: goes in all
    16 goes
Homework 3.2: goes in all
    16 goes
Unit 3 Quiz: goes in all
    16 goes
Unit 3 Test: goes in all
    16 goes
"""

ENGLISH = """
Vocabulary Homework 5: goes in all
    7 goes, 1 hidden, 3 missing_without_score
Essay 2, hidden until all are read: no_grades_yet in all
    12 hidden
Essay 1: goes in all
    12 goes
Reading Log: goes in all
    12 goes
Book Talk: goes in all
    12 goes
Annotated Bibliography: goes in all
    12 goes
Self-Reflection: not_graded in all
    no grades
Author Study, for next month: no_grades_yet in all
    no grades
Short Story Quiz: goes in all
    10 goes, 1 hidden
"""

BIOLOGY = """
Cell Lab Report: goes in all
    30 goes
Lab Notebook Check: no_due_date in all
    30 assignment_not_sent
Osmosis Lab: goes | no_due_date | goes
    10 assignment_not_sent, 20 goes
Microscope Practical: goes in all
    30 goes
Cell Model Project: goes in all
    30 goes
Genetics Survey: goes | everyone_else | everyone_else
    20 assignment_not_sent, 10 goes
Punnett Squares: goes | no_due_date | no_due_date
    20 assignment_not_sent, 10 goes
Unit 1 Lab, from last period: goes in all
    30 goes
Individual Conferences: goes in all
    30 goes
Enzymes, independent study: assigned_to_students_only in all
    2 assignment_not_sent
Makeup Lab: goes in all
    29 goes
Comparing Mitosis and Meiosis in Plant and Animal Cells: name_too_long in all
    30 assignment_not_sent
Weekly Check-In: duplicate_name in all
    30 assignment_not_sent
Weekly Check-In: duplicate_name in all
    30 assignment_not_sent
Reading Guide: goes in all
    30 goes
reading guide: goes in all
    30 goes
Nature Walk, extra credit: no_points in all
    30 assignment_not_sent
Practice Test, not counted: goes in all
    30 goes
Ecosystem Poster, in groups: goes in all
    30 goes
Blind Lab Report: no_grades_yet in all
    30 hidden
Research Paper, two graders: no_grades_yet in all
    no grades
Debate: Stem Cells: goes in all
    29 goes, 1 hidden
Field Trip Reflection: - | goes | -
    10 goes
"""

HISTORY = """
Federalist Essay: goes | goes | class_unknown! | no_grades_yet
    6 assignment_not_sent!, 12 goes
Map of the Colonies: goes | category_not_found | class_unknown! | no_grades_yet
    6 assignment_not_sent, 6 assignment_not_sent!, 6 goes
Constitution Test: goes | goes | class_unknown! | no_grades_yet
    6 assignment_not_sent!, 12 goes
Museum Project: category_ambiguous | category_ambiguous | class_unknown! | no_grades_yet
    12 assignment_not_sent, 6 assignment_not_sent!
Socratic Seminar: category_not_found | category_not_found | class_unknown! | no_grades_yet
    12 assignment_not_sent, 6 assignment_not_sent!
Primary Source Warm-Up: category_not_found | category_not_found | class_unknown! | no_grades_yet
    12 assignment_not_sent, 6 assignment_not_sent!
"""

EARTH_SCIENCE = """
Rock Cycle Worksheet: goes in all
    7 goes, 1 student_not_on_roster!, 1 student_without_sis_id
Mineral Identification: goes in all
    7 goes, 1 student_not_on_roster!, 1 student_without_sis_id
Review, from last period: goes in all
    7 goes, 1 student_not_on_roster!, 1 student_without_sis_id
Lab Cleanup: goes in all
    7 goes, 1 student_not_on_roster!, 1 student_without_sis_id
"""

SPANISH = """
Verb Quiz 4: goes in all
    10 goes
Listening Quiz 2: goes in all
    10 goes
Mi familia: goes in all
    10 goes
"""


EXPECTED = {
    "Algebra I": ("1001", ALGEBRA),
    "English 9": ("1002", ENGLISH),
    "Biology": ("1003", BIOLOGY),
    "US History": ("1004", HISTORY),
    "Earth Science": ("1005", EARTH_SCIENCE),
    "Spanish I": ("1006", SPANISH),
}


@pytest.mark.parametrize(("course_id", "expected"), EXPECTED.values(), ids=EXPECTED)
def test_every_assignment_and_grade_of_the_school_ends_as_its_name_says(
    read_school: ReadCourse, course_id: str, expected: str
) -> None:
    canvas, sis = read_school(course_id)
    assert table(plan_of(canvas, sis)) == expected.strip()


def test_a_class_has_its_own_category_before_a_global_one(read_school: ReadCourse) -> None:
    canvas, sis = read_school("1004")
    rows = plan_of(canvas, sis).assignments
    essays = rows[rows["group_name"] == "Essays"]
    assert dict(zip(essays["sis_section_id"], essays["category_id"], strict=True)) == {
        "HIST9-1": "CAT-ESSAY-HIST9-1",
        "HIST9C-1": "CAT-ESSAY",
        "HIST9-3": None,
        "HIST9-4": "CAT-ESSAY",
    }


def test_a_near_category_is_offered(read_school: ReadCourse) -> None:
    canvas, sis = read_school("1004")
    issues = plan_of(canvas, sis).issues
    details = issues.loc[issues["code"] == "category_not_found", "detail"]
    assert "Participation; near: Class Participation" in set(details)


def plan_of(canvas: CanvasRead, sis: SisRead) -> Rows:
    """Judge and plan: what only bars writing is asked last."""
    rows = judge(canvas, sis, empty(CategoryMapping), NO_HOLDINGS, Selection(), POLICY)
    return plan(rows, NO_HOLDINGS, POLICY, "manual", confirm=False).rows


def table(rows: Rows) -> str:
    """Write the rows as the tables above are written."""
    sections = sorted(set(rows.assignments["section_id"]))
    fates: dict[str, tuple[str, dict[str, str]]] = {}
    for each in rows_of(rows.assignments):
        _, by_section = fates.setdefault(each.assignment_id, (each.assignment_name, {}))
        by_section[each.section_id] = _fate(each.state, each.code)
    return "\n".join(
        f"{name}: {_together([by_section.get(each, '-') for each in sections])}\n"
        f"    {_grades(rows, assignment_id)}"
        for assignment_id, (name, by_section) in fates.items()
    )


def _together(fates: list[str]) -> str:
    return f"{fates[0]} in all" if len(set(fates)) == 1 else " | ".join(fates)


def _grades(rows: Rows, assignment_id: str) -> str:
    grades = rows.grades[rows.grades["assignment_id"] == assignment_id]
    fates = [_fate(each.state, each.code) for each in rows_of(grades)]
    return ", ".join(f"{fates.count(fate)} {fate}" for fate in sorted(set(fates))) or "no grades"


def _fate(state: str, code: str | None) -> str:
    if state == "create":
        return "goes"
    return f"{code}!" if state == "failed" else str(code)
