"""How many courses a night locks together: those whose turn comes soon, since who else syncs one waits."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gpb_pipeline import stream
from gpb_pipeline.events import CourseSynced
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.warehouse import record
from gpb_pipeline_tests.sync.conftest import TODAY
from gpb_pipeline_tests.sync.desk import Desk

COURSES = [str(10_001 + number) for number in range(21)]


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    with running_sandbox("courses=21,seed=9,students=1,assignments=1,sections=1", today=TODAY) as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize(("seconds", "together"), [(0.0, [10, 4, 4, 3]), (1e6, [10, 11])])
def test_after_the_first_ten_as_many_are_locked_as_get_their_turn_in_time(
    district: Sandbox,
    desk_of: Callable[[Sandbox], Desk],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    together: list[int],
) -> None:
    begun: list[int] = []
    begin = record.begin

    def counted(session: Any, jobs: Any, restored_at: Any) -> frozenset[str]:
        begun.append(len(jobs))
        return begin(session, jobs, restored_at)

    monkeypatch.setattr(record, "begin", counted)
    monkeypatch.setattr(stream, "TURN", seconds)
    monkeypatch.setattr(stream, "IN_FLIGHT_MOST", stream.IN_FLIGHT)  # however long answers take here
    desk = desk_of(district)
    with desk.connected() as connections:
        told = list(sync_courses(connections, [desk.request(each, "nightly") for each in COURSES]))
    assert sum(isinstance(each, CourseSynced) for each in told) == len(COURSES)
    assert begun == together
