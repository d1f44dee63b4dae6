"""A SIS in memory, as OneRoster has it: PUT keeps by sourcedId, lists are by class, DELETE takes away.

Written from docs/oneroster.md and docs/decisions.md, not from the sandbox. It stands where the pipeline's
client stands, so that the pipeline's own writing goes through it unchanged. How it fails is temper.py's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.holdings.identity import DESCRIBED
from gpb_pipeline.sis.errors import Answer, RefusedError, ShortReadError, ThrottledError, UnknownOutcome
from gpb_pipeline.sis.model import LineItem, Listing, Reject, Result
from gpb_pipeline_tests.simulation.school import case_of
from gpb_pipeline_tests.simulation.temper import Nature, Temper

Verb = Literal["put", "delete"]


@dataclass(frozen=True)
class Settings:
    """What the pipeline asks of the client's settings."""

    id_mode: Literal["consumer", "provider"]


@dataclass(frozen=True, kw_only=True)
class Write:
    """A write that reached the SIS: by which sourcedId it was answered, and whether it was kept."""

    case: int
    verb: Verb
    body: LineItem | Result
    answered: str | None  # the sourcedId, where it was accepted
    kept: bool


Place = tuple[str, str, str | None]
"""A class, the Canvas assignment that a column was made for, and the student; none for the column itself."""


