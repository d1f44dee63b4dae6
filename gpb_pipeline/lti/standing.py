"""Who someone is in the course that they came from, and what that lets them do (reference lti.md §4, §5).

A valid signature does not make the course's id true: a teacher can have another's put into `custom`. It is
believed only where no link's own parameters can have been merged in, and Canvas itself says the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gpb_pipeline.lti.id_token import CLAIM, PLACEMENT, Claims, part
from gpb_pipeline.lti.refusals import ADMIN, LaunchRefusedError

COURSE_TYPE = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
_CONTEXT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NAME_LENGTH = 120


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A person in a course: `sections` are the Canvas ids of all that they may see, None for all.

    `masquerader` is the Canvas id of who really sits there, where someone acts as this person.
    """

    subject: str
    user_id: str
    name: str
    course_id: str
    course_name: str
    sections: frozenset[str] | None
    may_act: bool
    masquerader: str | None
    placement: str


def _line(name: object) -> str:
    """Give a name as text of one line, for it goes into the history and a run's tags; "" for none."""
    text = "" if name is None else str(name)[:_NAME_LENGTH]
    return "".join(each if each.isprintable() else " " for each in text).strip()


def standing(claims: Claims, course_of: Callable[[str], str | None]) -> Standing:
    """Judge verified claims; `course_of` says which course a context id is. Raises LaunchRefusedError."""
    custom = {name: value for name, value in part(claims, "custom").items() if not _is_absent(value)}
    permissions = _ids(custom.get("permissions"))
    _require_reader(claims.get(CLAIM + "roles"), permissions)
    course_id = _course(claims, custom.get("canvas_course_id"), course_of)
    restricted = custom.get("section_restricted") not in ("false", False)  # what is not said is not lifted
    masquerader = custom.get("masquerader")
    user_id = str(custom.get("canvas_user_id", ""))
    return Standing(
        subject=claims["sub"],
        user_id=user_id,
        name=_line(custom.get("user_name", "")) or f"Canvas user {user_id}",
        course_id=course_id,
        course_name=_line(part(claims, "context").get("title")) or f"Course {course_id}",
        sections=_ids(custom.get("section_ids")) if restricted else None,
        may_act="manage_grades" in permissions and masquerader is None,
        masquerader=None if masquerader is None else str(masquerader),
        placement=claims[PLACEMENT],
    )


def _require_reader(roles: object, permissions: frozenset[str]) -> None:
    held = {each for each in roles if isinstance(each, str)} if isinstance(roles, list) else set()
    teaches = bool(held & {INSTRUCTOR, ADMINISTRATOR})
    if TEST_USER in held or not teaches or "view_all_grades" not in permissions:
        studies = LEARNER in held
        raise LaunchRefusedError(
            "Grade Sync is for those who see all grades of this course",
            remedy="Your own grades are in Canvas, under Grades." if studies else ADMIN,
            status=403,
        )


def _course(claims: Claims, told: object, course_of: Callable[[str], str | None]) -> str:
    context = part(claims, "context")
    context_id, types = context.get("id"), context.get("type")
    if not isinstance(types, list) or COURSE_TYPE not in types:
        raise LaunchRefusedError("Grade Sync is opened from a course", status=403)
    if not isinstance(context_id, str) or not _CONTEXT_ID.fullmatch(context_id):
        raise LaunchRefusedError("The launch does not name its course", status=403)
    doubtful = LaunchRefusedError("The launch names a course that it does not come from", status=403)
    if part(claims, "resource_link").get("id") != context_id:
        raise doubtful  # a link's own parameters are merged over ours
    known = course_of(context_id)
    if known is None or str(told) != known:
        raise doubtful
    return known


def _is_absent(value: object) -> bool:
    """Say whether Canvas had nothing to say: it leaves a variable's own name then, or null."""
    return value is None or (isinstance(value, str) and value.startswith("$"))


def _ids(value: object) -> frozenset[str]:
    return frozenset(each.strip() for each in str(value or "").split(",") if each.strip())
