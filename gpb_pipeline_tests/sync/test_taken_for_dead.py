"""A sync that lost its lock and was taken for dead: it gets no second end, and what it posted is adopted."""

from datetime import UTC, datetime

from gpb_pipeline.events import CourseFailed, CourseSynced, StageReached
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Stage
from gpb_pipeline.warehouse import history, soundness
from gpb_pipeline_tests.sync.desk import SPANISH, Desk


def test_who_was_taken_for_dead_leaves_nothing_and_the_next_sync_looks(either_desk: Desk) -> None:
    desk = either_desk
    with desk.connected() as connections:
        warehouse = connections.warehouse
        ends = []
        for event in sync_courses(connections, [desk.request(SPANISH)]):
            if isinstance(event, StageReached) and event.stage is Stage.POST_ASSIGNMENTS:
                warehouse.commit(history.fail_open_jobs, {SPANISH: datetime.now(UTC)})
            if isinstance(event, CourseFailed | CourseSynced):
                ends.append(event)
        [end] = ends
        assert isinstance(end, CourseFailed)
        assert end.error.code == "lock_lost"
        [job] = warehouse.read(history.jobs, SPANISH)
        assert (job.status, job.code) == ("Failed", history.DIED)
        soundness.require_sound(warehouse)
    assert desk.sync_one(SPANISH).status == "Completed"
    assert desk.kinds()["result", "create"] == len(desk.held())
    with desk.connected() as connections:
        soundness.require_sound(connections.warehouse)
