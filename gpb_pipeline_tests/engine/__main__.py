"""`make engine SEED= SEEDS=`: so many stories from a seed on, in two processes; `--plant`: a fault in ours.

Prints each seed in which something does not hold, its story and the command that lives it again, and ends
with 1.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from math import inf
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from gpb_pipeline_tests.engine.life import Ended, lived
from gpb_pipeline_tests.engine.plants import PLANTS
from gpb_pipeline_tests.engine.town import town

SHOWN = 6  # of what does not hold in a seed
_fork = get_context("fork")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make engine", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=inf, help="after which no further seed begins")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument(
        "--plant", choices=PLANTS, help="live them with this fault planted, until one finds it"
    )
    parser.add_argument(
        "--plants", action="store_true", help="plant each fault, and live the seed that finds it"
    )
    parser.add_argument("--tell", action="store_true", help="print each seed's story")
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.seeds)
    if asked.plants:
        return _planted()
    began, ends, broken, done = time.monotonic(), Counter[str](), 0, 0
    for each in _all(seeds, asked.jobs, asked.plant, 60 * asked.minutes):
        done += 1
        ends.update({end.partition(" ")[0] for end in each.ends} | ({"late"} if each.late else set()))
        if asked.tell or each.broken:
            print("\n".join(_told(each, asked.plant)), flush=True)
        if each.broken:
            broken += 1
            if asked.plant:
                break
    took, cpu = time.monotonic() - began, sum(getrusage(RUSAGE_CHILDREN)[:2])
    kinds = ", ".join(f"{name} in {count}" for name, count in ends.most_common())
    print(
        f"{done} seeds from {asked.seed} on in {took:.0f} s, {cpu / done:.1f} s of CPU each: {broken} broke"
    )
    print(f"their syncs ended {kinds}")
    return 1 if broken else 0


def _told(each: Ended, plant: str | None) -> list[str]:
    planted = f' PLANT="{plant}"' if plant else ""
    return [
        f"seed {each.story.seed} ({each.seconds:.1f} s)",
        *(f"  {line}" for line in each.story.told()),
        *(f"  -> {end}" for end in each.ends),
        *(f"  BROKEN: {what}" for what in each.broken[:SHOWN]),
        f"  again: make engine SEED={each.story.seed} SEEDS=1{planted}",
    ]


def _planted() -> int:
    missed = 0
    for name, planted in PLANTS.items():
        seeds = range(planted.seed, planted.seed + 1)
        broken = [what for each in _all(seeds, 1, name, inf) for what in each.broken]
        missed += not broken
        print(f"| {name} | {planted.seed} | {broken[0] if broken else 'not found'} |", flush=True)
    return 1 if missed else 0


def _all(seeds: range, jobs: int, plant: str | None, seconds: float) -> Iterator[Ended]:
    """Live the seeds, each process every so many-th; as they end."""
    readers: list[Connection] = []
    processes = []
    for n in range(min(jobs, len(seeds))):
        reader, writer = _fork.Pipe(duplex=False)
        process = _fork.Process(target=_live, args=(writer, seeds[n::jobs], plant, seconds))
        process.start()
        writer.close()
        readers.append(reader)
        processes.append(process)
    try:
        while readers:
            ready = wait(readers)
            for reader in [each for each in readers if each in ready]:
                try:
                    yield reader.recv()
                except EOFError:
                    readers.remove(reader)
    finally:
        for process in processes:
            process.terminate() if readers else None
            process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit("a process of the engine's died")


def _live(writer: Connection, seeds: range, plant: str | None, seconds: float) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        town(Path(folder)) as here,
    ):
        if plant:
            PLANTS[plant].plant(patch)
        until = time.monotonic() + seconds
        for seed in seeds:
            if time.monotonic() < until:
                writer.send(lived(here, seed))


if __name__ == "__main__":
    sys.exit(main())
