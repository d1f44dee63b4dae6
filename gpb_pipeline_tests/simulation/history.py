"""The life of one course by a seed: nights with trouble, then quiet ones until all is at rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.course import Policy, Selection
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline_tests.simulation import changes, invariants
from gpb_pipeline_tests.simulation.invariants import Broken
from gpb_pipeline_tests.simulation.night import Asked, Night, Record, sync
from gpb_pipeline_tests.simulation.school import START, Course, drawn
from gpb_pipeline_tests.simulation.sis import Sis
from gpb_pipeline_tests.simulation.temper import Nature, Temper

CASES = 500
"""Cases of a course: so many that what pandas costs a call is shared, so few that no list grows long."""
TROUBLED, QUIET = 3, 4
NIGHTS = TROUBLED + QUIET
NEVER = 10**9


@dataclass(kw_only=True)
class History:
    """A course, its SIS and its warehouse, night by night."""

    seed: int
    cases: int = CASES

    def __post_init__(self) -> None:
        self.rng = Random(f"history/{self.seed}")
        self.course: Course = drawn(self.seed, self.cases)
        self.sis = Sis(nature=Nature.drawn(self.rng))
        self.record = Record()
        self.interrupted: frozenset[int] = frozenset()
        self.number = 0
        guarded = self.rng.random() < 0.25
        self.policy = Policy(
            tenant="district",
            title_max=50,
            long_names="skip",
            everyone_else=self.rng.choice(["skip", "send"]),
            due_date="day",
            withdraw_share=0.02,
            withdraw_count=10 if guarded else NEVER,
            on_edit=self.rng.choice(["overwrite", "overwrite", "overwrite", "keep", "flag"]),
        )

    def broken(self) -> Iterator[Broken]:
        """Live through it, and name all that does not hold, night by night; a sync that stops ends it."""
        try:
            yield from self._lived()
        except Exception as stopped:  # noqa: BLE001  whatever it is, a night did not come to its end
            said = stopped.what if isinstance(stopped, PipelineError) else repr(stopped)
            yield Broken(0, self.number, f"the sync stops: {said}")

    def _lived(self) -> Iterator[Broken]:
        for _ in range(TROUBLED):
            night = self._troubled()
            yield from invariants.broken(self.sis, night)
            changes.between_nights(self.course, self.sis, self.interrupted)
        for _ in range(2):
            night = self._quiet(looks=True)
            yield from invariants.broken(self.sis, night)
        yield from invariants.at_rest(self.sis, night)
        for looks in (True, False):
            night = self._quiet(looks=looks)
            yield from invariants.broken(self.sis, night)
            yield from invariants.silent(self.sis, night)

    def _troubled(self) -> Night:
        rng = self.rng
        dead = frozenset(case for case, dice in self.course.rngs.items() if dice.random() < 0.06)
        temper = Temper(
            seed=f"{self.seed}/{self.number}",
            trouble=rng.choice([0.0, 1.0, 1.0, 2.0]),
            blind_later=rng.random() < 0.05,
            storm=rng.random() < 0.05,
            dead=dead,
            spoils_none=self.number % 2 == 0,  # what cannot be read for two nights is taken for what it seems
        )
        kind: SyncType = rng.choice(["nightly", "nightly", "nightly", "manual", "remaster"])
        return self._night(temper, sync_type=kind, selection=self._selection())

    def _selection(self) -> Selection:
        rng = self.rng
        if rng.random() < 0.85:
            return Selection()
        if rng.random() < 0.5:
            return Selection(assignments=frozenset(rng.sample(list(self.course.works), 3)))
        rooms = [each.section_id for each in self.course.rooms(self.course.rngs)]
        return Selection(sections=frozenset(rng.sample(rooms, len(rooms) // 2)))

    def _quiet(self, *, looks: bool) -> Night:
        self.interrupted = frozenset(self.course.rngs) if looks else frozenset()
        return self._night(Temper(seed=f"{self.seed}/{self.number}"), confirm=True)

    def _night(
        self,
        temper: Temper,
        *,
        confirm: bool = False,
        sync_type: SyncType = "nightly",
        selection: Selection | None = None,
    ) -> Night:
        self.sis.night_begins(temper)
        asked = Asked(
            number=self.number,
            at=START + timedelta(days=self.number),
            policy=self.policy,
            sync_type=sync_type,
            selection=selection or Selection(),
            confirm=confirm,
            interrupted=self.interrupted,
            dead=temper.dead,
        )
        night = sync(self.course, self.sis, self.record, asked, self.rng)
        self.interrupted = temper.dead | (self.interrupted - night.cases)
        self.number += 1
        return night
