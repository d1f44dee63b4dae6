"""What names a course, as text, and how those who ask are told of what does not: no Canvas is asked here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gpb_pipeline.errors import UsageError

_COURSE = re.compile(r"[0-9]+|sis_course_id:\S.*")


@dataclass(frozen=True, kw_only=True)
class Fields:
    """How those who ask name what they may give."""

    courses: str
    section: str
    assignment: str


COMMAND_LINE = Fields(courses="COURSE", section="--section", assignment="--assignment")
FORM = Fields(courses="course_ids", section="sections", assignment="assignments")
FORM_OF_ONE = replace(FORM, courses="course_id")


def require_names(courses: Sequence[str], fields: Fields = COMMAND_LINE) -> None:
    """Raise UsageError for what is neither a Canvas course id nor a SIS course id."""
    for name in courses:
        if not _COURSE.fullmatch(name.strip()):
            raise UsageError(
                "is no course id",
                item=f"{fields.courses} {name!r}",
                remedy="Give Canvas's number of the course (`gpb courses`), or sis_course_id:….",
            )


def plain_id(name: str) -> str:
    """Give a course's number as Canvas spells it; a SIS course id stays what it is."""
    name = name.strip()
    return (name.lstrip("0") or "0") if name.isdecimal() else name
