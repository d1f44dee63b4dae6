"""The districts by name, so that a server process can be told on its command line which one to hold.

`school`; `courses=N,seed=S[,students=…][,assignments=…][,sections=…][,alike=…]`; or
`package.module:function`, a function of one date that gives a District.
"""

from datetime import date
from importlib import import_module

from gpb_pipeline.errors import UsageError
from gpb_pipeline.sandbox.district import District
from gpb_pipeline.sandbox.generator import generate
from gpb_pipeline.sandbox.school import school

SIZES = {
    "courses": range(20_001),
    "seed": range(10**9 + 1),
    "students": range(1_001),
    "assignments": range(1_001),
    "sections": range(1, 101),
    "alike": range(20_001),
}
"""What each may be."""
MOST_SECTIONS, MOST_SEATS = 50_000, 1_000_000
"""Of all courses together: the SIS has them all in memory, from its start."""


def district_named(name: str, today: date) -> District:
    """Raises UsageError for a name that is none of the three forms, or a function that makes none."""
    if name == "school":
        return school(today)
    if "=" in name:
        return generate(today=today, **_sizes(name))
    if ":" not in name:
        raise _unknown("is none that there is")
    try:
        module, _, function = name.partition(":")
        made = getattr(import_module(module), function)(today)
    except Exception as fault:  # whatever another's module does
        raise _unknown(f"names no function that makes one ({type(fault).__name__})") from fault
    if not isinstance(made, District):
        raise _unknown("names what makes no district")
    return made


def require_district(name: str, today: date) -> None:
    """Raise what `district_named` does, and make none where that takes long."""
    if "=" in name:
        _sizes(name)
    elif name != "school":
        district_named(name, today)


def _sizes(name: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for part in name.split(","):
        key, _, value = (each.strip() for each in part.partition("="))
        if key not in SIZES:
            raise _unknown(f"has {part[:40].strip()!r}, and what may be given is {', '.join(SIZES)}")
        if key in sizes:
            raise _unknown(f"has {key} twice")
        if not (value.isascii() and value.isdecimal() and len(value) <= 10 and int(value) in SIZES[key]):
            raise _unknown(f"has no number from {SIZES[key].start} to {SIZES[key][-1]:,} as {key}")
        sizes[key] = int(value)
    if missing := {"courses", "seed"} - set(sizes):
        raise _unknown(f"has no {' and no '.join(sorted(missing))}")
    if sizes["courses"] * sizes.get("sections", 2) > MOST_SECTIONS:
        raise _unknown(f"has more than {MOST_SECTIONS:,} sections")
    if sizes["courses"] * sizes.get("students", 30) > MOST_SEATS:
        raise _unknown(f"has more than {MOST_SEATS:,} seats")
    return sizes


def _unknown(why: str) -> UsageError:
    return UsageError(
        why,
        item="--district",
        remedy="Give `school`; `courses=3,seed=1`, with students=, assignments=, sections= and alike= if "
        "need be; or `package.module:function`, a function of a date.",
        code="unknown_district",
    )
