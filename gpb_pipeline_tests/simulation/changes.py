"""What happens between two nights: in Canvas, in the office, and by hand in the SIS's own gradebook.

Each change is one function of a case (or of the whole course), drawn by its dice. What must follow from it is
wishes.py's and invariants.py's.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from random import Random

from gpb_pipeline_tests.simulation.school import GROUPS, SCORES, Course, Pupil, Room, a_cell, a_date
from gpb_pipeline_tests.simulation.sis import Sis


def between_nights(course: Course, sis: Sis, died: Collection[int]) -> None:
    """Change what the dice say: most cases a little, some not at all.

    `died`: cases whose writes are on no record. Were their class or section renamed now, nobody could know
    them again (docs/reliability.md, What it does not show).
    """
    for case, rng in course.rngs.items():
        rooms, pupils = course.rooms_of[case], course.pupils_of[case]
        for _ in range(rng.choice([0, 1, 2, 3])):
            rng.choice(IN_CANVAS)(course, rooms, pupils, rng)
        if rng.random() < 0.15 and case not in died:
            rng.choice(IN_THE_OFFICE)(course, sis, rng.choice(rooms), rng)
        if case not in died:
            _one_student(pupils, course.ids[case])
            _class_unlisted(rooms, course.ids[case])
        if rng.random() < 0.25:
            rng.choice(BY_HAND)(sis, rng.choice(rooms), rng)
    if course.rng.random() < 0.5:
        _of_the_course(course)


Here = Callable[[Course, list[Room], list[Pupil], Random], None]


def _score(course: Course, rooms: list[Room], pupils: list[Pupil], rng: Random) -> None:
    """Grade, grade anew, clear, hide, excuse: whatever a teacher does to one submission."""
    pupil = rng.choice(pupils)
    work = rng.choice([each for room in rooms for each in room.dates] or list(course.works))
    cell = course.cells[pupil.user_id].setdefault(work, a_cell(rng))
    done = rng.choice(
        ["grade", "grade", "clear", "clear", "hide", "excuse", "overdue", "text", "take", "post"]
    )
    if done == "grade":
        cell.score, cell.excused, cell.posted, cell.assigned = rng.choice(SCORES), False, True, True
    elif done in {"clear", "overdue", "text"}:
        cell.score, cell.excused = None, False
        cell.missing, cell.text = done == "overdue", done == "text"
    elif done == "excuse":
        cell.excused = True
    elif done == "take":
        cell.assigned = False
    else:
        cell.posted = done == "post"


def _all_anew(course: Course, rooms: list[Room], pupils: list[Pupil], rng: Random) -> None:
    for pupil in pupils:
        for cell in course.cells[pupil.user_id].values():
            cell.score = rng.choice(SCORES)


def _submission_gone(course: Course, rooms: list[Room], pupils: list[Pupil], rng: Random) -> None:
    """Leave a submission out of what Canvas lists: absent, and not cleared."""
    mine = course.cells[rng.choice(pupils).user_id]
    if mine:
        del mine[rng.choice(list(mine))]


def _enrollment(course: Course, rooms: list[Room], pupils: list[Pupil], rng: Random) -> None:
    pupil, room = rng.choice(pupils), rng.choice(rooms)
    done = rng.choice(["leaves", "comes", "moves"])
    if done == "moves":
        pupil.sections = dict.fromkeys(pupil.sections, "inactive")
    pupil.sections[room.section_id] = "inactive" if done == "leaves" else "active"


def _date(course: Course, rooms: list[Room], pupils: list[Pupil], rng: Random) -> None:
    room, work = rng.choice(rooms), rng.choice(list(course.works))
    if work in room.dates and rng.random() < 0.3:
        del room.dates[work]
    else:
        room.dates[work] = a_date(rng) if rng.random() < 0.85 else None


def _category(course: Course, rooms: list[Room], pupils: list[Pupil], rng: Random) -> None:
    rng.choice(rooms).chosen[rng.choice(list(GROUPS))] = rng.choice(["K-Homework", "K-Labs", None])


IN_CANVAS: tuple[Here, ...] = (
    _score,
    _score,
    _score,
    _score,
    _all_anew,
    _submission_gone,
    _enrollment,
    _date,
    _category,
)


def _roster(course: Course, sis: Sis, room: Room, rng: Random) -> None:
    pupils = course.pupils_of[sis.case(room.section_id)]
    chosen = rng.choice(pupils)
    for pupil in pupils:
        if pupil.student_id == chosen.student_id and pupil is not chosen:
            pupil.on_roster = not chosen.on_roster
    chosen.on_roster = not chosen.on_roster


def _new_student_id(course: Course, sis: Sis, room: Room, rng: Random) -> None:
    pupil = rng.choice(course.pupils_of[sis.case(room.section_id)])
    if pupil.sis_user_id is not None:
        pupil.earlier.append(pupil.student_id)
        pupil.sis_user_id, pupil.student_id = pupil.sis_user_id + "b", pupil.student_id + "b"


def _one_student(pupils: list[Pupil], rng: Random) -> None:
    """Give two users one SIS id, as Canvas shows it of two root accounts; or tell them apart again."""
    if rng.random() > 0.04 or len(pupils) < 2:
        return
    one, other = pupils[:2]
    if one.sis_user_id is None:
        return
    if other.student_id == one.student_id:
        other.earlier.append(other.student_id)
        other.sis_user_id, other.student_id = one.sis_user_id + "t", one.student_id + "t"
    elif other.sis_user_id is not None:
        other.earlier.append(other.student_id)
        other.sis_user_id, other.student_id = one.sis_user_id, one.student_id
        other.on_roster = one.on_roster


def _class_unlisted(rooms: list[Room], rng: Random) -> None:
    """Let the SIS not show a class for a while, with all that stands in it."""
    for room in rooms:
        if room.unlisted is not None and rng.random() < 0.6:
            room.class_id, room.unlisted = room.unlisted, None
        elif room.class_id is not None and rng.random() < 0.02:
            room.class_id, room.unlisted = None, room.class_id


def _class_gets_new_id(course: Course, sis: Sis, room: Room, rng: Random) -> None:
    """Re-key a class with all that stands in it; of a SIS that lists nothing, nobody could tell."""
    if room.class_id is not None and not sis.nature.lists_nothing:
        fresh = room.class_id + "k"
        sis.rekey(room.class_id, fresh)
        course.categories = [
            replace(each, class_id=fresh) if each.class_id == room.class_id else each
            for each in course.categories
        ]
        room.class_id = fresh


def _another_class(course: Course, sis: Sis, room: Room, rng: Random) -> None:
    """Give the section another class, with nothing in it."""
    if room.class_id is not None:
        room.class_id += "n"


def _section_made_anew(course: Course, sis: Sis, room: Room, rng: Random) -> None:
    """Give the Canvas section another number; its class stays."""
    before, room.section_id = room.section_id, room.section_id + "r"
    for pupil in course.pupils_of[sis.case(before)]:
        if before in pupil.sections:
            pupil.sections[room.section_id] = pupil.sections.pop(before)


IN_THE_OFFICE = (_roster, _roster, _new_student_id, _class_gets_new_id, _another_class, _section_made_anew)


def _edits_score(sis: Sis, room: Room, rng: Random) -> None:
    for result_id, each in sis.results_in(room.class_id):
        sis.results[result_id] = replace(each, score=55.5, score_status="fully graded")
        sis.touched.add(result_id)
        return


def _deletes_result(sis: Sis, room: Room, rng: Random) -> None:
    for _, each in sis.results_in(room.class_id):
        sis.take_out(each)
        return


def _edits_column(sis: Sis, room: Room, rng: Random) -> None:
    """Rename or re-date a column; not where nothing is left to know one by that was never shown."""
    if sis.nature.chooses_ids and sis.nature.drops_descriptions:
        return
    for item_id, each in sis.items_in(room.class_id):
        due = each.due_date and each.due_date + timedelta(days=20)
        renamed = rng.random() < 0.5
        sis.items[item_id] = replace(each, title="By hand") if renamed else replace(each, due_date=due)
        sis.touched.add(item_id)
        return


def _deletes_column(sis: Sis, room: Room, rng: Random) -> None:
    for _, each in sis.items_in(room.class_id):
        sis.take_out(each)
        return


def _strangers_column(sis: Sis, room: Room, rng: Random) -> None:
    """Put a column of somebody else's beside one of ours: same title, same day, with a result or none."""
    for _, each in sis.items_in(room.class_id):
        sis.add_strangers(each, with_result=rng.random() < 0.5)
        return


BY_HAND = (_edits_score, _deletes_result, _edits_column, _deletes_column, _strangers_column)


def _of_the_course(course: Course) -> None:
    rng = course.rng
    work = rng.choice(list(course.works.values()))
    done = rng.choice(["name", "points", "ticked", "published", "due", "period", "deleted"])
    if done == "name":
        work.name = rng.choice(["Renamed", "Quiz", "Work 1"])
    elif done == "points":
        work.points = rng.choice([10.0, 25.0, 0.0])
    elif done in {"ticked", "published"}:
        setattr(work, done, not getattr(work, done))
    elif done == "due":
        work.due_at = a_date(rng)
    elif done == "period" and course.closed is not None:
        course.closed = rng.choice([(True, False), (False, False), (False, True)])
    elif done == "deleted" and len(course.works) > 4:
        del course.works[work.assignment_id]
        for mine in course.cells.values():
            mine.pop(work.assignment_id, None)
        for room in course.rooms(course.rngs):
            room.dates.pop(work.assignment_id, None)
