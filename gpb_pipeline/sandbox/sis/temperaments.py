"""What a SIS may be like that its makers' beliefs do not have: each temperament is a switch, and all combine.

`PUT /sandbox/temperaments`, `gpb sandbox --temperament` and `running_sandbox(temperaments=…)` take them by
name; `true` (no value on the command line) takes the value in brackets. What was counted since is in mood.py.

Reading:
    empty_lists       N [1]: so many lists (GET) answer as if there were no rows
    empty_path        …of those where this is found in path and query [line items and results]
    empty_as          any list without rows is said as `null`, `204` or `404`; `failure`: an emptied one has
                      a failure in its statusInfoSet [failure]
    past_end_404      a page past the end is 404, not empty
    lists_late        S, or "publish": writes show in lists S seconds later, or after POST /sandbox/publish
                      ["publish"]
    late_by_id        …and by id no sooner
    by_id             line items and results by id answer 404 or 405, whatever there is [404]
    shifting          N [1]: the next N pages after a first one come in an order shifted by one
    no_counts         no X-Total-Count, and no Link
    page_size         N: no page is longer
    limit_most        N [100]: a page that is asked for longer is refused with 400
    school_lists      lists of a school say otherwise than its classes, in these ways (by_school.py)
    school_refused    403, 404 or 405 for every list of a school [403]
    class_categories  a class's own categories are listed under the class alone (1.2), without metadata
    inclusive_periods a session's endDate is its last day
    capital_ids       sourcedIds of line items and results, and references to them, are shown in capitals
    strangers         rows of somebody else, of these kinds (strangers.py) [all of them]
Keeping:
    decimals          0, 1 or 2: scores are kept rounded so, half up [0]
    dates             dueDate, assignDate are cut to `midnight` (UTC), `local` midnight, the `date` [date]
    titles            `squeeze`: runs of blanks are one, none at the ends; `escape`: & becomes &amp; [squeeze]
    keeps_old         PUTs of a known `result`, `lineItem` or `all` succeed and change nothing [all]
    html_after        N [0]: after N more accepted writes each PUT is answered 200, a web page, and not stored
Refusing:
    put_404           every PUT answers 404: `named` as the object of the path, or `vague` [named]
    put_404_seconds   …for so long
    refuse_next       N [1]: the next N PUTs are refused with 422
    refuse_path       …of those where this is found in the path
    unknown_id        404 or 422 for a PUT with a sourcedId that is not known here (provider mode only)
    forbidden_class   403 for whatever of the gradebook is about this class
    forbidden_delete  403 for each DELETE
    flaky_student     500 for each write about this student
    rate              N requests a second and no more: 429
    no_retry_after    …without a Retry-After
    token_form        tokens are issued for id and secret in the form; HTTP Basic is refused with 422
    expired_403       a dead token is answered with 403
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from gpb_pipeline.sandbox import fields
from gpb_pipeline.sandbox.fields import BadChange, Reader

Spelling = Literal["null", "204", "404", "failure"]
Stranger = Literal["unset_dates", "endless", "no_student", "no_title", "no_sourced_id", "surrogates"]
SchoolLists = Literal["late", "lacking", "cut", "ended", "doubled", "miscounted"]
PUBLISH = "publish"


@dataclass(frozen=True)
class Temperaments:
    """The switches; as they are here, nothing is out of the ordinary."""

    empty_lists: int = 0
    empty_path: str = r"/(lineItems|results)\?"
    empty_as: Spelling | None = None
    past_end_404: bool = False
    lists_late: float | Literal["publish"] = 0.0
    late_by_id: bool = False
    by_id: Literal["404", "405"] | None = None
    shifting: int = 0
    no_counts: bool = False
    page_size: int | None = None
    limit_most: int | None = None
    school_lists: tuple[SchoolLists, ...] = ()
    school_refused: Literal["403", "404", "405"] | None = None
    class_categories: bool = False
    inclusive_periods: bool = False
    capital_ids: bool = False
    strangers: tuple[Stranger, ...] = ()
    decimals: int | None = None
    dates: Literal["midnight", "local", "date"] | None = None
    titles: Literal["squeeze", "escape"] | None = None
    keeps_old: Literal["result", "lineItem", "all"] | None = None
    html_after: int | None = None
    put_404: Literal["named", "vague"] | None = None
    put_404_seconds: float | None = None
    refuse_next: int = 0
    refuse_path: str = ""
    unknown_id: Literal["404", "422"] = "404"
    forbidden_class: str | None = None
    forbidden_delete: bool = False
    flaky_student: str | None = None
    rate: float | None = None
    no_retry_after: bool = False
    token_form: bool = False
    expired_403: bool = False

    def switched(self) -> dict[str, Any]:
        """Those that differ from the ordinary, as they would be asked for."""
        ordinary = asdict(Temperaments())
        return {name: value for name, value in asdict(self).items() if value != ordinary[name]}


def temperaments_from(body: Any) -> Temperaments:
    """The switches of a JSON object; those that it does not name are off. Raises BadChange."""
    if not isinstance(body, dict) or not set(body) <= set(SWITCHES):
        raise BadChange(f"the body is an object with some of: {', '.join(sorted(SWITCHES))}")
    try:
        return Temperaments(**{name: SWITCHES[name](value) for name, value in body.items()})
    except BadChange as error:
        raise BadChange(f"a temperament's value is not right: {error.reason}") from None


def temperaments_named(options: Iterable[str]) -> dict[str, Any]:
    """The JSON object of options such as `decimals=1` and `keeps_old`. Raises BadChange."""
    given: dict[str, Any] = {}
    for option in options:
        name, has_value, text = option.partition("=")
        given[name] = _json_or_text(text) if has_value else True
    temperaments_from(given)
    return given


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _count(value: Any) -> int:
    """How many times: a whole number, or true for once."""
    return 1 if value is True else fields.whole(value)


def _true_as(meaning: Any, reader: Reader) -> Reader:
    return lambda value: meaning if value is True else reader(value)


def _pattern(value: Any) -> str:
    try:
        return re.compile(fields.text(value)).pattern
    except re.error:
        raise BadChange("expected a regular expression") from None


def _code(*allowed: str) -> Reader:
    """A status that may be written as a number."""
    return lambda value: fields.one_of(*allowed)(str(value))


def _late(value: Any) -> float | str:
    return PUBLISH if value == PUBLISH else fields.number(value)


def _decimals(value: Any) -> int:
    if fields.whole(value) not in range(3):
        raise BadChange("expected 0, 1 or 2")
    return int(value)


def _kinds(*kinds: str) -> Reader:
    def read(value: Any) -> tuple[str, ...]:
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list):
            raise BadChange("expected a list of kinds")
        return tuple(fields.one_of(*kinds)(each) for each in names)

    return read


def _above_0(value: Any) -> float:
    if (number := fields.number(value)) <= 0:
        raise BadChange("expected a number above 0")
    return number


SWITCHES: dict[str, Reader] = {
    "empty_lists": _count,
    "empty_path": _pattern,
    "empty_as": _true_as("failure", _code(*get_args(Spelling))),
    "past_end_404": fields.flag,
    "lists_late": _true_as(PUBLISH, _late),
    "late_by_id": fields.flag,
    "by_id": _true_as("404", _code("404", "405")),
    "shifting": _count,
    "no_counts": fields.flag,
    "page_size": _count,
    "limit_most": _true_as(100, _count),
    "school_lists": _kinds(*get_args(SchoolLists)),
    "school_refused": _true_as("403", _code("403", "404", "405")),
    "class_categories": fields.flag,
    "inclusive_periods": fields.flag,
    "capital_ids": fields.flag,
    "strangers": _true_as(get_args(Stranger), _kinds(*get_args(Stranger))),
    "decimals": _true_as(0, _decimals),
    "dates": _true_as("date", fields.one_of("midnight", "local", "date")),
    "titles": _true_as("squeeze", fields.one_of("squeeze", "escape")),
    "keeps_old": _true_as("all", fields.one_of("result", "lineItem", "all")),
    "html_after": _true_as(0, fields.whole),
    "put_404": _true_as("named", fields.one_of("named", "vague")),
    "put_404_seconds": fields.number,
    "refuse_next": _count,
    "refuse_path": _pattern,
    "unknown_id": _code("404", "422"),
    "forbidden_class": fields.text,
    "forbidden_delete": fields.flag,
    "flaky_student": fields.text,
    "rate": _above_0,
    "no_retry_after": fields.flag,
    "token_form": fields.flag,
    "expired_403": fields.flag,
}
