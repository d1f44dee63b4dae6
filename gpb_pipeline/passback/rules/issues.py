"""The issue catalogue: every cause that a row of a sync may carry, in one table.

The order is the precedence: where several causes apply, the row carries the first and the issues list all
(decisions.md §8.5). Which rule raises which is not said here. Faults that stop a whole course are exceptions
(errors.py).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["info", "warning", "error"]
ItemKind = Literal["course", "assignment", "grade"]
Stage = Literal["Filter", "Post Assignments", "Post Grades", "Verify"]
Who = Literal["instructor", "Canvas admin", "SIS admin", "operator"]
Effect = Literal["skipped", "failed", "none"]


@dataclass(frozen=True)
class Issue:
    """What a code means: cause and remedy in a sentence each, who can do it, what it does to a row.

    `remedy` may name a command or a setting. `to_instructor` is said instead to those who teach the course.
    """

    kind: ItemKind
    severity: Severity
    stage: Stage
    cause: str
    remedy: str
    who: Who
    effect: Effect
    in_course: str = ""  # for those who teach, where the remedy is not for them to do

    @property
    def to_instructor(self) -> str:
        """Say what someone can do who has Canvas and this page, and no command."""
        return self.in_course or self.remedy


def known_as(who: str) -> str:
    """Name who can act as those who teach know them."""
    return "data team" if who == "operator" else who


class Code(StrEnum):
    """Stable names: they stand in JSON, CSV files, alerts and people's notes, so none is ever renamed."""

    NOT_SELECTED = "not_selected"
    UNREADABLE_ASSIGNMENT = "unreadable_assignment"
    UNREADABLE_OVERRIDE = "unreadable_override"
    ASSIGNMENT_ORPHAN = "assignment_orphan"
    STUDENTS_ONLY = "assigned_to_students_only"
    DUPLICATE_NAME = "duplicate_name"
    NAME_EMPTY = "name_empty"
    NAME_TOO_LONG = "name_too_long"
    NOT_GRADED = "not_graded"
    NO_POINTS = "no_points"
    UNREADABLE_DUE_DATE = "unreadable_due_date"
    NO_DUE_DATE = "no_due_date"
    EVERYONE_ELSE = "everyone_else"
    CATEGORY_UNASSOCIATED = "category_unassociated"
    CATEGORY_NOT_FOUND = "category_not_found"
    CATEGORY_AMBIGUOUS = "category_ambiguous"
    CATEGORY_GONE = "category_gone"
    CLASS_UNKNOWN = "class_unknown"
    PERIOD_MISSING = "grading_period_missing"
    PERIOD_CLOSED = "grading_period_closed"
    NO_GRADES_YET = "no_grades_yet"
    ASSIGNMENT_REFUSED = "assignment_refused"
    ASSIGNMENT_ID_REFUSED = "assignment_id_refused"
    ASSIGNMENT_UNAVAILABLE = "assignment_unavailable"
    ASSIGNMENT_UNKNOWN_OUTCOME = "assignment_unknown_outcome"
    ASSIGNMENT_TWO_CANDIDATES = "assignment_two_candidates"
    ASSIGNMENT_GONE_HELD = "assignment_gone_held"
    ASSIGNMENT_MOVE_HELD = "assignment_move_held"
    ASSIGNMENT_NOT_HELD = "assignment_not_held"
    ASSIGNMENT_STOPPED = "assignment_stopped"
    ASSIGNMENT_EDITED_IN_SIS = "assignment_edited_in_sis"
    ASSIGNMENT_NOT_SHOWN = "assignment_not_shown"
    ASSIGNMENT_KEPT_OTHERWISE = "assignment_kept_otherwise"
    EVERYONE_ELSE_UNDATED = "everyone_else_undated"
    NAMES_DIFFER_IN_CASE = "names_differ_in_case"
    OMITTED_FROM_FINAL_GRADE = "omitted_from_final_grade"
    ASSIGNMENT_NOT_SENT = "assignment_not_sent"
    UNREADABLE_GRADE = "unreadable_grade"
    MOVED = "moved"
    ORPHAN = "orphan"
    WITHDRAWALS_HELD = "withdrawals_held"
    STUDENT_WITHOUT_SIS_ID = "student_without_sis_id"
    HIDDEN = "hidden"
    MISSING_WITHOUT_SCORE = "missing_without_score"
    LATE_WITHOUT_SCORE = "late_without_score"
    TEXT_GRADE = "text_grade"
    STUDENT_TWICE = "student_twice"
    STUDENT_NOT_ON_ROSTER = "student_not_on_roster"
    GRADES_NOT_ASKED = "grades_not_asked"
    NOT_MENDED = "not_mended"
    ASSIGNMENT_NOT_MENDED = "assignment_not_mended"
    MEND_HELD = "mend_held"
    ASSIGNMENT_MEND_HELD = "assignment_mend_held"
    ASSIGNMENT_NOT_EMPTY = "assignment_not_empty"
    NOT_READ_BACK = "not_read_back"
    ASSIGNMENT_NOT_READ_BACK = "assignment_not_read_back"
    SIS_REFUSED = "sis_refused"
    SIS_ID_REFUSED = "sis_id_refused"
    SIS_UNAVAILABLE = "sis_unavailable"
    SIS_UNKNOWN_OUTCOME = "sis_unknown_outcome"
    TWO_CANDIDATES = "two_candidates"
    GONE_HELD = "gone_held"
    MOVE_HELD = "move_held"
    NOT_HELD = "not_held_by_sis"
    SYNC_STOPPED = "sync_stopped"
    EDITED_IN_SIS = "edited_in_sis"
    NOT_SHOWN = "not_shown"
    KEPT_OTHERWISE = "kept_otherwise"
    ABOVE_MAXIMUM = "above_maximum"
    BELOW_ZERO = "below_zero"
    PENDING_REVIEW = "pending_review"
    RESUBMITTED = "resubmitted"
    LEFT_COURSE = "left_course"
    SECTION_LEFT_COURSE = "section_left_course"
    UNREADABLE_SECTION = "unreadable_section"
    UNREADABLE_ENROLLMENT = "unreadable_enrollment"
    UNREADABLE_GROUP = "unreadable_assignment_group"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    MASS_CHANGE = "mass_change"
    NEVER_SHOWN = "never_shown"
    CLASS_LEFT_UNREAD = "class_left_unread"
    EMPTY_LIST_BELIEVED = "empty_list_believed"
    NOT_VERIFIED = "not_verified"


