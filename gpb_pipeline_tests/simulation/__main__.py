"""`make simulate SEED= CASES=`: as many cases as asked, from a seed on; `--faults`: the planted faults.

Prints each case in which an invariant does not hold with the command that shows it again, and ends with 1.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from gpb_pipeline_tests.simulation.faults import FAULTS, hunted
from gpb_pipeline_tests.simulation.history import CASES, NIGHTS, History
from gpb_pipeline_tests.simulation.invariants import Broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first course's seed")
    parser.add_argument("--cases", type=int, default=15_000)
    parser.add_argument("--course", type=int, default=CASES, help="cases of one course")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--faults", action="store_true", help="plant each fault, and say when it is found")
    asked = parser.parse_args()
    return _faults() if asked.faults else _simulated(asked.seed, asked.cases, asked.course, asked.jobs)


def lived(seed: int, cases: int) -> list[Broken]:
    return sorted(History(seed=seed, cases=cases).broken())


def _simulated(first: int, cases: int, course: int, jobs: int) -> int:
    began, broken = time.monotonic(), 0
    seeds = range(first, first - (-cases // course))
    with ProcessPoolExecutor(jobs) as pool:
        courses = pool.map(lived, seeds, [course] * len(seeds))
        for seed, found in zip(seeds, courses, strict=True):
            for each in found:
                print(f"seed {seed}, case {each.case}, night {each.night}: {each.what}")
            if found:
                broken += len({each.case for each in found})
                print(f"  again: make simulate SEED={seed} CASES={course} COURSE={course}", flush=True)
    took = time.monotonic() - began
    done = len(seeds) * course
    print(
        f"{done} cases (seeds {seeds[0]} to {seeds[-1]}), {done * NIGHTS} nights judged and written, "
        f"in {took:.0f} s: {broken} cases in which something broke"
    )
    return 1 if broken else 0


def _faults() -> int:
    missed = 0
    for name, plant in FAULTS.items():
        found = hunted(plant)
        missed += found is None
        told = "not found" if found is None else f"{found.cases} | {found.broken.what}"
        print(f"| {name} | {told} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
