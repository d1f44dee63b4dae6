"""What differs between OneRoster 1.1 and 1.2 on the wire: paths, scopes, booleans, error words, schemas.

Sources: docs/oneroster.md and the OpenAPI documents beside it. What both versions share is elsewhere.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Any, Literal

from jsonschema import Draft202012Validator

DialectName = Literal["oneroster-1.1", "oneroster-1.2"]
Service = Literal["rostering", "gradebook"]
ObjectName = Literal["lineItem", "result", "category"]
ROOT = "/STAPIService/ims/oneroster"
SCOPE_1P2 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
SCOPES = frozenset(
    SCOPE_1P2 + name
    for name in (
        "roster.readonly",
        "roster-core.readonly",
        "roster-demographics.readonly",
        "gradebook.readonly",
        "gradebook-core.readonly",
        "gradebook.createput",
        "gradebook.createpost",
        "gradebook.delete",
    )
)


@dataclass(frozen=True)
class Dialect:
    """One version of OneRoster; `paths` are those of its two services, `base` the client's setting."""

    name: DialectName
    schema_prefix: str
    paths: dict[Service, str]
    base: str
    token_path: str
    scopes: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def validators(self) -> dict[ObjectName, Draft202012Validator]:
        names: tuple[ObjectName, ...] = ("lineItem", "result", "category")
        return {name: Draft202012Validator(self.schema(name)) for name in names}

    def schema(self, name: ObjectName) -> dict[str, Any]:
        """The JSON schema of a PUT body that carries one such object."""
        file = resources.files("gpb_pipeline.sandbox.sis") / "schemas" / f"{self.schema_prefix}.{name}.json"
        schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return schema

    @property
    def scoped(self) -> bool:
        return bool(self.scopes)


ONEROSTER_1P1 = Dialect(
    name="oneroster-1.1",
    schema_prefix="v1p1",
    paths={"rostering": f"{ROOT}/v1p1", "gradebook": f"{ROOT}/v1p1"},
    base=f"{ROOT}/v1p1",
    token_path=f"{ROOT}/v1p1/Token",
)
ONEROSTER_1P2 = Dialect(
    name="oneroster-1.2",
    schema_prefix="v1p2",
    paths={"rostering": f"{ROOT}/rostering/v1p2", "gradebook": f"{ROOT}/gradebook/v1p2"},
    base=ROOT,
    token_path=f"{ROOT}/token",
    scopes=SCOPES,
)
DIALECTS: dict[DialectName, Dialect] = {each.name: each for each in (ONEROSTER_1P1, ONEROSTER_1P2)}
