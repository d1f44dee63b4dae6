"""The school's courses about sections, categories and people: where Canvas and the SIS do not agree."""

from gpb_pipeline.sandbox import people
from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.classroom import Classroom
from gpb_pipeline.sandbox.district import Course, CourseContent

THIS_YEAR = 31
HISTORY_OF_MR_COLE = Course(1090, "US History (Mr. Cole)", "HIST9C", "HIST9C-NOW", THIS_YEAR)
UNKNOWN_CLASSES = frozenset({"HIST9-3"})
STUDENT_OFF_ROSTER = people.student(42)
OFF_ROSTER = frozenset({f"S{STUDENT_OFF_ROSTER.id}"})


def history(calendar: Calendar) -> CourseContent:
    """Sections without a SIS id, unknown to the SIS and cross-listed; categories that match in every way."""
    room = Classroom(calendar, Course(1004, "US History", "HIST9", "HIST9-NOW", THIS_YEAR))
    mine = room.section("US History - Period 5", "HIST9-1")
    moved = room.section("US History - Period 6", "HIST9C-1", nonxlist_course_id=HISTORY_OF_MR_COLE.id)
    unknown = room.section("US History - Period 7", "HIST9-3")
    by_hand = room.section("Peer tutors", None)
    room.section("Period 8, empty", "HIST9-4")
    students = [people.student(n) for n in range(20, 40)]
    for section, start in ((mine, 0), (moved, 6), (unknown, 12), (by_hand, 17)):
        room.enroll(section, *students[start : start + 6])
    room.staffed()
    due = calendar.due
    names = {
        "Essays": "Federalist Essay",  # a category of the class HIST9-1 and a global one
        "Map Skills": "Map of the Colonies",  # of the class HIST9-1 only
        "Tests": "Constitution Test",
        "Projects": "Museum Project",  # two categories of that title
        "Participation": "Socratic Seminar",  # none of that title
        "Warm-Ups": "Primary Source Warm-Up",  # only one that is no longer active
    }
    for n, (group, name) in enumerate(names.items()):
        source = "CAT-TEST" if group == "Tests" else None
        assignment = room.assignment(room.group(group, sis_source_id=source), name, 20, due(-20 + 2 * n))
        room.graded(assignment, students, 16, 19, 13.5)
    return room.content()


def earth_science(calendar: Calendar) -> CourseContent:
    """People of every enrollment, one of them on no roster of the SIS: the sync has errors."""
    room = Classroom(calendar, Course(1005, "Earth Science", "EARTH9", "EARTH9-NOW", THIS_YEAR))
    first, second = (
        room.section("Earth Science - Period 2", "EARTH9-1"),
        room.section("Earth Science - Lab", "EARTH9-2"),
    )
    students = [people.student(n) for n in range(40, 50)]
    in_both, dropped, paused, invited, unlisted = students[4:9]
    by_hand = students[9]
    unknown_to_sis = people.student(60, known_to_sis=False)
    room.enroll(first, *students[:5], unlisted, unknown_to_sis)
    room.enroll(second, in_both)
    room.enroll(first, dropped, state="completed")
    room.enroll(first, paused, state="inactive")
    room.enroll(second, invited, state="invited")
    room.enroll(second, by_hand, sis_imported=False)
    room.staffed()
    everyone = [*students, unknown_to_sis, people.TEST_STUDENT]
    homework, labs = room.group("Homework"), room.group("Labs")
    due = calendar.due
    room.graded(room.assignment(homework, "Rock Cycle Worksheet", 10, due(-16)), everyone, 9, 8, 10)
    room.graded(room.assignment(labs, "Mineral Identification", 25, due(-9)), everyone, 21, 23.5)
    room.graded(room.assignment(homework, "Review, from last period", 10, due(-50)), everyone, 9)
    penalty = room.assignment(labs, "Lab Cleanup", 5, due(-7))
    room.graded(penalty, everyone, 5)
    room.score(penalty, students[0], -2)
    return room.content()
