"""The one partitions definition: a partition is a Canvas course, its key the Canvas course id (immutable)."""

from collections.abc import Iterable

import dagster as dg

from gpb_pipeline.errors import PipelineError

COURSE = dg.DynamicPartitionsDefinition(name="course")


def known_courses(instance: dg.DagsterInstance) -> frozenset[str]:
    """Read the keys that there are: the courses discovered, or synced by name."""
    return frozenset(instance.get_dynamic_partitions(str(COURSE.name)))


def add_courses(instance: dg.DagsterInstance, course_ids: Iterable[str]) -> None:
    """Add the keys of these courses; those that there are stay where they are in the list."""
    instance.add_dynamic_partitions(str(COURSE.name), list(course_ids))


def named(course_id: str, name: str | None) -> str:
    """Name a course as people know it, beside its key; one that was never read has no name yet."""
    return f"{name} ({course_id})" if name else f"Course {course_id}"


def cause_of(error: PipelineError, course_id: str) -> str:
    """Say what stopped a course's sync, where its name stands beside it."""
    return beside_its_name(f"{error.item}: {error.what}", course_id)


def beside_its_name(cause: str, course_id: str) -> str:
    """Take the course's id out of a cause that begins with it: `course 999: …`, `course 999, sections: …`."""
    return cause.removeprefix(f"course {course_id}: ").removeprefix(f"course {course_id}, ")