BARS = (
    Code.DUPLICATE_NAME,
    Code.CATEGORY_NOT_FOUND,
    Code.CATEGORY_AMBIGUOUS,
    Code.CATEGORY_GONE,
    Code.PERIOD_MISSING,
    Code.PERIOD_CLOSED,
)
"""What only bars writing: what the SIS holds exactly so is unchanged all the same (decisions.md §6.1)."""


def _skip(kind: ItemKind, cause: str, remedy: str, who: Who = "instructor", in_course: str = "") -> Issue:
    return Issue(kind, "warning", "Filter", cause, remedy, who, "skipped", in_course)


def _told(
    kind: ItemKind,
    cause: str,
    remedy: str,
    who: Who = "instructor",
    stage: Stage = "Filter",
    in_course: str = "",
) -> Issue:
    """Make a warning beside which the item goes as it is."""
    return Issue(kind, "warning", stage, cause, remedy, who, "none", in_course)


def _info(kind: ItemKind, cause: str, remedy: str, who: Who = "instructor", in_course: str = "") -> Issue:
    return Issue(kind, "info", "Filter", cause, remedy, who, "skipped", in_course)


def _error(
    kind: ItemKind, stage: Stage, cause: str, remedy: str, who: Who = "SIS admin", in_course: str = ""
) -> Issue:
    return Issue(kind, "error", stage, cause, remedy, who, "failed", in_course)


