"""A SIS that takes only so many requests a second gets no more for long, and no write fails for it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from time import monotonic

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gpb_pipeline.brake import Brake
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis import pacing
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import RefusedError, ThrottledError, UnknownOutcome
from gpb_pipeline.sis.pacing import IN_FLIGHT, Pace
from gpb_pipeline.sis.transport import ATTEMPTS
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import BASE, OneRosterServer, Running, Seen
from gpb_pipeline_tests.sis.samples import LINE_ITEM, RESULT

WRITES = {2.0: 32, 5.0: 80, 10.0: 80}
THREADS = 24  # of several courses at once
Limit = Callable[[Seen], Response | None]


def at_most(rate: float, headers: dict[str, str], status: int = 429) -> Limit:
    """A bucket of one second's requests, which fills at `rate` a second."""
    room, at = rate, monotonic()

    def limit(_: Seen) -> Response | None:
        nonlocal room, at
        now = monotonic()
        room, at = min(rate, room + (now - at) * rate), now
        if room < 1:
            return Response(status_code=status, headers=headers)
        room -= 1
        return None

    return limit


LIMITS = [
    (rate, headers, status)
    for rate in (2.0, 5.0, 10.0)
    for headers, status in (({}, 429), ({"Retry-After": "1"}, 429), ({}, 503), ({"Retry-After": "1"}, 503))
]


def _posted(rate: float, headers: dict[str, str], status: int) -> tuple[int, int]:
    """Post as several courses would; gives how many results the SIS took, and how often it refused."""
    with closing(Running()) as running, ThreadPoolExecutor(THREADS) as threads:
        running.one_roster = sis = OneRosterServer()
        sis.rule = at_most(rate, headers, status)
        settings = SisSettings(base_url=running.origin + BASE, client_id="key", client_secret="sécret")
        with OneRosterClient(settings) as client:
            results = [replace(RESULT, sourced_id=f"r{number}") for number in range(WRITES[rate])]
            list(threads.map(client.put_result, results))  # raises the first failure
        return len(sis.stored), len(sis.seen) - len(results)


def test_no_write_fails_at_two_five_and_ten_a_second_and_few_are_refused() -> None:
    with ThreadPoolExecutor(len(LIMITS)) as schools:
        found = list(schools.map(lambda limit: _posted(*limit), LIMITS))
    assert [taken for taken, _ in found] == [WRITES[rate] for rate, _, _ in LIMITS]
    assert max(refused for _, refused in found) < max(WRITES.values())


@pytest.mark.parametrize(
    "throttle",
    [
        Response(status_code=429),
        Response(status_code=429, headers={"Retry-After": "0"}),
        Response(status_code=503, headers={"Retry-After": "0"}),
        Response(status_code=403, headers={"Retry-After": "0"}),
        PlainTextResponse("Rate limit exceeded", 403),
        JSONResponse({"Message": "Quota exceeded for this client"}, 403),
        JSONResponse({"message": "Too many calls, throttled"}, 403),
        JSONResponse({"imsx_codeMinor": "server_busy"}, 503),
    ],
)
@pytest.mark.parametrize("id_mode", ["consumer", "provider"])
def test_a_throttle_is_waited_out_more_often_than_an_outage(
    sis: OneRosterServer, connect: Connect, throttle: Response, id_mode: str
) -> None:
    sis.allocates = True
    client = connect(id_mode=id_mode)
    for write in (client.put_line_item(LINE_ITEM), client.put_result(RESULT)):
        assert write
    sis.faults += [throttle] * (ATTEMPTS - 2)
    client.put_result(RESULT)
    assert sis.methods() == ["PUT"] * (ATTEMPTS + 1)


def test_a_throttle_that_outlasts_its_time_is_told_and_was_not_written(
    sis: OneRosterServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "PUT_OFF_MOST", 0.0)
    sis.faults.append(Response(status_code=429))
    with pytest.raises(ThrottledError, match="HTTP 429") as raised:
        connect().put_result(RESULT)
    assert not isinstance(raised.value, UnknownOutcome)


def test_a_sis_that_asks_for_longer_than_there_is_time_is_told_at_once(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.faults.append(Response(status_code=429, headers={"Retry-After": "3601"}))
    with pytest.raises(ThrottledError):
        connect().put_result(RESULT)
    assert len(sis.seen) == 1


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits for a turn, which take no time."""
    waits: list[float] = []
    monkeypatch.setattr(pacing, "monotonic", lambda: monotonic() + sum(waits))
    monkeypatch.setattr(Brake, "wait_on", lambda _, condition, seconds: waits.append(seconds))
    return waits


def test_what_is_told_is_waited_for_as_long_as_there_is_time(
    sis: OneRosterServer, connect: Connect, waited: list[float]
) -> None:
    client = connect()
    later = Response(status_code=429, headers={"Retry-After": "605"})
    for _ in range(2):  # an answer between, and there is as much time as before
        sis.faults += [later] * 5
        assert client.put_result(RESULT)
    assert sum(waited) == pytest.approx(10 * 605, abs=60)
    sis.faults += [later] * 6
    with pytest.raises(ThrottledError):
        client.put_result(RESULT)
    assert client.put_result(RESULT)


def test_a_token_that_is_throttled_is_waited_for_as_told(
    sis: OneRosterServer, connect: Connect, waited: list[float]
) -> None:
    sis.token_faults += [Response(status_code=429, headers={"Retry-After": "605"})] * 2
    connect().authorize()
    assert len(sis.token_forms) == 3
    assert sum(waited) == pytest.approx(2 * 605, abs=60)


def test_after_a_throttle_an_outage_is_met_with_all_its_patience(
    sis: OneRosterServer, connect: Connect
) -> None:
    busy, down = Response(status_code=429, headers={"Retry-After": "0"}), Response(status_code=500)
    sis.faults += [down] * (ATTEMPTS - 1) + [busy] + [down] * (ATTEMPTS - 1)
    assert connect().put_result(RESULT) == RESULT.sourced_id


def test_a_write_that_may_have_been_taken_stays_unknown_when_its_repeat_is_throttled_for_good(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.faults += [Response(status_code=500), Response(status_code=429, headers={"Retry-After": "86400"})]
    with pytest.raises(UnknownOutcome):
        connect().put_result(RESULT)


def test_a_refusal_gives_its_turn_back(sis: OneRosterServer, connect: Connect) -> None:
    client = connect()
    sis.faults += [Response(status_code=422)] * (2 * IN_FLIGHT)
    for _ in range(2 * IN_FLIGHT):
        with pytest.raises(RefusedError):
            client.put_result(RESULT)
    assert client.put_result(RESULT)


def _takes(pace: Pace, turns: int) -> bool:
    """Say whether so many turns can be had at once, and the next only when one ends."""
    with ThreadPoolExecutor(1) as threads:
        with ExitStack() as had:
            for _ in range(turns - 1):
                had.enter_context(pace.turn(Brake()))
            with pace.turn(Brake()):
                one_more = threads.submit(pace.turn(Brake()).__enter__)
                waited = not one_more.done()
            one_more.result()
        return waited


def test_what_is_in_flight_grows_by_answers_and_halves_by_a_throttle() -> None:
    pace = Pace()
    for _ in range(100):
        pace.answered()
    assert _takes(pace, IN_FLIGHT)
    halved = Pace()
    for _ in range(100):
        halved.answered()
    with halved.turn(Brake()) as began:
        halved.throttled(began, 0.0)
        halved.throttled(began, 0.0)  # of the same moment
    assert _takes(halved, IN_FLIGHT // 2)
