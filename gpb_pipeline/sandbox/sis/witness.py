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
from gpb_pipeline.sandbox.sis.gradebook import LineItem, Result

WriteKind = Literal["create", "replace", "delete"]


@dataclass(frozen=True)
class Write:
    """One accepted write; `values` are the object's fields as parsed, empty for a delete."""

    sequence: int
    at: str
    kind: WriteKind
    object: ObjectName
    sourced_id: str
    values: dict[str, Any]
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
        values: LineItem | Result | Category | None,
        client: str,
    ) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        parsed = asdict(values) if values else {}
        write = Write(len(self.writes) + 1, at, kind, object, sourced_id, parsed, client)
        self.writes.append(write)
        if self.file:
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(write)) + "\n")
