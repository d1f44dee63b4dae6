"""A brake that is pulled while the SIS is asked: no request more, and no write that anybody forgets."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.responses import JSONResponse, Response

from gpb_pipeline.brake import Brake, StoppedError
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.errors import UnknownOutcome
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import OneRosterServer, Seen
from gpb_pipeline_tests.sis.samples import RESULT

WHY = PermanentError("the host goes down", item="the run", remedy="Sync again.", code="cancelled")


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_that_is_put_off_is_woken_and_was_not_made(
    connect: Connect, sis: OneRosterServer, status: int
) -> None:
    brake = Brake()
    sis.rule = lambda seen: Response(status_code=status, headers={"Retry-After": "500"})
    with ThreadPoolExecutor(1) as threads:
        write = threads.submit(connect().heeding(brake).put_result, RESULT)
        while not brake._conditions:
            assert not write.done()
        brake.pull(WHY)
        assert isinstance(write.exception(), StoppedError)
    assert sis.stored == {}
    assert len(sis.seen) == 1


def test_a_write_that_may_have_been_taken_stays_unknown_when_its_repeat_is_stopped(
    connect: Connect, sis: OneRosterServer
) -> None:
    brake = Brake()

    def stopping(_: Seen) -> Response:
        brake.pull(WHY)
        return Response(status_code=502)

    sis.rule = stopping
    with pytest.raises(UnknownOutcome):
        connect().heeding(brake).put_result(RESULT)
    assert len(sis.seen) == 1


def test_no_page_is_asked_for_after_the_brake_was_pulled(connect: Connect, sis: OneRosterServer) -> None:
    brake = Brake()

    def pulling(_: Seen) -> Response:
        brake.pull(WHY)
        return JSONResponse({"categories": [{"sourcedId": f"c{n}", "title": "Work"} for n in range(100)]})

    sis.rule = pulling
    client = connect()
    with pytest.raises(StoppedError):
        client.heeding(brake).categories()
    assert len(sis.seen) == 1
    sis.rule = lambda _: JSONResponse({"categories": []})
    assert client.categories() == []
