"""A fortnight of nights, through daylight saving, outages and a crash; and a weekend in spring.

Each night is the schedules' own ticks at their own times, run through the real jobs against both servers.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline_tests.sync.days import School
from gpb_pipeline_tests.sync.gradebook import Cell, Course, in_canvas, in_sis, needless, result_ids
from gpb_pipeline_tests.sync.nights import Nights, Tick

NEW_YORK = ZoneInfo("America/New_York")
ALGEBRA, BIOLOGY, CHEMISTRY, ENGLISH, FRENCH, GEOMETRY = (str(10001 + n) for n in range(6))
DOWN = {"effect": "status", "status": 503, "times": None}
KILLED_AFTER = 10  # writes; of those the history cannot know
SLOW = {"effect": "slow", "method": "PUT", "path": "/results/", "seconds": 0.2, "times": None}


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    size = "courses=6,seed=11,students=8,assignments=5,sections=2"
    with running_sandbox(size, today=date(2026, 11, 24)) as running:
        yield running


@pytest.fixture
def environment(district: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    district.reset()
    monkeypatch.chdir(tmp_path)
    for name, value in district.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GPB_CATALOG", f"sqlite:{tmp_path}/catalog.sqlite")
    monkeypatch.setenv("GPB_DATA_PATH", f"{tmp_path}/data")
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")


@contextmanager
def nightly_at(at: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    """A district whose nights begin at this time of day."""
    monkeypatch.setenv("GPB_NIGHTLY_AT", at)
    with (
        dg.instance_for_test(temp_dir=str(folder)) as instance,
        dg.DagsterInstance.ephemeral() as runs,
        Passback().warehouse() as warehouse,
    ):
        yield Nights(instance, runs, warehouse)


class Fortnight:
    """The nights of a district, and what happened in each, by its number from 1 on."""

    def __init__(self, nights: Nights, school: School, start: datetime) -> None:
        self.nights = nights
        self.school = school
        self.sandbox = school.sandbox
        self.began = nights.times("nightly", start, 14)
        self.retries = nights.times("nightly_retry", self.began[0], 14)

    def day(self, number: int) -> None:
        """What people do before the night of this number, and the sensor's look at Canvas."""
        print(f"day {number}, before {self.began[number - 1]}")
        self.nights.clock.set(self.began[number - 1] - timedelta(hours=9))
        for course_id in (ALGEBRA, BIOLOGY, ENGLISH):
            self.school.rescores(course_id, 2)
        for act in _events(self.school, self.nights).get(number, ()):
            act()
        self.nights.discover()

    def night(self, number: int) -> list[Job]:
        """Both ticks of a night with their runs, and what goes wrong in it; the syncs put on record."""
        began, again = self.began[number - 1], self.retries[number - 1]
        before = len(self.sandbox.writes())
        self._break(number)
        first = self.nights.tick("nightly", began)
        if number == CRASH:
            self._kill(first)
        else:
            assert self.nights.run(first) == [number not in (CANVAS_DOWN, SIS_DOWN, FORBIDDEN)]
        if number == CANVAS_DOWN:
            self.sandbox.set_faults("canvas")
        second = self.nights.tick("nightly_retry", again)
        if number in (CANVAS_DOWN, SIS_DOWN, CRASH):
            assert self.nights.run(second) == [number != SIS_DOWN]
        else:
            assert second.batches == ()
            assert str(second.skipped).startswith("Every course that was due is done")
        self._mend()
        jobs = self.nights.jobs(began)
        untold = Counter(each["object"] for each in self.sandbox.writes()[before:])
        untold.subtract(_told(jobs))
        assert untold["lineItem"] == 0
        assert (untold["result"] >= KILLED_AFTER) if number == CRASH else (untold["result"] == 0)
        return jobs

    def _break(self, number: int) -> None:
        if number == CANVAS_DOWN:
            self.sandbox.set_faults("canvas", DOWN)
        if number == SIS_DOWN:
            self.sandbox.set_faults("sis", DOWN)
        if number == FORBIDDEN:
            self.sandbox.set_faults("canvas", DOWN | {"status": 403, "path": f"/courses/{FRENCH}/sections"})

    def _mend(self) -> None:
        self.sandbox.set_faults("canvas")
        self.sandbox.set_faults("sis")

    def _kill(self, tick: Tick) -> None:
        """Run the batch in a process of its own, and kill it when the SIS has taken some of its results."""
        before = len(self.sandbox.writes())
        self.sandbox.set_faults("sis", SLOW)
        with self.nights.started(tick) as process:
            while len(self.sandbox.writes()) < before + KILLED_AFTER:
                assert process.poll() is None
                time.sleep(0.05)
            process.kill()
        self.sandbox.set_faults("sis")


