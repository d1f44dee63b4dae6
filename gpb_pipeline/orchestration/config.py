"""What a run may be told: the form of the launchpad, and the tags that stand in for it. No student data.

A tag counts where the config is silent, so that a bare click works, and so that a backfill of partitions can
be a remaster. Where both speak they must agree: a job's own tag is what its name promises.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from gpb_pipeline.asked import require_one_course
from gpb_pipeline.course_names import FORM
from gpb_pipeline.errors import UsageError
from gpb_pipeline.orchestration.legible import LegibleConfig
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.setting_kinds import legible
from gpb_pipeline.sync import Posting, SyncRequest

TYPE_TAG = "gpb/type"
POSTED_BY_TAG = "gpb/posted_by"
REQUEST_TAG = "gpb/request"
"""Of what was asked for at the instructor's desk, where people choose from a list that was read earlier."""
SOMEONE = "Dagster UI"
QUEUE_TAG, BY_ITSELF = "gpb/queue", "by itself"
"""Of what runs by the clock: dagster.yaml leaves it fewer places than there are, so that nobody waits."""


class GradeSyncConfig(LegibleConfig):
    """Every field may be left out: a click on Materialize syncs the chosen courses whole."""

    course_ids: list[str] = Field(
        [],  # a factory's default would not show in the launchpad
        description="Canvas course ids of a batch. Leave empty where you choose partitions instead.",
    )
    posted_by: str = Field(
        "", description='Your name, for the history. Else the tag gpb/posted_by, else "Dagster UI".'
    )
    type: Literal["by_tag", "manual", "nightly", "remaster"] = Field(
        "by_tag",
        description="manual sends what has changed since the last sync; remaster sends everything again, "
        "changed or not. by_tag: what the run's tag gpb/type says, else manual; the jobs "
        "remaster_grade_passback and nightly_grade_sync have that tag, and take no other type.",
    )
    sections: list[str] = Field(
        [],
        description="Canvas section ids to sync, of one course. Empty: all sections.",
    )
    assignments: list[str] = Field(
        [],
        description="Canvas assignment ids to send, of one course; leave out those that should not go "
        "(also of a remaster). `gpb assignments COURSE` lists them. Empty: all assignments.",
    )
    confirm: bool = Field(
        False,  # noqa: FBT003  pydantic's default stands first
        description="Release withdrawals that a sync has held because so many grades were cleared at once.",
    )

    until: str = Field(
        "",
        description="A time (ISO 8601, with its offset): a course that would not end by then is not begun. "
        "The schedules set it. Empty: no such time.",
    )

    @property
    def ends_by(self) -> datetime | None:
        """Give that time; raises UsageError for what is none."""
        return time_of(self.until)

    def requests(
        self, course_ids: Sequence[str], *, run_id: str, tags: Mapping[str, str], posting: Posting
    ) -> list[SyncRequest]:
        """Say what to sync of these courses; raises UsageError where the form contradicts itself."""
        require_one_course(course_ids, [*self.sections, *self.assignments], FORM)
        sync_type, posted_by = self._type(tags), self.posted_by or _tagged_name(tags) or SOMEONE
        return [
            SyncRequest(
                job_id=job_id(run_id, course_id),
                course_id=course_id,
                type=sync_type,
                posted_by=posted_by,
                selection=Selection(
                    sections=frozenset(self.sections) or None,
                    assignments=frozenset(self.assignments) or None,
                    from_list=REQUEST_TAG in tags,
                ),
                posting=posting,
                anew=not self.course_ids,
                confirm=self.confirm,
            )
            for course_id in course_ids
        ]

    def _type(self, tags: Mapping[str, str]) -> SyncType:
        tagged = tags.get(TYPE_TAG)
        if tagged and self.type not in ("by_tag", tagged):
            raise UsageError(
                f"{self.type} was chosen, and the run's tag {TYPE_TAG} says {tagged}",
                item="type",
                remedy="Leave it at by_tag, or launch grade_sync.",
            )
        wanted = self.type if self.type != "by_tag" else tagged or "manual"
        for known in get_args(SyncType):
            if wanted == known:
                return known  # type: ignore[no-any-return]
        raise UsageError(
            f"the type is none of {', '.join(get_args(SyncType))}",
            item=f"tag {TYPE_TAG}",
            remedy="Correct the tag, or choose the type in the run's config.",
        )


def _tagged_name(tags: Mapping[str, str]) -> str:
    """Read who asks of a run's tags; raises UsageError for what is no text of one line."""
    try:
        return str(legible(tags.get(POSTED_BY_TAG, "")))
    except ValueError as wrong:
        raise UsageError(str(wrong), item=f"tag {POSTED_BY_TAG}", remedy="Correct the tag.") from None


def time_of(until: str) -> datetime | None:
    """Read the time by when a run's courses end; raises UsageError for what is none."""
    try:
        moment = datetime.fromisoformat(until) if until else None
    except ValueError:
        moment = None
    if until and (moment is None or moment.tzinfo is None):
        raise UsageError(
            "it is no time with its offset",
            item="until",
            remedy="Write 2026-11-25T05:00-05:00, or nothing.",
        )
    return moment


def job_id(run_id: str, course_id: str) -> str:
    """Name one course's sync in a run: in the history as in the logs."""
    return f"{run_id.replace('-', '')[:12]}-{course_id}"
