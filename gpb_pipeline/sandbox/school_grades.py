"""The school's courses about grades: two in which everything goes, and one with every kind of cell."""

from dataclasses import replace

from gpb_pipeline.sandbox import people
from gpb_pipeline.sandbox.calendar import Calendar
from gpb_pipeline.sandbox.classroom import Classroom
from gpb_pipeline.sandbox.district import Course, CourseContent, Person, Submission

THIS_YEAR = 31


def algebra(calendar: Calendar) -> CourseContent:
    """The clean course: two sections, every assignment and every grade can go as it is."""
    room = Classroom(calendar, Course(1001, "Algebra I", "ALG1", "ALG1-NOW", THIS_YEAR))
    first, second = (
        room.section("Algebra I - Period 1", "ALG1-1"),
        room.section("Algebra I - Period 4", "ALG1-2"),
    )
    students = [people.student(n) for n in range(16)]
    room.enroll(first, *students[:8])
    room.enroll(second, *students[8:])
    room.staffed()
    homework, quizzes, tests = (
        room.group("Homework", weight=30),
        room.group("Quizzes", weight=30),
        room.group("Tests", weight=40),
    )
    due = calendar.due
    room.graded(room.assignment(homework, "Homework 3.1", 10, due(-24)), students, 10, 9, 8, 7.5, on=-22)
    room.graded(room.assignment(homework, "Homework 3.2", 10, due(-17)), students, 9, 10, 6, 8, on=-15)
    room.graded(room.assignment(quizzes, "Unit 3 Quiz", 20, due(-12)), students, 17.5, 20, 14, on=-10)
    room.graded(
        room.assignment(tests, "Unit 3 Test", 100, due(-6), submission_types=("on_paper",)),
        students,
        91,
        78.5,
        84,
        66,
        on=-4,
    )
    return room.content()


def spanish(calendar: Calendar) -> CourseContent:
    """Quizzes of both kinds and a graded discussion, all of which can go."""
    room = Classroom(calendar, Course(1006, "Spanish I", "SPAN1", "SPAN1-NOW", THIS_YEAR))
    section = room.section("Spanish I - Period 2", "SPAN1-1")
    students = [people.student(n) for n in range(20, 30)]
    room.enroll(section, *students)
    room.staffed()
    quizzes, discussions = room.group("Quizzes"), room.group("Discussions")
    due = calendar.due
    classic = room.assignment(
        quizzes, "Verb Quiz 4", 10, due(-15), submission_types=("online_quiz",), quiz_id=901
    )
    new = room.assignment(
        quizzes, "Listening Quiz 2", 15, due(-9), submission_types=("external_tool",), is_new_quiz=True
    )
    talk = room.assignment(discussions, "Mi familia", 5, due(-6), submission_types=("discussion_topic",))
    room.graded(classic, students, 9.5, 8, 10, on=-14)
    room.graded(new, students, 13, 15, on=-8)
    room.graded(talk, students, 5, 4, on=-4)
    return room.content()


def english(calendar: Calendar) -> CourseContent:
    """Every kind of grade; what cannot go is Canvas's side alone, so the sync is Completed with skips."""
    room = Classroom(calendar, Course(1002, "English 9", "ENG9", "ENG9-NOW", THIS_YEAR))
    section = room.section("English 9 - Period 3", "ENG9-1")
    students = [people.student(n) for n in range(8, 20)]
    room.enroll(section, *students)
    room.staffed()
    _every_cell(room, students)
    _every_grading_type(room, students)
    return room.content()


def _every_cell(room: Classroom, students: list[Person]) -> None:
    """One assignment whose cells differ student by student, and one that is hidden as a whole."""
    due = room.calendar.due
    homework = room.group("Homework")
    quiz = room.assignment(homework, "Vocabulary Homework 5", 20, due(-10))
    plain, excused, cleared, stale, missing, policy, late, over, words, hidden, zero, marked = students
    for student in (plain, cleared, stale, hidden, zero):
        room.handed_in(quiz, student, on=-12)
        room.score(quiz, student, 18 if student is not zero else 0, on=-7)
    room.excused(quiz, excused)
    room.cleared(quiz, cleared)
    room.handed_in(quiz, stale, on=-3)
    room.hidden(quiz, hidden)
    room.scored_by_policy(quiz, policy, 0)
    room.handed_in(quiz, late, on=-8)
    room.score(quiz, late, 15, deducted=2)
    room.handed_in(quiz, over, on=-12)
    room.score(quiz, over, 22)
    room.noted(quiz, words, "See me")
    room.marked(quiz, marked, "missing")
    room.row(quiz, missing, lambda row: replace(row, excused=None))
    essay = room.assignment(homework, "Essay 2, hidden until all are read", 50, due(-8), post_manually=True)
    room.graded(essay, students, 41, 44)


def _every_grading_type(room: Classroom, students: list[Person]) -> None:
    due = room.calendar.due
    classwork, quizzes = room.group("Classwork"), room.group("Quizzes")
    letters = room.assignment(classwork, "Essay 1", 10, due(-21), grading_type="letter_grade")
    passing = room.assignment(classwork, "Reading Log", 5, due(-19), grading_type="pass_fail")
    gpa = room.assignment(classwork, "Book Talk", 20, due(-18), grading_type="gpa_scale")
    percent = room.assignment(classwork, "Annotated Bibliography", 40, due(-16), grading_type="percent")
    room.assignment(
        classwork,
        "Self-Reflection",
        None,
        due(-14),
        grading_type="not_graded",
        submission_types=("on_paper",),
    )
    room.assignment(classwork, "Author Study, for next month", 30, due(20))
    room.graded(letters, students, 9.2, 8.1)
    room.graded(passing, students, 5, 5, 0)
    room.graded(gpa, students, 18.5, 16)
    room.graded(percent, students, 30, 36)
    quiz = room.assignment(
        quizzes, "Short Story Quiz", 10, due(-7), submission_types=("online_quiz",), quiz_id=902
    )
    room.graded(quiz, students[2:], 9, 7)
    room.partly_graded(quiz, students[0], 4)
    room.row(quiz, students[1], _with_custom_status)


def _with_custom_status(row: Submission) -> Submission:
    return replace(row, custom_grade_status_id=17)
