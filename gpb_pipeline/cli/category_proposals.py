"""`gpb categories propose`: last term's choices for this term's courses, in a file to be looked over."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import click

from gpb_pipeline.asked import those_listed
from gpb_pipeline.cli.progress import Progress
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.categories import csv_file as category_csv
from gpb_pipeline.passback.categories.csv_file import ProposedLine
from gpb_pipeline.passback.categories.proposals import PastChoice, last_terms, proposals
from gpb_pipeline.passback.term import ListedCourse
from gpb_pipeline.sync_categories import CategorySync
from gpb_pipeline.terms import term_named


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """The file, and what is to be said of it."""

    text: str
    courses: int
    fitting: int
    misfits: int
    without_source: int
    unread: int


def propose(
    sync: CategorySync,
    listed: Sequence[ListedCourse],
    past: Sequence[PastChoice],
    wanted: Sequence[ListedCourse],
    zone: ZoneInfo,
) -> Proposed:
    """Hold these courses' categories against what the courses before them chose; costs no other course."""
    by_course: dict[str, list[PastChoice]] = defaultdict(list)
    for each in past:
        by_course[each.course_id].append(each)
    sources = last_terms(listed, by_course.keys())
    course_ids = [each.course.course_id for each in wanted if each.course.course_id in sources]
    lines: list[ProposedLine] = []
    unread = 0
    with Progress(len(course_ids)) as progress:
        for course_id, found in zip(course_ids, sync.courses(course_ids), strict=True):
            progress.tell(course_id, "read", ended=True)
            if isinstance(found, PipelineError):
                unread += 1
                click.echo(f"gpb: {found}", err=True)
                continue
            lines += [
                ProposedLine(listed=found, proposal=each)
                for each in proposals(found, sources[course_id], by_course)
            ]
    misfits = sum(each.proposal.misfit is not None for each in lines)
    return Proposed(
        text=category_csv.proposed(lines, zone),
        courses=len({each.listed.course_id for each in lines}),
        fitting=len(lines) - misfits,
        misfits=misfits,
        without_source=len(wanted) - len(course_ids),
        unread=unread,
    )


def wanted_of(
    listed: Sequence[ListedCourse], course_ids: Sequence[str], term: str | None
) -> list[ListedCourse]:
    """Choose the courses that go on: all of them, those of a term, or those named; raises UsageError."""
    going = [
        each for each in listed if not (each.restricted or each.course.blueprint or each.course.concluded)
    ]
    if term is not None:
        own = term_named(term, going)
        going = [each for each in going if each.term == own]
    chosen = those_listed(
        going,
        course_ids,
        argument="COURSE",
        what="is no course of the account that goes on",
        remedy="List the courses with `gpb courses`.",
    )
    return [each for each in going if not chosen or each.course.course_id in chosen]
