"""The school's Health: dates that come from a group, a module or a checkpoint, and work of two graders."""

from dataclasses import replace

from gpb_pipeline.sandbox import people
from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.classroom import Classroom
from gpb_pipeline.sandbox.district import Assignment, Checkpoint, Course, CourseContent, DueDate, Section

THIS_YEAR = 31


def health(calendar: Calendar) -> CourseContent:
    """Two sections of five."""
    room = Classroom(calendar, Course(1007, "Health", "HEALTH9", "HEALTH9-NOW", THIS_YEAR))
    first, second = (room.section(f"Health - Period {n}", f"HEALTH9-{n}") for n in (3, 5))
    students = [people.student(n) for n in range(30, 40)]
    room.enroll(first, *students[:5])
    room.enroll(second, *students[5:])
    room.staffed()
    due = calendar.due
    homework, tests = room.group("Homework"), room.group("Tests")
    group = (room.group_date("Team Kale", due(-3), *students[:3]),)
    room.graded(room.assignment(homework, "Nutrition Log", 10, due(-6), overrides=group), students, 9, 10)
    module = (room.module_date(first, due(-7)),)
    room.graded(room.assignment(homework, "Fitness Plan", 20, due(-7), overrides=module), students[:5], 18)
    room.graded(_discussion(room, second), students, 14, 15)
    published = room.assignment(
        tests, "First Aid Practical", 40, due(-8), moderated_grading=True, grades_published=True
    )
    room.graded(published, students, 37, 33.5)
    provisional = room.assignment(tests, "Safety Essay", 40, due(-8), moderated_grading=True)
    room.graded(provisional, students, 35)
    return room.content()


def _discussion(room: Classroom, section: Section) -> Assignment:
    """Dates are on its two checkpoints alone, later ones for one section."""
    due = room.calendar.due
    own = room.section_date(section, DueDate.INHERITED)
    replies = (replace(own, id=room.next_id(), due_at=due(-4)),)
    posts = (replace(own, id=room.next_id(), due_at=due(-9)),)
    parts = (
        Checkpoint("reply_to_topic", 5, due(-10), posts),
        Checkpoint("reply_to_entry", 10, due(-6), replies),
    )
    return room.assignment(
        room.group("Discussions"),
        "Sleep and School",
        15,
        None,
        submission_types=("discussion_topic",),
        overrides=(own,),
        checkpoints=parts,
    )