@dataclass(kw_only=True)
class Sis:
    """`ours`: the sourcedIds under which something of the pipeline's was kept; all else is strangers'."""

    nature: Nature
    items: dict[str, LineItem] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)  # edited by hand, and not written since
    removed: set[Place] = field(default_factory=set)  # deleted by hand, and not written since
    known: set[tuple[str, str]] = field(default_factory=set)  # class and assignment of columns ever kept
    log: list[Write] = field(default_factory=list)
    temper: Temper = field(default_factory=Temper)
    _before: tuple[dict[str, LineItem], dict[str, Result]] = field(default=({}, {}))
    _tries: dict[str, int] = field(default_factory=dict)
    _by_case: dict[int, int] = field(default_factory=dict)
    _number: int = 0
    rekeyed: set[str] = field(
        default_factory=set
    )  # since the last night: nobody could tell them from new ones
    _rekeyed: set[str] = field(default_factory=set)

    @property
    def settings(self) -> Settings:
        return Settings("provider" if self.nature.chooses_ids else "consumer")

    def night_begins(self, temper: Temper) -> None:
        self.temper, self.log = temper, []
        self.rekeyed, self._rekeyed = self._rekeyed, set()
        self._before = (dict(self.items), dict(self.results))
        self._tries, self._by_case = {}, {}

    def about(self, line_item_id: str) -> str | None:
        """Say which assignment a column of ours was made for, by what was written into it."""
        item = self.items.get(line_item_id)
        return item.description.removeprefix(DESCRIBED) if item and item.description else None

    # What the pipeline asks.

    def abreast(self, asks: Iterable[Callable[[], Any]]) -> list[Any]:
        """Answer one after another: what is under way at once, the wires' own tests see to."""
        return [ask() for ask in asks]

    def class_line_items(self, class_id: str) -> Listing[LineItem]:
        shown = self._before[0] if self.temper.is_late(class_id) else self.items
        here = [each for each in shown.values() if each.class_id == class_id]
        if self.nature.drops_descriptions:
            here = [replace(each, description=None) for each in here]
        return self._list("line item", class_id, here)

    def class_results(self, class_id: str) -> Listing[Result]:
        shown = self._before[1] if self.temper.is_late(class_id) else self.results
        return self._list("result", class_id, [each for each in shown.values() if each.class_id == class_id])

    def find_line_item(self, sourced_id: str) -> LineItem | None:
        item: LineItem | None = self._found(self.items.get(sourced_id))
        return item

    def find_result(self, sourced_id: str) -> Result | None:
        result: Result | None = self._found(self.results.get(sourced_id))
        return result

    def put_line_item(self, item: LineItem, *, first: bool = True) -> str:
        if item.category_id is None:
            self._refuse("invaliddata", "category is required", item)
        kept = replace(
            item,
            title=self.spelt(item.title),
            due_date=self._cut(item.due_date),
            assign_date=self._cut(item.assign_date),
        )
        return self._put(self.items, item, kept, first=first)

    def put_result(self, result: Result, *, first: bool = True) -> str:
        item = self.items.get(result.line_item_id)
        if item is None or item.status != "active":
            self._refuse("unknownobject", f"lineItem {result.line_item_id} is unknown", result)
        kept = replace(result, score=self.rounded(result.score), class_id=item.class_id)
        return self._put(self.results, result, kept, first=first)

    def delete_result(self, result: Result) -> None:
        self._delete(self.results, result)

    def delete_line_item(self, sourced_id: str, class_id: str) -> None:
        self._delete(self.items, self.items[sourced_id])
        self.drop_item(sourced_id)

    # What happens in it besides.

    @staticmethod
    def case(name: str) -> int:
        return case_of(name)

    def items_in(self, class_id: str | None) -> Iterator[tuple[str, LineItem]]:
        """Go through the standing columns of ours in a class."""
        for key, each in list(self.items.items()):
            if each.class_id == class_id and key in self.ours and each.status == "active":
                yield key, each

    def results_in(self, class_id: str | None) -> Iterator[tuple[str, Result]]:
        for key, each in list(self.results.items()):
            if each.class_id == class_id and key in self.ours and each.status == "active":
                yield key, each

    def drop_item(self, sourced_id: str) -> None:
        """Take a column out, and what stands in it."""
        self.items.pop(sourced_id, None)
        for key in [key for key, each in self.results.items() if each.line_item_id == sourced_id]:
            del self.results[key]

    def take_out(self, held: LineItem | Result) -> None:
        """Delete one of ours by hand; a column goes with what stands in it."""
        with_it = [each for each in self.results.values() if each.line_item_id == held.sourced_id]
        self.removed |= {self._place(each) for each in (held, *with_it)}
        if isinstance(held, Result):
            del self.results[held.sourced_id]
        else:
            self.drop_item(held.sourced_id)

    def _place(self, held: LineItem | Result) -> Place:
        if isinstance(held, Result):
            item = self.items[held.line_item_id]
            return (item.class_id, self.about(item.sourced_id) or "", held.student_id)
        return (held.class_id, self.about(held.sourced_id) or "", None)

    def add_strangers(self, like: LineItem, *, with_result: bool) -> None:
        self._number += 1
        item_id = f"theirs-{self._number}"
        self.items[item_id] = replace(like, sourced_id=item_id, description=None)
        if with_result:
            theirs = Result(
                sourced_id=f"{item_id}-r",
                line_item_id=item_id,
                student_id="S-else",
                score=4.0,
                class_id=like.class_id,
            )
            self.results[theirs.sourced_id] = theirs

    def rekey(self, class_id: str, fresh: str) -> None:
        self._rekeyed.add(fresh)
        for held in (self.items, self.results):
            moved: dict[str, Any] = {
                key: replace(each, class_id=fresh) for key, each in held.items() if each.class_id == class_id
            }
            held.update(moved)
        self.known |= {(fresh, about) for known, about in self.known if known == class_id}
        self.removed |= {(fresh, about, who) for known, about, who in self.removed if known == class_id}

    # How it keeps and answers.

    def _list(self, kind: str, class_id: str, rows: list[Any]) -> Listing[Any]:
        if self.temper.fails_reading(class_id):
            raise ShortReadError(Answer(200, "3 of 4"), item=f"class {class_id}")
        if self.nature.lists_nothing or (self.temper.is_empty(class_id) and class_id not in self.rekeyed):
            return Listing((), ())
        spoilt = {each.sourced_id for each in rows if self.temper.spoils(each.sourced_id)}
        rejects = tuple(Reject(kind, each, "unreadable", "") for each in spoilt)
        return Listing(tuple(each for each in rows if each.sourced_id not in spoilt), rejects)

    def _found(self, held: Any) -> Any:
        if not self.nature.serves_by_id:
            raise RefusedError(Answer(404, None, "no such route"), item="an object by its id")
        return held if held is not None and held.status == "active" else None

    def _put(self, held: dict[str, Any], body: Any, kept: Any, *, first: bool) -> str:
        asked: str = body.sourced_id
        fate = self._fate("put", body)
        if self.nature.chooses_ids and first:
            self._number += 1
            asked = f"sis-{self._number}"
        elif self.nature.chooses_ids and asked not in held:
            self._refuse("unknownobject", f"{asked} is unknown", body)
        keeps = fate in {"kept", "answer lost"} and not (self.nature.deaf and asked in held)
        if keeps:
            held[asked] = replace(kept, sourced_id=asked)
            self.ours.add(asked)
            self.touched.discard(asked)
            self.removed.discard(self._place(held[asked]))
            if isinstance(kept, LineItem) and (about := self.about(asked)):
                self.known.add((kept.class_id, about))
        accepted = fate in {"kept", "swallowed"}
        self._log("put", body, asked if accepted else None, kept=keeps)
        if not accepted:
            raise (
                UnknownOutcome(Answer(504), item="a write")
                if fate != "busy"
                else ThrottledError(Answer(429), item="a write")
            )
        return asked

    def _delete(self, held: dict[str, Any], body: Any) -> None:
        fate = self._fate("delete", body)
        keeps = fate in {"kept", "answer lost"}
        if keeps and body.sourced_id in held:
            if self.nature.marks_deleted:
                held[body.sourced_id] = replace(held[body.sourced_id], status="tobedeleted")
            else:
                del held[body.sourced_id]
        accepted = fate in {"kept", "swallowed"}
        self._log("delete", body, body.sourced_id if accepted else None, kept=keeps)
        if not accepted:
            raise UnknownOutcome(Answer(504), item="a write")

    def _fate(self, verb: Verb, body: Any) -> str:
        """Draw what becomes of a write; raises where it is refused, or where its sync has died."""
        case = case_of(body.class_id)
        key = body.sourced_id
        self._tries[key] = self._tries.get(key, 0) + 1
        self._by_case[case] = self._by_case.get(case, 0) + 1
        fate = self.temper.fate(case, key, self._tries[key], self._by_case[case])
        if fate == "refused":
            self._refuse("invaliddata", "not so", body, verb)
        return fate

    def _refuse(self, code: str, words: str, body: Any, verb: Verb = "put") -> NoReturn:
        self._log(verb, body, None, kept=False)
        raise RefusedError(Answer(404 if code == "unknownobject" else 422, code, words), item="a write")

    def _log(self, verb: Verb, body: Any, answered: str | None, *, kept: bool) -> None:
        case = case_of(body.class_id)
        self.log.append(Write(case=case, verb=verb, body=body, answered=answered, kept=kept))

    def rounded(self, score: float | None) -> float | None:
        return score if score is None or self.nature.decimals is None else round(score, self.nature.decimals)

    def spelt(self, title: str) -> str:
        return (
            title.replace("&", "&amp;").replace("<", "&lt;")
            if self.nature.respells
            else " ".join(title.split())
            if self.nature.squeezes
            else title
        )

    def _cut(self, at: datetime | None) -> datetime | None:
        if at is None or self.nature.cuts_dates is None:
            return at
        day = at.astimezone(ZoneInfo(self.nature.cuts_dates)).date()
        return datetime.combine(day, time(), UTC)
