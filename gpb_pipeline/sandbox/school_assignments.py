"""The school's Biology: every kind of assignment and of date that decides whether it may go, and where."""

from dataclasses import replace

from gpb_pipeline.sandbox import people
from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.classroom import Classroom
from gpb_pipeline.sandbox.district import (
    AssignmentGroup,
    Checkpoint,
    Course,
    CourseContent,
    DueDate,
    Person,
    Section,
)

THIS_YEAR = 31


def biology(calendar: Calendar) -> CourseContent:
    """Three sections of ten; each assignment's name says, in a teacher's words, which case it is."""
    room = Classroom(calendar, Course(1003, "Biology", "BIO9", "BIO9-NOW", THIS_YEAR))
    sections = [room.section(f"Biology - Period {n}", f"BIO9-{n}") for n in (1, 2, 3)]
    students = [people.student(n) for n in range(30)]
    for n, section in enumerate(sections):
        room.enroll(section, *students[n * 10 : n * 10 + 10])
    room.staffed()
    labs = room.group("Labs")
    _dates(room, labs, sections, students)
    _audiences(room, labs, sections, students)
    _settings(room, room.group("Homework"), students)
    _kinds(room, room.group("Classwork"), students)
    return room.content()


def _dates(room: Classroom, group: AssignmentGroup, sections: list[Section], students: list[Person]) -> None:
    due = room.calendar.due
    first, second, third = sections
    room.graded(room.assignment(group, "Cell Lab Report", 25, due(-14)), students, 22, 24.5, 19)
    room.graded(room.assignment(group, "Lab Notebook Check", 10, None), students, 10, 8)
    null_override = (
        room.section_date(first, due(-12)),
        room.section_date(second, None),
        room.section_date(third, due(-11)),
    )
    room.graded(room.assignment(group, "Osmosis Lab", 20, due(-13), overrides=null_override), students, 17)
    inherits = (
        room.section_date(first, DueDate.INHERITED),
        room.section_date(second, due(-9)),
        room.section_date(third, due(-8)),
    )
    room.graded(
        room.assignment(group, "Microscope Practical", 15, due(-10), overrides=inherits), students, 13
    )
    later = (room.student_dates(due(-2), students[4]),)
    room.graded(room.assignment(group, "Cell Model Project", 50, due(-9), overrides=later), students, 45)
    some = (room.section_date(first, due(-7)),)
    room.graded(room.assignment(group, "Genetics Survey", 10, due(-6), overrides=some), students, 9)
    room.graded(
        room.assignment(group, "Punnett Squares", 10, None, overrides=(room.section_date(first, due(-7)),)),
        students,
        8,
    )
    room.graded(room.assignment(group, "Unit 1 Lab, from last period", 20, due(-50)), students, 18)
    conferences = tuple(room.student_dates(due(-5), each) for each in students[:26])
    room.graded(
        room.assignment(group, "Individual Conferences", 5, due(-5), overrides=conferences), students, 5
    )


def _audiences(
    room: Classroom, group: AssignmentGroup, sections: list[Section], students: list[Person]
) -> None:
    due = room.calendar.due
    only = (room.section_date(sections[1], due(-8)),)
    trip = room.assignment(
        group, "Field Trip Reflection", 10, None, overrides=only, only_visible_to_overrides=True
    )
    room.graded(trip, students[10:20], 9)
    alone = (room.student_dates(due(-8), students[2], students[3]),)
    study = room.assignment(
        group, "Enzymes, independent study", 10, None, overrides=alone, only_visible_to_overrides=True
    )
    room.graded(study, students[2:4], 10)
    spared = (replace(room.student_dates(DueDate.INHERITED, students[5]), unassign_item=True),)
    makeup = room.assignment(group, "Makeup Lab", 10, due(-6), overrides=spared)
    room.graded(makeup, [each for each in students if each is not students[5]], 7)


def _settings(room: Classroom, group: AssignmentGroup, students: list[Person]) -> None:
    due = room.calendar.due
    room.assignment(group, "Photosynthesis Draft", 10, due(-6), published=False)
    room.graded(room.assignment(group, "Safety Contract", 1, due(-25), post_to_sis=False), students, 1)
    long_name = "Comparing Mitosis and Meiosis in Plant and Animal Cells"
    room.graded(room.assignment(group, long_name, 10, due(-20)), students, 9)
    for days in (-20, -13):
        room.graded(room.assignment(group, "Weekly Check-In", 5, due(days)), students, 5)
    room.graded(room.assignment(group, "Reading Guide", 5, due(-19)), students, 4)
    room.graded(room.assignment(group, "reading guide", 5, due(-12)), students, 5)
    room.graded(room.assignment(group, "Nature Walk, extra credit", 0, due(-11)), students, 2)
    room.graded(
        room.assignment(group, "Practice Test, not counted", 30, due(-10), omit_from_final_grade=True),
        students,
        25,
    )


def _kinds(room: Classroom, group: AssignmentGroup, students: list[Person]) -> None:
    due = room.calendar.due
    poster = room.assignment(group, "Ecosystem Poster, in groups", 20, due(-9), group_category_id=71)
    room.graded(poster, students, 18, 18, 15)
    blind = room.assignment(
        group, "Blind Lab Report", 20, due(-9), anonymous_grading=True, post_manually=True
    )
    room.graded(blind, students, 16)
    paper = room.assignment(
        group, "Research Paper, two graders", 40, due(-8), moderated_grading=True, post_manually=True
    )
    for each in students:
        room.handed_in(paper, each, on=-9)
    parts = (Checkpoint("reply_to_topic", 5, due(-9)), Checkpoint("reply_to_entry", 5, due(-6)))
    debate = room.assignment(
        group, "Debate: Stem Cells", 10, None, submission_types=("discussion_topic",), checkpoints=parts
    )
    room.graded(debate, students[1:], 9)
    room.partly_graded(debate, students[0], 5)