_OWN_WORDS = "See the SIS's own words: in `gpb details`, or by Logs on its page."
_GONE = "Ask who deleted them in the SIS, then sync with --confirm."
_GONE_HERE = "Ask the SIS admin who deleted them; the data team lets them be made anew, if they should be."
_MOVED = "Check the section's SIS id and the SIS's classes, then sync with --confirm."
_MOVED_HERE = "Ask the SIS admin whether that is the section's class; the data team lets it go, if it is."
_EDITED = "Change it in Canvas, from where it is sent; SIS_ON_EDIT says what is done with an edit in the SIS."
_EDITED_HERE = "Change it in Canvas, from where it is sent."
_OPEN_CLASS = "Ask the SIS admin to open the class, or to delete it there."
_ID_REFUSED = "The SIS refused the sourcedId that we chose, as one does that chooses them itself."
_THEIR_WORDS = "Give the SIS admin the SIS's own words: Logs on the details page has them."
_NOTHING_HERE = "Nothing in the course: it is for the data team."
_FOR_THE_SIS = "Nothing in the course: it is for the SIS admin."
_ASK_TO_TAKE_BACK = "Leave it, or ask the data team to take it back if it should not count."
_TAKE_BACK = "Leave it; if it should not count, take it back with `gpb retract COURSE`."
_ID_MODE = (
    "Ask the SIS's support who chooses the sourcedIds of what is written. If the SIS does, set "
    "SIS_ID_MODE=provider; else see its own words in `gpb details`."
)

