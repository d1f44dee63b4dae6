"""`make district` on the smallest scale: a copied course is as good as a synced one; nights leave little."""

from collections.abc import Iterator

import pytest

from gpb_pipeline.events import CourseFailed, CourseSynced, CourseUnchanged
from gpb_pipeline.sandbox.serve import running_sandbox
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, SyncRequest, open_connections
from gpb_pipeline.warehouse import holdings, soundness
from gpb_pipeline_tests.cli.command import settle_in
from gpb_pipeline_tests.district.filled import fill
from gpb_pipeline_tests.district.tidying import nights

STUDENTS = 4
DISTRICT = f"courses=8,seed=3,students={STUDENTS},assignments=2,sections=1,alike=1"
SYNCED, COPY = "10001", "10008"  # whose students are others


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    with pytest.MonkeyPatch.context() as patch, running_sandbox(DISTRICT) as sandbox:
        settle_in(patch, tmp_path_factory.mktemp("district"), sandbox.environment)
        with open_connections() as opened:
            yield opened


def synced(connections: Connections, night: str, *course_ids: str) -> list[type]:
    requests = [
        SyncRequest(job_id=f"{night}-{each}", course_id=each, type="nightly", posted_by="tests")
        for each in course_ids
    ]
    ends = (CourseFailed, CourseSynced, CourseUnchanged)
    return [type(event) for event in sync_courses(connections, requests) if isinstance(event, ends)]


@pytest.mark.long
def test_a_copied_course_is_as_one_synced_and_nights_leave_few_files(
    connections: Connections,
) -> None:
    assert synced(connections, "first", SYNCED) == [CourseSynced]
    assert synced(connections, "judged", SYNCED) == [CourseSynced]
    assert list(fill(connections, courses=8, alike=1, students=STUDENTS)) == [8]
    soundness.require_sound(connections.warehouse)
    theirs = connections.warehouse.read(holdings.of_sections, [f"{COPY}0001"]).results
    assert set(theirs["user_id"]) == {str(2001 + STUDENTS + number) for number in range(STUDENTS)}
    assert synced(connections, "third", SYNCED, COPY) == [CourseUnchanged, CourseUnchanged]
    courses = [str(10_001 + number) for number in range(8)]
    [(_, once), (left, twice)] = nights(connections.warehouse, courses, 2)
    assert left.files > twice.files
    assert (once.files, once.snapshots) == (twice.files, twice.snapshots)
