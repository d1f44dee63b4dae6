"""The warehouse of a district, filled by the block: a few courses are synced, the others are copies of them.

The sandbox's courses are alike from one block to the next (`alike=` in sandbox/generator.py), so that a copy
in the warehouse is what a sync would have left there, but for the sourcedIds, which are like those of a SIS
that chooses its own. What a copy's input would hash to is found by reading it, as a sync does.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.courses import read_head
from gpb_pipeline.equality import input_of
from gpb_pipeline.sandbox.builder import IDS_PER_COURSE
from gpb_pipeline.sandbox.generator import COURSES_PER_STUDENT, FIRST_COURSE_ID, course_of
from gpb_pipeline.sync import Connections, CourseSync, SyncRequest
from gpb_pipeline.warehouse import inputs, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.table import Table

READERS = 4  # more of them, and Canvas throttles the token
COMMIT = 100  # courses
COPIED = (*tables.CURRENT, *tables.LOGS, *tables.HISTORY, tables.SENT_LINE_ITEMS, tables.SENT_RESULTS)
HELD = (tables.HOLDINGS_LINE_ITEMS, tables.HOLDINGS_RESULTS, tables.CLASS_READS)

_SHIFTED = "CAST(CAST(row.{0} AS BIGINT) + {1} AS VARCHAR)"
_NUMBERED = "'S' || CAST(CAST(substr(row.{0}, 2) AS BIGINT) + twin.persons AS VARCHAR)"
_COPIES = {
    "course_id": "twin.new",
    "job_id": r"regexp_replace(row.{0}, '\d+$', twin.new)",
    "judged_in": r"regexp_replace(row.{0}, '\d+$', twin.new)",
    "section_id": _SHIFTED.format("{0}", "twin.ids"),
    "assignment_id": _SHIFTED.format("{0}", "twin.ids"),
    "group_id": _SHIFTED.format("{0}", "twin.ids"),
    "user_id": _SHIFTED.format("{0}", "twin.persons"),
    "student_id": _NUMBERED,
    "sis_user_id": _NUMBERED,
    "class_id": "twin.code || '-' || split_part(row.{0}, '-', 2)",
    "sis_section_id": "twin.code || '-' || split_part(row.{0}, '-', 2)",
    "line_item_id": "CAST(CAST(md5(row.{0} || twin.new) AS UUID) AS VARCHAR)",
    "result_id": "CAST(CAST(md5(row.{0} || twin.new) AS UUID) AS VARCHAR)",
    "course_name": "replace(row.{0}, twin.old, twin.new)",
    "section_name": "replace(row.{0}, twin.old, twin.new)",
    "sis_course_id": "twin.code || '-NOW'",
    "input": "CASE WHEN row.input IS NOT NULL THEN twin.input END",
    "stamp": "CASE WHEN row.stamp IS NOT NULL THEN twin.stamp END",
}
"""Column → what it is in a copy; any other is as it was."""
_COURSE_OF = {
    "course_id": "row.course_id",
    "section_id": f"CAST(CAST(row.section_id AS BIGINT) // {IDS_PER_COURSE} AS VARCHAR)",
    "class_id": r"regexp_extract(row.class_id, '(\d+)-', 1)",
    "job_id": r"regexp_extract(row.job_id, '\d+$')",
}
"""How a row's course is known, by the first of these columns that it has."""


@dataclass(frozen=True)
class Twin:
    """A course and its copy; `ids` and `persons`: what is added to the numbers of each."""

    old: str
    new: str
    ids: int
    persons: int
    code: str
    input: str | None = None
    stamp: str | None = None


def twins(courses: int, alike: int, students: int) -> list[list[Twin]]:
    """Pair each course that is to be copied with the synced one that it is like; so many a commit."""
    made = []
    for number in range(alike, courses):
        old, new = (FIRST_COURSE_ID + each for each in (number % alike, number))
        cohorts = number // COURSES_PER_STUDENT - number % alike // COURSES_PER_STUDENT
        ids = (new - old) * IDS_PER_COURSE
        made.append(Twin(str(old), str(new), ids, cohorts * students, course_of(new).code))
    return [made[at : at + COMMIT] for at in range(0, len(made), COMMIT)]


def fill(connections: Connections, courses: int, alike: int, students: int) -> Iterator[int]:
    """Copy the synced courses until there are so many; tells how many there are."""
    done = alike
    for block in twins(courses, alike, students):
        commit, read = connections.warehouse.commit, connections.warehouse.read
        commit(_copy, block, [each for each in (*COPIED, *HELD) if each is not tables.JOB_ENDS])
        hashes = read_inputs(connections, [each.new for each in block])
        stamps = read(inputs.stamps, [each.new for each in block])
        known = [Twin(*_numbers(each), hashes[each.new], stamps[each.new]) for each in block]
        commit(_copy, known, [tables.JOB_ENDS])
        done += len(block)
        yield done


def _numbers(twin: Twin) -> tuple[str, str, int, int, str]:
    return twin.old, twin.new, twin.ids, twin.persons, twin.code


def read_inputs(connections: Connections, course_ids: Sequence[str]) -> dict[str, str]:
    """Read these courses as a sync does, and hash what was read."""
    with ThreadPoolExecutor(READERS) as writes, ThreadPoolExecutor(READERS) as readers:

        def hashed(course_id: str) -> str:
            return input_of(connections, _sync(connections, course_id, writes).read())

        return dict(zip(course_ids, readers.map(hashed, course_ids), strict=True))


def _sync(connections: Connections, course_id: str, writes: Executor) -> CourseSync:
    request = SyncRequest(job_id="read", course_id=course_id, type="nightly", posted_by="district")
    return CourseSync(
        connections=connections,
        request=request,
        head=read_head(connections.canvas, course_id),
        reached=lambda _: None,
        writes=writes,
        brake=Brake(),
    )


def _copy(session: Connection, block: Sequence[Twin], copied: Sequence[Table[Any]]) -> None:
    session.register("twin", pd.DataFrame([vars(each) for each in block]).astype({"ids": int}))
    for table in copied:
        columns = list(table.columns)
        values = ", ".join(_COPIES.get(name, "row.{0}").format(name) for name in columns)
        course = next(_COURSE_OF[name] for name in _COURSE_OF if name in columns)
        names = ", ".join(columns)
        query = f"FROM {table.qualified} AS row JOIN twin ON {course} = twin.old"
        session.execute(f"INSERT INTO {table.qualified} ({names}) SELECT {values} {query} ORDER BY twin.new")
    session.unregister("twin")