CATALOGUE: dict[Code, Issue] = {
    Code.NOT_SELECTED: _info("assignment", "It was left out of this sync.", "Select it to send it."),
    Code.UNREADABLE_ASSIGNMENT: _skip(
        "assignment",
        "Canvas gives something of it that is not what it should be; the log says what.",
        "Save it anew in Canvas; if it stays, tell the data team.",
    ),
    Code.UNREADABLE_OVERRIDE: _skip(
        "assignment",
        "It is assigned to somebody in a way that is not known here, so that its due dates are not known.",
        "Assign it to sections, to students or to everyone.",
    ),
    Code.ASSIGNMENT_ORPHAN: _skip(
        "assignment",
        "The SIS holds its column from an earlier sync, and Canvas no longer syncs it; the SIS keeps it.",
        _TAKE_BACK,
        in_course=_ASK_TO_TAKE_BACK,
    ),
    Code.STUDENTS_ONLY: _skip(
        "assignment",
        "It is assigned to single students and to nobody else in this section.",
        "Assign it to the section or to everyone.",
    ),
    Code.DUPLICATE_NAME: _skip(
        "assignment",
        "Another assignment of this section that syncs has the same name.",
        "Give each a name of its own.",
    ),
    Code.NAME_EMPTY: _skip("assignment", "It has no name.", "Give it a name."),
    Code.NAME_TOO_LONG: _skip(
        "assignment", "Its name has more characters than the SIS takes.", "Shorten the name."
    ),
    Code.NOT_GRADED: _skip(
        "assignment", "It is not graded.", "Choose a graded display, or turn Sync to SIS off."
    ),
    Code.NO_POINTS: _skip(
        "assignment",
        "It has no points, so that a score says nothing.",
        "Give it more than 0 points, or turn Sync to SIS off.",
    ),
    Code.UNREADABLE_DUE_DATE: _skip(
        "assignment",
        "Its due date is none that can be sent, such as one of the year 0026.",
        "Correct the due date, its year first.",
    ),
    Code.NO_DUE_DATE: _skip("assignment", "It has no due date for this section.", "Add a due date."),
    Code.EVERYONE_ELSE: _skip(
        "assignment",
        "Other sections have due dates of their own, and only sections so named are sent.",
        "Add this section to Assign to, with its due date.",
    ),
    Code.CATEGORY_UNASSOCIATED: _skip(
        "assignment",
        "Its assignment group is set to Unassociated for this section.",
        "Choose a category in Sync SIS Categories.",
    ),
    Code.CATEGORY_NOT_FOUND: _skip(
        "assignment",
        "The SIS has no category of its assignment group's name.",
        "Rename the group, or choose a category in Sync SIS Categories.",
    ),
    Code.CATEGORY_AMBIGUOUS: _skip(
        "assignment",
        "The SIS has several categories of its assignment group's name.",
        "Choose one in Sync SIS Categories.",
    ),
    Code.CATEGORY_GONE: _skip(
        "assignment",
        "The SIS no longer has the category that was chosen for its group.",
        "Choose another in Sync SIS Categories.",
    ),
    Code.CLASS_UNKNOWN: _error(
        "assignment",
        "Filter",
        "The SIS has no class for this section's SIS id.",
        "Correct the section's SIS id in Canvas, or the class in the SIS.",
        in_course="Ask the SIS admin to correct the section's SIS id in Canvas, or the class in the SIS.",
    ),
    Code.PERIOD_MISSING: _error(
        "assignment",
        "Filter",
        "Its due date lies in no grading period of the class.",
        "Move the due date, or add the grading period; where the SIS means a period's end date as its last "
        "day, set SIS_PERIOD_END=inclusive.",
        in_course="Move the due date, or ask the SIS admin for its grading period.",
    ),
    Code.PERIOD_CLOSED: _error(
        "assignment",
        "Filter",
        "Its due date lies in a grading period that is closed.",
        "Move the due date, or open the grading period.",
        in_course="Move the due date, or ask the SIS admin to open the grading period.",
    ),
    Code.NO_GRADES_YET: _info(
        "assignment",
        "No grade of this section can be sent yet; scores come first.",
        "Enter and post a score.",
    ),
    Code.ASSIGNMENT_REFUSED: _error(
        "assignment", "Post Assignments", "The SIS refused it.", _OWN_WORDS, in_course=_THEIR_WORDS
    ),
    Code.ASSIGNMENT_ID_REFUSED: _error(
        "assignment", "Post Assignments", _ID_REFUSED, _ID_MODE, "operator", _NOTHING_HERE
    ),
    Code.ASSIGNMENT_UNAVAILABLE: _error(
        "assignment",
        "Post Assignments",
        "The SIS did not take it in time.",
        "The next sync tries again.",
        "operator",
    ),
    Code.ASSIGNMENT_UNKNOWN_OUTCOME: _error(
        "assignment",
        "Post Assignments",
        "The connection was lost before the SIS answered.",
        "The next sync looks it up before it sends again.",
        "operator",
    ),
    Code.ASSIGNMENT_TWO_CANDIDATES: _error(
        "assignment",
        "Post Assignments",
        "Whether the SIS took it is unknown: two of its columns could be the one, or one with other scores.",
        "Delete the column that is not wanted in the SIS; nothing is written until then.",
        in_course="Ask the SIS admin to delete the column that is not wanted; nothing is written until then.",
    ),
    Code.ASSIGNMENT_GONE_HELD: _error(
        "assignment",
        "Post Assignments",
        "So many columns are no longer in the SIS that making them anew waits for someone's word.",
        _GONE,
        in_course=_GONE_HERE,
    ),
    Code.ASSIGNMENT_MOVE_HELD: _error(
        "assignment",
        "Post Assignments",
        "The section has another class in the SIS, and so much would be made there that it waits for "
        "someone's word.",
        _MOVED,
        in_course=_MOVED_HERE,
    ),
    Code.ASSIGNMENT_NOT_HELD: _error(
        "assignment",
        "Verify",
        "The SIS accepted it and holds something else, or nothing.",
        "Compare it in the SIS; the next sync sends it again.",
    ),
    Code.ASSIGNMENT_STOPPED: _error(
        "assignment",
        "Post Assignments",
        "The sync stopped before its turn came.",
        "Mend what stopped the sync, then sync again.",
        "operator",
    ),
    Code.ASSIGNMENT_EDITED_IN_SIS: _told(
        "assignment",
        "Someone changed or deleted it in the SIS.",
        _EDITED,
        stage="Verify",
        in_course=_EDITED_HERE,
    ),
    Code.ASSIGNMENT_NOT_SHOWN: _told(
        "assignment",
        "The SIS accepted it and does not list it yet.",
        "Nothing to do: the next sync looks, and sends it once more if need be.",
        "operator",
        "Verify",
    ),
    Code.ASSIGNMENT_KEPT_OTHERWISE: _told(
        "assignment",
        "The SIS keeps it in its own way: a title respelt, a date cut, points rounded.",
        "Nothing to do: it is known, and told once.",
        "SIS admin",
        "Verify",
    ),
    Code.EVERYONE_ELSE_UNDATED: _told(
        "assignment",
        "Sections have due dates of their own and Everyone Else has none, which Canvas's form refuses.",
        "Add a due date for Everyone Else.",
    ),
    Code.NAMES_DIFFER_IN_CASE: _told(
        "assignment",
        "Another assignment's name differs only in upper and lower case; the SIS may take them for one.",
        "Give each a clearly different name.",
    ),
    Code.OMITTED_FROM_FINAL_GRADE: _told(
        "assignment",
        "Canvas leaves it out of the final grade; the SIS will count it.",
        "Exclude it in the SIS too, or turn Sync to SIS off.",
    ),
    Code.ASSIGNMENT_NOT_SENT: _skip(
        "grade", "Its assignment was not sent.", "Mend the assignment: its own cause says how."
    ),
    Code.UNREADABLE_GRADE: _skip(
        "grade",
        "Canvas gives something of it that is not what it should be; the log says what.",
        "Enter the grade anew; if it stays, tell the data team.",
    ),
    Code.MOVED: _skip(
        "grade",
        "The SIS shows the student's grade in another place now; what was sent before stays in the SIS.",
        _TAKE_BACK,
        in_course=_ASK_TO_TAKE_BACK,
    ),
    Code.ORPHAN: _skip(
        "grade",
        "The SIS holds it from an earlier sync, and this sync does not cover it; the SIS keeps it.",
        _TAKE_BACK,
        in_course=_ASK_TO_TAKE_BACK,
    ),
    Code.WITHDRAWALS_HELD: _error(
        "grade",
        "Filter",
        "So many grades were cleared at once that withdrawing them waits for someone's word.",
        "Check the gradebook; where they are meant, sync with --confirm.",
        "instructor",
        "Check the gradebook; the data team lets them go, if they are meant.",
    ),
    Code.STUDENT_WITHOUT_SIS_ID: _skip(
        "grade",
        "The student has no SIS id in Canvas.",
        "Add the student's SIS id.",
        "Canvas admin",
        "Ask the Canvas admin to add the student's SIS id.",
    ),
    Code.HIDDEN: _skip("grade", "It is hidden from the student.", "Post the grade."),
    Code.MISSING_WITHOUT_SCORE: _skip(
        "grade", "It is marked Missing and has no score.", "Enter a score, or excuse the student."
    ),
    Code.LATE_WITHOUT_SCORE: _skip("grade", "It is marked Late and has no score.", "Enter a score."),
    Code.TEXT_GRADE: _skip("grade", "It is text without a numeric score.", "Enter a numeric score."),
    Code.STUDENT_TWICE: _error(
        "grade",
        "Filter",
        "Two users of the section are one student in the SIS.",
        "In Canvas, merge the two users, or correct the SIS id of one.",
        who="Canvas admin",
        in_course="Ask the Canvas admin to merge the two users, or to correct the SIS id of one.",
    ),
    Code.STUDENT_NOT_ON_ROSTER: _error(
        "grade",
        "Filter",
        "The student is not on the roster of the SIS's class.",
        "Enroll the student in the SIS, or remove the student from the Canvas section.",
        in_course="Ask the SIS admin to enroll the student, if the student belongs to the section.",
    ),
    Code.GRADES_NOT_ASKED: _info(
        "grade", "This run was asked to post assignments alone.", "Sync the course.", "operator"
    ),
    Code.NOT_MENDED: _info(
        "grade",
        "This run was not asked to write it.",
        "Sync the course, or name its cause.",
        "operator",
        "Sync the course to send it.",
    ),
    Code.ASSIGNMENT_NOT_MENDED: _info(
        "assignment",
        "This run was not asked to write it.",
        "Sync the course, or name its cause.",
        "operator",
        "Sync the course to send it.",
    ),
    Code.MEND_HELD: _error(
        "grade",
        "Post Grades",
        "So much would be written at once that mending or taking back waits for someone's word.",
        "Look at the differences, then ask again with --confirm.",
        in_course=_NOTHING_HERE,
    ),
    Code.ASSIGNMENT_MEND_HELD: _error(
        "assignment",
        "Post Assignments",
        "So much would be written at once that mending or taking back waits for someone's word.",
        "Look at the differences, then ask again with --confirm.",
        in_course=_NOTHING_HERE,
    ),
    Code.ASSIGNMENT_NOT_EMPTY: _error(
        "assignment",
        "Post Assignments",
        "The SIS shows results on it beside those that were taken back, or did not show it whole.",
        "Look at the column in the SIS; delete it there by hand if it should go.",
        in_course="Ask the SIS admin to delete the column, if it should go.",
    ),
    Code.NOT_READ_BACK: _error(
        "grade",
        "Post Grades",
        "It stands in a class that could not be read, so that nobody knows whether someone changed it there.",
        "Ask the SIS's support to open the class, or delete it there by hand.",
        in_course=_OPEN_CLASS,
    ),
    Code.ASSIGNMENT_NOT_READ_BACK: _error(
        "assignment",
        "Post Assignments",
        "It stands in a class that could not be read, so that nobody knows what stands on it.",
        "Ask the SIS's support to open the class, or delete it there by hand.",
        in_course=_OPEN_CLASS,
    ),
    Code.SIS_REFUSED: _error(
        "grade", "Post Grades", "The SIS refused it.", _OWN_WORDS, in_course=_THEIR_WORDS
    ),
    Code.SIS_ID_REFUSED: _error("grade", "Post Grades", _ID_REFUSED, _ID_MODE, "operator", _NOTHING_HERE),
    Code.SIS_UNAVAILABLE: _error(
        "grade", "Post Grades", "The SIS did not take it in time.", "The next sync tries again.", "operator"
    ),
    Code.SIS_UNKNOWN_OUTCOME: _error(
        "grade",
        "Post Grades",
        "The connection was lost before the SIS answered.",
        "The next sync looks it up before it sends again.",
        "operator",
    ),
    Code.TWO_CANDIDATES: _error(
        "grade",
        "Post Grades",
        "Whether the SIS took it is unknown, and two of its results could be the one.",
        "Delete the result that is not wanted in the SIS; nothing is written until then.",
        in_course="Ask the SIS admin to delete the result that is not wanted; nothing is written until then.",
    ),
    Code.GONE_HELD: _error(
        "grade",
        "Post Grades",
        "So many grades are no longer in the SIS that making them anew waits for someone's word.",
        _GONE,
        in_course=_GONE_HERE,
    ),
    Code.MOVE_HELD: _error(
        "grade",
        "Post Grades",
        "The section has another class in the SIS, and so many grades would be made there that it waits for "
        "someone's word.",
        _MOVED,
        in_course=_MOVED_HERE,
    ),
    Code.NOT_HELD: _error(
        "grade",
        "Verify",
        "The SIS accepted it and holds something else.",
        "Compare it in the SIS; the next sync sends it again.",
    ),
    Code.SYNC_STOPPED: _error(
        "grade",
        "Post Grades",
        "The sync stopped before its turn came.",
        "Mend what stopped the sync, then sync again.",
        "operator",
    ),
    Code.EDITED_IN_SIS: _told(
        "grade",
        "Someone changed it in the SIS since it was last sent.",
        _EDITED,
        stage="Verify",
        in_course=_EDITED_HERE,
    ),
    Code.NOT_SHOWN: _told(
        "grade",
        "The SIS accepted it and does not list it yet.",
        "Nothing to do: the next sync looks, and sends it once more if need be.",
        "operator",
        "Verify",
    ),
    Code.KEPT_OTHERWISE: _told(
        "grade",
        "The SIS keeps the score in its own way: with fewer decimals.",
        "Nothing to do: it is known, and told once.",
        "SIS admin",
        "Verify",
    ),
    Code.ABOVE_MAXIMUM: _told(
        "grade", "The score is above the points possible; it is sent as it is.", "Check the score."
    ),
    Code.BELOW_ZERO: _told("grade", "The score is below zero; it is sent as it is.", "Check the score."),
    Code.PENDING_REVIEW: _told(
        "grade", "Part of it still waits for review; its score so far is sent.", "Finish grading it."
    ),
    Code.RESUBMITTED: _told(
        "grade",
        "The student resubmitted; the score of the earlier attempt is sent.",
        "Grade the new attempt.",
    ),
    Code.LEFT_COURSE: _told(
        "course",
        "An assignment that was chosen is not in the course any more; what else was chosen goes.",
        "Nothing, if it was deleted on purpose; else restore it in Canvas, and sync again.",
    ),
    Code.SECTION_LEFT_COURSE: _told(
        "course",
        "A section that was chosen is not in the course any more; what else was chosen goes.",
        "Nothing, if it was deleted or cross-listed on purpose; else sync again once it is back.",
    ),
    Code.UNREADABLE_SECTION: _told(
        "course",
        "Canvas gives something of a section that is not what it should be; the section is left out.",
        "Save the section anew in Canvas; if it stays, tell the data team.",
        "Canvas admin",
    ),
    Code.UNREADABLE_ENROLLMENT: _told(
        "course",
        "Canvas gives something of a student's enrollment that is not what it should be; it is left out.",
        "Enroll the student anew; if it stays, tell the data team.",
        "Canvas admin",
    ),
    Code.UNREADABLE_GROUP: _told(
        "course",
        "Canvas gives something of an assignment group that is not what it should be; it is left out.",
        "Save the group anew in Canvas; if it stays, tell the data team.",
    ),
    Code.TIME_ZONE_UNKNOWN: _told(
        "course",
        "Canvas gives no time zone of the course that is known; the institution's is taken.",
        "Choose the course's time zone in its settings; the institution's is GPB_TIMEZONE.",
        in_course="Choose the course's time zone in its settings.",
    ),
    Code.MASS_CHANGE: Issue(
        "course",
        "warning",
        "Filter",
        "More than half of the grades that the SIS holds from this course change at once.",
        "Check the gradebook for an import or a curve that was not meant.",
        "instructor",
        "none",
    ),
    Code.NEVER_SHOWN: Issue(
        "course",
        "warning",
        "Verify",
        "The SIS accepts what is sent and lists nothing of it; what it holds cannot be held against Canvas. "
        "What it did not answer is not sent again: it might stand twice.",
        "Ask the SIS's support how results are read back; once a list shows anything of the course, the rest "
        "is settled by it. What you looked for in the SIS and did not find: gpb reconcile COURSE --mend "
        "unsettled.",
        "SIS admin",
        "none",
        _FOR_THE_SIS,
    ),
    Code.CLASS_LEFT_UNREAD: Issue(
        "course",
        "warning",
        "Filter",
        "A class that its section has left holds something because of us, and could not be read.",
        "Look at the class in the SIS; what stands there is not known, and is not taken back.",
        "SIS admin",
        "none",
        _FOR_THE_SIS,
    ),
    Code.EMPTY_LIST_BELIEVED: Issue(
        "course",
        "warning",
        "Filter",
        "A list without rows, where something of ours stood, was believed, as it was asked to be.",
        "If it should not be empty, look at it; what is missing by it, a sync makes anew.",
        "operator",
        "none",
        _FOR_THE_SIS,
    ),
    Code.NOT_VERIFIED: Issue(
        "course",
        "warning",
        "Verify",
        "What was posted could not be read back from the SIS.",
        "Sync again when the SIS answers; a remaster reads everything back.",
        "operator",
        "none",
    ),
}
