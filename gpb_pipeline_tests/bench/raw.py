"""The floor: the very requests that a pass made, by bare `requests` threads, and nothing read of the answers.

A write goes with the body of what the SIS holds there, and is taken again.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from gpb_pipeline_tests.bench.figures import Figures


def main() -> None:
    asked = json.load(sys.stdin)
    Figures.of(lambda: replayed(asked["requests"], asked["threads"])).told()


def replayed(made: list[dict[str, Any]], threads: int) -> dict[str, int]:
    with requests.Session() as session, ThreadPoolExecutor(threads) as pool:
        session.mount("http://", HTTPAdapter(pool_connections=threads, pool_maxsize=threads))

        def ask(one: dict[str, Any]) -> int:
            headers = {"Authorization": f"Bearer {one['token']}"}
            answer = session.request(one["method"], one["url"], headers=headers, json=one["body"], timeout=60)
            return len(answer.content)

        return {"bytes": sum(pool.map(ask, made))}


if __name__ == "__main__":
    main()