CANVAS_DOWN, CRASH, SIS_DOWN, TIDIED, FORBIDDEN = 5, 7, 9, 10, 11
OPTED_IN = {
    ALGEBRA: range(1, 15),
    BIOLOGY: range(1, 10),
    CHEMISTRY: [1, 2, *range(5, 15)],
    ENGLISH: range(1, 15),
    FRENCH: range(4, 15),
    GEOMETRY: range(8, 12),
}


def _events(school: School, nights: Nights) -> dict[int, tuple[Callable[[], None], ...]]:
    """What happens on which day."""
    return {
        1: (
            *(partial(school.changes, GEOMETRY, n, name=f"Proof {n}") for n in range(5)),
            *(partial(school.changes, course_id, 4, published=False) for course_id in (ALGEBRA, BIOLOGY)),
            partial(nights.choose, ALGEBRA, BIOLOGY, CHEMISTRY, ENGLISH, enabled=True),
        ),
        2: (
            partial(school.clears, ALGEBRA, 2),
            partial(school.excuses, BIOLOGY),
            partial(school.hides, ENGLISH),
        ),
        3: (
            partial(nights.choose, CHEMISTRY, enabled=False),
            partial(school.clears, CHEMISTRY),
            partial(school.changes, ALGEBRA, 0, name="Homework 1, renamed"),
        ),
        4: (
            partial(nights.choose, FRENCH, enabled=True),
            partial(school.changes, ALGEBRA, 4, published=True),  # a new assignment, graded
        ),
        5: (partial(nights.choose, CHEMISTRY, enabled=True), partial(school.moves_a_student, BIOLOGY)),
        6: (
            partial(school.changes, ENGLISH, 1, post_to_sis=False),
            partial(school.changes, BIOLOGY, 2, due_at="2026-11-20T23:59:00-05:00"),
        ),
        7: tuple(
            partial(school.rescores, course_id, 15) for course_id in (ALGEBRA, BIOLOGY, CHEMISTRY, ENGLISH)
        ),
        8: (
            partial(nights.choose, GEOMETRY, enabled=True),
            partial(school.deletes, ENGLISH, 2),
            partial(school.posts, ENGLISH),
        ),
        9: (partial(school.clears, ALGEBRA),),
        10: (
            partial(nights.choose, BIOLOGY, enabled=False),
            partial(school.cross_lists, GEOMETRY, into=ALGEBRA),
        ),
        11: (
            partial(school.changes, ENGLISH, 1, post_to_sis=True),
            partial(school.drops_a_student, ALGEBRA),
            partial(school.rescores, FRENCH, 3),
        ),
        12: (
            partial(nights.choose, GEOMETRY, enabled=False),
            partial(school.excuses, FRENCH),
            partial(school.hides, CHEMISTRY),
        ),
        13: (partial(school.clears, CHEMISTRY),),
        14: (partial(school.rescores, FRENCH, 4),),
    }


