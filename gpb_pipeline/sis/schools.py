"""When classes are read by their school, and whether that is believed: what a night of many courses saves.

A class is first read by itself. Once so many of one school were asked for that its lists cost no more, these
are read, by one thread for all, and kept for a while. They are believed only where they say of every class
that was read by itself what it said; what they lack, and a class without students, is read by itself always.
What the lists are is school_lists.py's; what is asked for when, lookups.py's.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from time import monotonic

from gpb_pipeline.brake import StoppedError
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.model import SisClass, Student
from gpb_pipeline.sis.school_lists import Enrolled, SchoolLists, TooDearError

logger = logging.getLogger(__name__)

LEAST = 12  # classes of one school: a course that is synced by hand has fewer
MOST = 50  # requests for one school's lists, whatever they save: what is kept of them has a bound
KEPT = 600.0  # seconds that lists are kept; who comes or goes meanwhile, the next night sees
PATIENCE = 30.0  # seconds that others wait for who reads; then they go by class
Lists = Callable[[str, int], SchoolLists]
"""A school's lists by its sourcedId, in at most so many requests."""


@dataclass(frozen=True, kw_only=True)
class ClassRoster:
    """A class with its students."""

    found: SisClass
    students: frozenset[Student]


@dataclass(kw_only=True)
class _Kept:
    """What a school's lists said.

    `may_count`: whether a class counts those who are enrolled for other days, as far as is known: both, until
    a class that has some was read by itself.
    """

    classes: Mapping[str, SisClass]
    enrolled: Mapping[str, Enrolled] = field(repr=False)
    people: Mapping[str, Student | None] | None = field(repr=False)
    until: float
    may_count: frozenset[bool] = frozenset({False, True})

    def says(self, class_id: str) -> ClassRoster | None:
        """Say what the class has; None where it is not to be told, or where nobody is enrolled."""
        found = self.classes.get(class_id)
        if found is None:
            return None
        [roster, *otherwise] = {self._roster(class_id, others=others) for others in self.may_count}
        return ClassRoster(found=found, students=roster) if roster and not otherwise else None

    def agrees(self, alone: ClassRoster) -> bool:
        """Hold what a class said by itself against the lists; one that they lack is read so anyhow."""
        class_id = alone.found.sourced_id
        if class_id not in self.classes:
            return True
        rosters = {others: self._roster(class_id, others=others) for others in self.may_count}
        if None in rosters.values():
            return True
        self.may_count = frozenset(others for others, each in rosters.items() if each == alone.students)
        return bool(self.may_count) and self.classes[class_id] == alone.found

    def _roster(self, class_id: str, *, others: bool) -> frozenset[Student] | None:
        """Name the students; None where one of them is in no list of people."""
        there = self.enrolled.get(class_id)
        if there is None:
            return frozenset()
        ids = there.today | there.another_day if others else there.today
        if self.people is None:
            return frozenset(Student(sourced_id=each, identifier=None) for each in ids)
        if not ids <= self.people.keys():
            return None
        return frozenset(found for each in ids if (found := self.people[each]) is not None)


@dataclass
class _School:
    asked: set[str] = field(default_factory=set)  # its classes, so far
    paid: int = 0  # how many of these had been asked for when its lists were last read
    price: int = 0  # what its lists cost, as far as is known
    alone: dict[str, ClassRoster] = field(default_factory=dict)  # what was read by itself
    kept: _Kept | None = None
    shut: bool = False  # by class from now on

    def shuts(self) -> None:
        self.shut, self.kept = True, None
        self.asked.clear()
        self.alone.clear()


