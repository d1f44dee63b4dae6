"""The independent witness: every write that the SIS accepted, in order, for tests and `gpb demo`.

It only appends. What the SIS holds now is the gradebook's; a refused write is nowhere here.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gpb_pipeline.sandbox.district import Category
from gpb_pipeline.sandbox.sis.dialects import ObjectName
from gpb_pipeline.sandbox.sis.records import LineItem, Result

WriteKind = Literal["create", "replace", "delete"]
Held = LineItem | Result | Category


@dataclass(frozen=True)
class Write:
    """One accepted write: `values` are the fields that were taken, `stored` those held from then on.

    They differ where the SIS keeps otherwise what it takes (temperaments.py); both are empty for a delete.
    """

    sequence: int
    at: str
    kind: WriteKind
    object: ObjectName
    sourced_id: str
    values: dict[str, Any]
    stored: dict[str, Any]
    client: str


@dataclass
class Witness:
    """Keeps the writes in memory and, with a file, appends each to it as a line of JSON."""

    file: Path | None = None
    writes: list[Write] = field(default_factory=list)

    def note(
        self,
        kind: WriteKind,
        object: ObjectName,
        sourced_id: str,
        client: str,
        values: Held | None = None,
        stored: Held | None = None,
    ) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        taken, kept = (asdict(each) if each else {} for each in (values, stored))
        write = Write(len(self.writes) + 1, at, kind, object, sourced_id, taken, kept, client)
        self.writes.append(write)
        if self.file:
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(write)) + "\n")
