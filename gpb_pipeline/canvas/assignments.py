"""A course's assignments as columns: those that are synced read strictly, all others never in the way.

Which columns there are is course_frames.py's; for whom one is and when it is due, overrides.py's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.course_frames import SYNCED, UNSYNCED, may_be_synced
from gpb_pipeline.canvas.overrides import Audience, OverrideRow, UnfitError
from gpb_pipeline.canvas.readings import ident
from gpb_pipeline.canvas.sieve import Columns, joined, reject
from gpb_pipeline.passback.course import Reject
from gpb_pipeline.passback.rules.issues import Code


@dataclass(frozen=True, kw_only=True)
class AssignmentsRead:
    """Their columns, the synced assignments as Canvas gave them, and what was laid aside."""

    columns: Columns
    overrides: Columns
    synced: Sequence[Json]
    rejects: Sequence[Reject]


def read_assignments(rows: Sequence[Json]) -> AssignmentsRead:
    """Read them; overrides of the synced ones alone, for no rule looks at others."""
    rejects: list[Reject] = []
    wanted, audiences = _with_audiences([each for each in rows if may_be_synced(each)], rejects)
    columns, laid_aside = SYNCED.sift(wanted)
    kept = set(columns["assignment_id"])
    synced = [each for each in wanted if ident(each.get("id")) in kept]
    of_synced = [audiences[each] for each in columns["assignment_id"]]
    columns["due_at"] = [each.due_at for each in of_synced]
    columns["only_visible_to_overrides"] = [each.without_everyone for each in of_synced]
    for row, audience in zip(synced, of_synced, strict=True):
        rejects += [
            reject("assignment", Code.UNREADABLE_DUE_DATE, row, met) for met in audience.unreadable[:1]
        ]
    others, _ = UNSYNCED.sift([each for each in rows if not may_be_synced(each)])
    return AssignmentsRead(
        columns=joined(columns, others),
        overrides=_columns_of([row for each in of_synced for row in each.overrides]),
        synced=synced,
        rejects=[*laid_aside, *rejects],
    )


def _with_audiences(rows: Sequence[Json], rejects: list[Reject]) -> tuple[list[Json], dict[str, Audience]]:
    """Read each one's audience; one whose audience cannot be read is laid aside."""
    kept, audiences = [], {}
    for row in rows:
        try:
            audiences[str(ident(row.get("id")))] = Audience.of(row)
        except UnfitError as unfit:
            rejects.append(reject("assignment", unfit.code, row, unfit.met))
        else:
            kept.append(row)
    return kept, audiences


def _columns_of(rows: Sequence[OverrideRow]) -> Columns:
    return {each.name: [getattr(row, each.name) for row in rows] for each in fields(OverrideRow)}
