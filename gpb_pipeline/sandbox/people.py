"""Invented people: a name for every number, the same each time.

Who is enrolled where is not decided here.
"""

from gpb_pipeline.sandbox.district import Person

FIRST_STUDENT_ID = 2001
# fmt: off
GIVEN = (
    "Ava", "Ben", "Chloe", "Diego", "Emma", "Felix", "Grace", "Hugo", "Iris", "Jonah", "Kira", "Liam",
    "Maya", "Noah", "Olive", "Priya", "Quinn", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Wes",
    "Ximena", "Yusuf", "Zoe", "Anton", "Bea", "Caleb", "Dina", "Elias", "Fern", "Gus", "Hana", "Ivan",
    "June",
)
FAMILY = (  # their number shares no factor with that of the given names, so pairs repeat late
    "Adler", "Brooks", "Castillo", "Dunn", "Ellis", "Farrow", "Grant", "Huang", "Ibarra", "Jensen",
    "Kaplan", "Lowe", "Mercer", "Nolan", "Ortiz", "Pruitt", "Quigley", "Reyes", "Sato", "Tran", "Ueda",
    "Vance", "Walsh", "Xiong", "York", "Zeller", "Abbot", "Bauer", "Cole",
)
# fmt: on
TEACHER = Person(55, "Dana", "Whitfield", "T55")
TEST_STUDENT = Person(1999, "Test", "Student", None)


def student(number: int, *, known_to_sis: bool = True) -> Person:
    """The student of a number from 0 on."""
    id = FIRST_STUDENT_ID + number
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
    return Person(id, given, family, f"S{id}" if known_to_sis else None)