@pytest.mark.long
def test_a_fortnight_ends_with_the_sis_equal_to_canvas_and_the_history_true(
    environment: None, district: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nightly at 01:30, which clocks show twice on the seventh night."""
    start = datetime(2026, 10, 26, tzinfo=NEW_YORK)
    with nightly_at("01:30", tmp_path, monkeypatch) as nights:
        fortnight = Fortnight(nights, School(district, seed=20261026), start)
        for number in range(1, 15):
            fortnight.day(number)
            jobs = fortnight.night(number)
            assert {(each.type, each.posted_by) for each in jobs} == {
                ("nightly", "Canvas Integrations Admin")
            }
            _end_as_they_should(number, jobs)
            told = nights.problems(fortnight.began[number - 1] + timedelta(hours=4))
            assert {(each.course_id, each.kind, each.who) for each in told} == _problems(number)
            if number == TIDIED:
                nights.tidy()
        assert len(set(nights.run_keys)) == len(nights.run_keys) == 14 + 3
        assert needless(district.writes()) == []
        _equal_under_the_rules(district, nights, start)


@pytest.mark.long
def test_a_weekend_in_spring_has_each_of_its_nights_once(
    environment: None, district: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nightly at 02:30, which clocks skip on the second night."""
    start = datetime(2027, 3, 13, tzinfo=NEW_YORK)
    with nightly_at("02:30", tmp_path, monkeypatch) as nights:
        school = School(district, seed=20270313)
        began = nights.times("nightly", start, 3)
        again = nights.times("nightly_retry", start, 3)
        assert [f"{each:%d %H:%M%z}" for each in began] == ["13 02:30-0500", "14 03:00-0400", "15 02:30-0400"]
        assert [f"{each:%d %H:%M%z}" for each in again] == ["13 04:30-0500", "14 04:30-0400", "15 04:30-0400"]
        nights.clock.set(start)
        nights.choose(ALGEBRA, enabled=True)
        nights.discover()
        for first, second in zip(began, again, strict=True):
            school.rescores(ALGEBRA, 3)
            assert nights.run(nights.tick("nightly", first)) == [True]
            assert nights.tick("nightly_retry", second).batches == ()
            [job] = nights.jobs(first)
            assert job.status == "Completed"
        assert len(set(nights.run_keys)) == 3
        canvas = in_canvas(district, ALGEBRA)
        assert in_sis(district) == canvas.grades


def _due(number: int) -> set[str]:
    return {course_id for course_id, nights in OPTED_IN.items() if number in nights}


def _end_as_they_should(number: int, jobs: list[Job]) -> None:
    """One sync a night for each course that is due; two where the first failed for a cause that passes."""
    ends: dict[str, list[tuple[str, str | None]]] = {}
    for each in jobs:
        ends.setdefault(each.course_id, []).append((each.status, each.code))
    assert set(ends) == _due(number)
    done = ("Completed", None)
    match number:
        case 5:
            assert all(each == [("Failed", "canvas_unavailable"), done] for each in ends.values())
        case 7:
            assert all(each in ([("Failed", "interrupted"), done], [done]) for each in ends.values())
            assert any(len(each) == 2 for each in ends.values())
        case 9:
            assert all(each == [("Failed", "sis_unavailable")] * 2 for each in ends.values())
        case 11:
            assert ends.pop(FRENCH) == [("Failed", "canvas_access")]
            assert all(each == [done] for each in ends.values())
        case _:
            assert all(each == [done] for each in ends.values())


def _told(jobs: list[Job]) -> Counter[str]:
    """What the history says was written."""
    return Counter(
        lineItem=sum(each.counts.line_items.created for each in jobs),
        result=sum(each.counts.results.created + each.counts.withdrawn for each in jobs),
    )


def _problems(number: int) -> set[tuple[str, str, str]]:
    """What the digest should tell of a night: what its retry did not mend."""
    if number == SIS_DOWN:
        return {(course_id, "failed", "operator") for course_id in _due(number)}
    return {(FRENCH, "failed", "Canvas admin")} if number == FORBIDDEN else set()


def _equal_under_the_rules(sandbox: Sandbox, nights: Nights, start: datetime) -> None:
    """Of each course still opted in: each grade that counts is held, and what else is held was told of."""
    held, ids = in_sis(sandbox), result_ids(sandbox)
    last = {each.course_id: each for each in nights.jobs(start)}
    for course_id in _due(14):
        canvas = in_canvas(sandbox, course_id)
        assert len(canvas.grades) > 20
        assert {cell: held.get(cell) for cell in canvas.grades} == canvas.grades
        others = {cell for cell in held if cell.class_id in canvas.classes and cell not in canvas.grades}
        codes = nights.codes(last[course_id])
        assert {cell: codes[ids[cell]] for cell in others} == {cell: _why(cell, canvas) for cell in others}


def _why(cell: Cell, canvas: Course) -> str:
    """Say why the SIS holds what does not count: not to be seen yet, moved with its student, or an orphan."""
    if cell in canvas.hidden:
        return "hidden"
    elsewhere = {(each.title, each.student_id) for each in (*canvas.grades, *canvas.hidden)}
    return "moved" if (cell.title, cell.student_id) in elsewhere else "orphan"
