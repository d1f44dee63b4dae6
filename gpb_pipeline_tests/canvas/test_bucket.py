"""Turns at a token's bucket, against the sandbox's Canvas, whose bucket really leaks and refuses."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.bucket import REMAINING, Bucket
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import CanvasSettings

THREADS, REQUESTS = 16, 60


def ask_all(sandbox: Sandbox, bucket: Bucket) -> list[int]:
    """Have many threads ask through one client; gives the statuses that the Canvas answered with."""
    settings = CanvasSettings(base_url=sandbox.canvas_url, api_token=sandbox.environment["CANVAS_API_TOKEN"])
    with CanvasClient(settings, bucket) as client, ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda n: client.get("users/self", item=f"request {n}"), range(REQUESTS))
        assert all(each["id"] == "1" for each in answers)
    return [each["status"] for each in sandbox.requests_seen("canvas")]


@pytest.mark.parametrize("mark", [600.0, 160.0], ids=["Canvas's own", "one that is nearly full"])
def test_many_threads_never_fill_the_bucket(sandbox: Sandbox, mark: float) -> None:
    size = {"latency": 0.02, "cost": 0.0, "high_water_mark": mark}
    sandbox.control("canvas", "PUT", "/bucket", size)
    assert ask_all(sandbox, Bucket()) == [200] * REQUESTS


def test_a_bucket_too_small_for_what_is_taken_at_first_refuses_but_never_twice_in_a_row(
    sandbox: Sandbox,
) -> None:
    size = {"latency": 0.005, "cost": 20.0, "high_water_mark": 120.0, "outflow": 4000.0, "status": 429}
    sandbox.control("canvas", "PUT", "/bucket", size)
    statuses = ask_all(sandbox, Bucket(outflow=4000.0))
    steady = statuses[4:]
    assert statuses.count(200) == REQUESTS
    assert (429, 429) not in pairwise(steady)


def test_after_a_refusal_one_request_at_a_time_feels_its_way() -> None:
    bucket = Bucket(outflow=1e9)
    with bucket.turn(Brake()) as began:
        bucket.told({}, began, refused=True)
    with bucket.turn(Brake()) as began, ThreadPoolExecutor(1) as pool:
        second = pool.submit(bucket.turn(Brake()).__enter__)
        assert not second.done()
        bucket.told({REMAINING: "500.0"}, began, refused=False)
        second.result()


def test_a_canvas_that_tells_nothing_is_not_waited_for() -> None:
    bucket = Bucket(outflow=1e-9)
    with bucket.turn(Brake()) as began:
        bucket.told({REMAINING: "unsaid"}, began, refused=False)
    with ThreadPoolExecutor(THREADS) as pool:
        for each in [pool.submit(bucket.turn(Brake()).__enter__) for _ in range(THREADS)]:
            each.result()