class Schools:
    """One client's; its threads share it, and whatever heeds another brake."""

    def __init__(self, settings: SisSettings) -> None:
        self._by_identifier = settings.student_match == "identifier"
        self._saves = 2 if settings.class_match == "sourcedId" else 1  # requests a class: a code is looked up
        self._schools: dict[str, _School] = {}
        self._lock = Lock()
        self._reading = Lock()
        self._began = 0.0  # when who reads began

    def listed(self, class_id: str, lists: Lists) -> ClassRoster | None:
        """Give the class as its school's lists have it; None where it is to be read by itself."""
        with self._lock:
            found, due = self._look_up(class_id), self._due()
        if found is not None or (due is None and not self._reading.locked()):
            return found
        if self._reading.acquire(timeout=max(0.0, self._began + PATIENCE - monotonic())):
            try:
                self._read(lists)
            finally:
                self._reading.release()
        with self._lock:
            return self._look_up(class_id)

    def read_alone(self, found: SisClass, students: Iterable[Student]) -> None:
        """Note what a class said by itself."""
        if found.school_id is None:
            return
        if not self._by_identifier:
            students = (replace(each, identifier=None) for each in students)
        alone = ClassRoster(found=found, students=frozenset(students))
        with self._lock:
            school = self._schools.setdefault(found.school_id, _School())
            if school.shut:
                return
            school.asked.add(found.sourced_id)
            school.alone[found.sourced_id] = alone
            if school.kept is not None and not school.kept.agrees(alone):
                self._disbelieve(found.school_id)

    def _look_up(self, class_id: str) -> ClassRoster | None:
        now = monotonic()
        for school in self._schools.values():
            if school.kept is not None and school.kept.until < now:
                school.kept = None
            if school.kept is not None and (found := school.kept.says(class_id)) is not None:
                school.asked.add(class_id)
                return found
        return None

    def _due(self) -> str | None:
        """Find a school whose classes, since its lists were last read, have cost as much as these do."""
        for school_id, school in self._schools.items():
            spent = self._saves * (len(school.asked) - school.paid)
            if school.kept is None and not school.shut and spent >= max(self._saves * LEAST, school.price):
                return school_id
        return None

    def _read(self, lists: Lists) -> None:
        """Read the lists of the school that is due, if there still is one."""
        with self._lock:
            school_id = self._due()
            if school_id is None:
                return
            school = self._schools[school_id]
            spent, asked = self._saves * (len(school.asked) - school.paid), frozenset(school.asked)
        self._began = monotonic()
        of_school = lists(school_id, min(spent, MOST))
        try:
            kept = self._kept(of_school, asked)
        except TooDearError as dear:
            with self._lock:
                school.price = dear.price
                if of_school.most < spent:  # and will not be cheaper than what is still to come
                    school.shuts()
        except StoppedError:
            raise
        except PipelineError as fault:
            logger.warning("the classes of school %s are read one by one: %s", school_id, fault)
            with self._lock:
                school.shuts()
        else:
            with self._lock:
                self._believe(school_id, kept)

    def _kept(self, lists: SchoolLists, asked: frozenset[str]) -> _Kept:
        """Read a school's lists, in no more requests than its other classes would take."""
        until = monotonic() + KEPT
        classes = lists.classes()
        lists.most = min(lists.most, lists.asked + self._saves * len(classes.keys() - asked))
        return _Kept(
            classes=classes,
            enrolled=lists.enrolled(classes, datetime.now(UTC).date()),
            people=lists.students() if self._by_identifier else None,
            until=until,
        )

    def _believe(self, school_id: str, kept: _Kept) -> None:
        """Keep what agrees with what was read one by one, if half of that is in it at all."""
        school = self._schools[school_id]
        agreed = all(kept.agrees(each) for each in school.alone.values())
        shown = sum(each in kept.enrolled for each in school.alone)
        if not agreed or 2 * shown < len(school.alone):
            self._disbelieve(school_id)
        else:
            school.kept, school.paid = kept, len(school.asked)

    def _disbelieve(self, school_id: str) -> None:
        logger.warning(
            "the lists of school %s say otherwise than its classes do, which are read one by one", school_id
        )
        self._schools[school_id].shuts()
