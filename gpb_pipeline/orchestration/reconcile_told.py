"""What a reconcile or a retract found, as metadata: by cause, and by course the first of very many.

Course ids, names of courses and counts; no student's data.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import dagster as dg

from gpb_pipeline.orchestration.metadata import Metadata
from gpb_pipeline.orchestration.partitions import cause_of, named
from gpb_pipeline.passback.holdings.differences import CAUSES
from gpb_pipeline.reconcile import Reconciled
from gpb_pipeline.warehouse import district
from gpb_pipeline.warehouse.ducklake import Connection

SHOWN = 50
"""Courses that a run tells of one by one; `gpb reconcile` and the page /differences have all."""


def metadata(found: Sequence[Reconciled], names: Mapping[str, str]) -> Metadata:
    """Describe what was found; `names` are those of the courses that are told one by one."""
    counts: Counter[str] = sum((each.counts for each in found), Counter())
    told = to_tell(found)
    return {
        "courses": len(found),
        "differences": sum(counts.values()),
        "written": sum(each.written.total() for each in found),
        "causes": dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {"cause": cause, "count": counts[cause], "what": said.words, "mend": said.mend}
                )
                for cause, said in CAUSES.items()
                if counts[cause]
            ],
            schema=_CAUSES,
        ),
        "by_course": dg.MetadataValue.table(
            [_record(each, names.get(each.course_id)) for each in told[:SHOWN]], schema=_COURSES
        ),
        "courses_not_shown": max(0, len(told) - SHOWN),
    }


def to_tell(found: Sequence[Reconciled]) -> list[Reconciled]:
    """Choose the courses that are told of: those that could not be read first, then by their differences."""
    chosen = [each for each in found if each.counts or each.error is not None]
    return sorted(chosen, key=lambda each: (each.error is None, -each.counts.total()))


def _record(found: Reconciled, name: str | None) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "course": named(found.course_id, name),
            "differences": found.counts.total(),
            "causes": ", ".join(f"{cause} {count}" for cause, count in found.counts.most_common()),
            "written": found.written.total(),
            "not_read": not_read(found),
            "job_id": "" if found.error else found.job_id,
        }
    )


def not_read(found: Reconciled) -> str:
    """Say why a course could not be held against the SIS, and what to do; nothing where it could."""
    error = found.error
    return "" if error is None else f"{cause_of(error, found.course_id)}. {error.remedy}"


def names_of(session: Connection, found: Sequence[Reconciled]) -> dict[str, str]:
    """Read the names of those courses of which is told one by one, as far as they were ever read."""
    told = [each.course_id for each in to_tell(found)[:SHOWN]]
    names = {course_id: district.course_name(session, course_id) for course_id in told}
    return {course_id: name for course_id, name in names.items() if name}


_CAUSES = dg.TableSchema(
    [
        dg.TableColumn("cause"),
        dg.TableColumn("count", "int", description="items"),
        dg.TableColumn("what", description="what it is"),
        dg.TableColumn("mend", description="what mends it"),
    ]
)
_COURSES = dg.TableSchema(
    [
        dg.TableColumn("course"),
        dg.TableColumn("differences", "int", description="items"),
        dg.TableColumn("causes", description="of how many items each"),
        dg.TableColumn("written", "int", description="items that were asked for and taken by the SIS"),
        dg.TableColumn("not_read", description="why it could not be held against the SIS"),
        dg.TableColumn("job_id", description="its line in the history: `gpb details` shows each item"),
    ]
)
