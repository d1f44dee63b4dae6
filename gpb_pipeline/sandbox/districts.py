"""The districts by name, so that a server process can be told on its command line which one to hold.

`school`; `courses=N,seed=S[,students=…][,assignments=…][,sections=…][,alike=…]`; or
`package.module:function`, a function of one date that gives a District.
"""

from collections.abc import Callable
from datetime import date
from importlib import import_module

from gpb_pipeline.errors import UsageError
from gpb_pipeline.sandbox.district import District
from gpb_pipeline.sandbox.generator import generate
from gpb_pipeline.sandbox.school import school

SIZES = frozenset({"courses", "seed", "students", "assignments", "sections", "alike"})


def district_named(name: str, today: date) -> District:
    """Raises UsageError for a name that is none of the three forms."""
    if name == "school":
        return school(today)
    if "=" in name:
        return generate(today=today, **_sizes(name))
    module, colon, function = name.partition(":")
    if not colon:
        raise _unknown(name)
    make: Callable[[date], District] = getattr(import_module(module), function)
    return make(today)


def _sizes(name: str) -> dict[str, int]:
    sizes = {key.strip(): value for key, _, value in (part.partition("=") for part in name.split(","))}
    if not {"courses", "seed"} <= set(sizes) <= SIZES or not all(each.isdecimal() for each in sizes.values()):
        raise _unknown(name)
    return {key: int(value) for key, value in sizes.items()}


def _unknown(name: str) -> UsageError:
    return UsageError(
        what="no such sandbox district",
        item=name,
        remedy="Use `school`, `courses=N,seed=S` or `package.module:function`",
        code="unknown_district",
    )
