"""Every setting: its environment variable, its meaning, its default. Each client takes only its own group.

Values come from the environment, else from `.env` in the working folder, or the file that GPB_ENV_FILE
names instead. Nothing here connects to anything. `.env.example` lists the same variables for operators; a
test keeps the two alike.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import time
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.sources.utils import parse_env_vars

from gpb_pipeline import settings_file
from gpb_pipeline.errors import SettingsError
from gpb_pipeline.setting_kinds import (
    Account,
    Addresses,
    BaseUrl,
    BearerToken,
    Days,
    HeaderName,
    HeaderTexts,
    Host,
    Hosts,
    HttpUrl,
    Origins,
    Seconds,
    SecretUrl,
    ServerUrl,
    Texts,
    legible,
)
from gpb_pipeline.text import listed


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _canvas_url(value: str) -> str:
    if ending := re.search(r"/api(/v1)?$", value):
        raise ValueError(f"ends in {ending[0]}, which is added to it: leave that out")
    return value


@cache
def _time_zones() -> frozenset[str]:
    """Name them all, once: they are looked for through the whole folder."""
    return frozenset(available_timezones())


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("not an IANA time zone such as America/New_York")
    return value


def _clock_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("not a time of day as HH:MM")
    return time.fromisoformat(value)


ENV_FILE = "GPB_ENV_FILE"
S3 = "s3://"

CanvasUrl = Annotated[BaseUrl, AfterValidator(_canvas_url)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
ACCOUNT_TIMEZONE = "America/New_York"  # unless GPB_TIMEZONE says another


def variable(group: type[BaseSettings], field: str) -> str:
    """Name the environment variable of a group's field; one that two groups share has its name by itself."""
    return field if field.isupper() else f"{group.model_config['env_prefix']}{field}".upper()


_FILE: ContextVar[Path | None] = ContextVar("file", default=None)
"""What a group is being loaded from; none for one that is made of values."""


class _EnvFile(DotEnvSettingsSource):
    """The file as settings_file.py reads it, whatever stands in its place."""

    def _read_env_files(self) -> Mapping[str, str | None]:
        if not isinstance(self.env_file, Path):
            return {}
        return parse_env_vars(settings_file.held(self.env_file), self.case_sensitive, self.env_ignore_empty)


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  it would open whatever stands there
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _EnvFile(settings_cls, env_file=_FILE.get())

    _is_legible = field_validator("*", mode="before")(legible)

    @classmethod
    def load(cls) -> Self:
        """Read this group; raises SettingsError naming the first variable that is missing or wrong."""
        read = _FILE.set(_env_file())
        try:
            return cls()
        except ValidationError as invalid:
            first = invalid.errors(include_input=False, include_url=False)[0]
            name = variable(cls, str(first["loc"][0]))
            if first["type"] == "missing":
                raise SettingsError(
                    "is not set", item=name, remedy="Set it in the environment or in .env (see .env.example)."
                ) from None
            raise SettingsError(
                first["msg"].removeprefix("Value error, "), item=name, remedy="See its line in .env.example."
            ) from None
        finally:
            _FILE.reset(read)


class _Addressed(_Settings):
    """A group with addresses that secrets and students are sent to: not in the clear, but on this machine."""

    allow_http: bool = Field(
        default=False, validation_alias="GPB_ALLOW_HTTP", description="also beyond this machine"
    )

    @field_validator(
        "base_url",
        "token_url",
        "webhook",
        "good_night",
        "authorize_url",
        "jwks_url",
        "s3_endpoint",
        mode="after",
        check_fields=False,
    )
    @classmethod
    def _not_in_the_clear(cls, value: str | SecretStr | None, info: ValidationInfo) -> str | SecretStr | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        url = urlsplit(text)
        if url.scheme == "http" and not _is_loopback(url.hostname or "") and not info.data.get("allow_http"):
            raise ValueError(
                "is http://, by which anyone on the way can read what is sent: "
                "use https://, or set GPB_ALLOW_HTTP=true"
            )
        return value


class _Written(_Addressed):
    """A side of the wire that is written to, if this configuration may."""

    write_hosts: Hosts | None = Field(
        None, validation_alias="GPB_WRITE_HOSTS", description="that may be written to; default: any"
    )
    base_url: BaseUrl

    @property
    def host(self) -> str:
        """The host alone: an address may hold a password."""
        return urlsplit(self.base_url).hostname or ""

    def require_writable(self) -> None:
        """Raise SettingsError where this configuration is not to write to that host."""
        hosts = frozenset(each.lower() for each in listed(self.write_hosts or ""))
        if hosts and self.host not in hosts:
            raise SettingsError(
                f"names {self.host}, and GPB_WRITE_HOSTS lets this configuration write to "
                f"{', '.join(sorted(hosts))} alone; nothing was written",
                item=variable(type(self), "base_url"),
                remedy="Correct the address; or, where it is meant, add its host to GPB_WRITE_HOSTS.",
            )


class CanvasSettings(_Written):
    """How to reach Canvas: the token needs the permissions that docs/operating.md lists."""

    model_config = SettingsConfigDict(env_prefix="CANVAS_")

    base_url: CanvasUrl
    api_token: BearerToken
    account_id: Account = "self"
    timeout: Seconds = Field(30.0, description="seconds without an answer before a request is given up")
    timezone: TimeZone = Field(
        ACCOUNT_TIMEZONE,
        validation_alias="GPB_TIMEZONE",
        description="the account's, for courses without one",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class SisSettings(_Written):
    """How to reach the SIS, and how it differs from the OneRoster documents."""

    model_config = SettingsConfigDict(env_prefix="SIS_")

    base_url: BaseUrl
    client_id: str
    client_secret: SecretStr
    dialect: Literal["oneroster-1.1", "oneroster-1.2"] = "oneroster-1.1"
    token_url: HttpUrl | None = Field(None, description="default: <SIS_BASE_URL>/Token")
    token_auth: Literal["basic", "form"] = Field(
        "basic", description="where the token address takes id and secret: HTTP Basic, or the form"
    )
    scope: str | None = Field(None, description="default: none for 1.1, the scopes that are used for 1.2")
    id_mode: Literal["consumer", "provider"] = "consumer"
    title_max: int = Field(50, ge=1, le=1_000, description="characters that an assignment's name may have")
    headers: HeaderTexts = Field(default_factory=dict, description="JSON object added to each request")
    query: Texts = Field(default_factory=dict, description="JSON object added to each request")
    class_match: Literal["sourcedId", "identifier"] = "sourcedId"
    student_match: Literal["sourcedId", "identifier"] = "sourcedId"
    due_date: Literal["day", "instant"] = "day"
    period_end: Literal["exclusive", "inclusive"] = Field(
        "exclusive", description="whether a grading period's end date still belongs to it"
    )
    withdraw: Literal["delete", "tobedeleted"] = "delete"
    on_edit: Literal["overwrite", "keep", "flag"] = Field(
        "overwrite", description="what to do with a score edited in the SIS since our last write"
    )
    timeout: Seconds = Field(30.0, description="seconds without an answer before a request is given up")

    @property
    def token_endpoint(self) -> str:
        return self.token_url or f"{self.base_url}/Token"


class PassbackSettings(_Settings):
    """What the rules of passback leave to the district."""

    model_config = SettingsConfigDict(env_prefix="GPB_")

    tenant: str = Field("default", description="enters every sourcedId: set it once, never change it")
    timezone: TimeZone = Field(ACCOUNT_TIMEZONE, description="the account's, for times that people see")
    everyone_else: Literal["skip", "send"] = "skip"
    long_names: Literal["skip", "shorten"] = "skip"
    withdraw_share: float = Field(0.10, ge=0, le=1, description="of a course's grades, held above it")
    withdraw_count: int = Field(10, ge=0, le=1_000_000, description="withdrawals that are never held")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def _host_s3(given: dict[str, str]) -> str | None:
    """Give the S3 that the host's environment names, as AWS's own tools do, for data that is on S3."""
    named = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return named if given.get("data_path", "").startswith(S3) else None


class WarehouseSettings(_Addressed):
    """Where the DuckLake lives: what it takes after `ducklake:`, and the folder or s3:// URL of its data."""

    model_config = SettingsConfigDict(env_prefix="GPB_")

    catalog: str = Field("sqlite:.gpb/catalog.sqlite", repr=False)  # a CONNINFO may hold a password
    data_path: str = ".gpb/data"
    s3_endpoint: ServerUrl | None = Field(
        default_factory=_host_s3, description="of an S3 that is not Amazon's; default: AWS_ENDPOINT_URL"
    )
    s3_region: str | None = Field(None, description="default: what the host's environment or profile says")
    s3_key_id: str | None = Field(None, repr=False, description="default: the host's credential chain")
    s3_secret: SecretStr | None = None
    analysts: str | None = Field(None, description="role of PostgreSQL that may read it (docs/analysts.md)")
    encrypt: bool = Field(default=False, description="of a new warehouse: its data, not its catalogue")
    looks: Path | None = Field(None, description="default: beside the catalogue, or .gpb/looks")

    @field_validator("data_path")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        if "://" in value and not value.startswith(S3):
            raise ValueError("is neither a folder nor s3://BUCKET/PATH")
        return value

    @property
    def data_is_on_s3(self) -> bool:
        return self.data_path.startswith(S3)

    @property
    def looks_folder(self) -> Path:
        """Where looks at pages that show students are written down, until maintenance folds them in."""
        if self.looks is not None:
            return self.looks
        catalog = self.embedded_catalog
        return catalog.with_name(f"{catalog.name}.looks") if catalog else Path(".gpb/looks")

    @property
    def embedded_catalog(self) -> Path | None:
        """The SQLite file of an embedded warehouse, None where the catalogue is PostgreSQL."""
        kind, _, rest = self.catalog.partition(":")
        if kind == "sqlite" and rest:
            return Path(rest)
        if kind == "postgres" and rest:
            return None
        raise SettingsError(
            "is neither sqlite:PATH nor postgres:CONNINFO",
            item="GPB_CATALOG",
            remedy="See its line in .env.example.",
        )


class NightlySettings(_Settings):
    """The institution's switch for nightly syncs; each course is switched by itself (`gpb nightly`)."""

    model_config = SettingsConfigDict(env_prefix="GPB_NIGHTLY_")

    enabled: bool = False
    default: bool = Field(default=False, description="whether a course that nobody has switched is on")
    at: ClockTime = time(22, 0)
    until: ClockTime | None = Field(None, description="no course begins that would not end by then")
    posted_by: str = "Canvas Integrations Admin"


class RetentionSettings(_Settings):
    """How many days a sync stays in the history after it began, a course's latest always; and what else."""

    model_config = SettingsConfigDict(env_prefix="GPB_KEEP_")

    completed_days: Days = 7
    failed_days: Days = Field(14, description="also those that completed with errors")
    looks_days: Days = Field(365, description="who looked at pages that show students")
    sent_days: Days | None = Field(None, ge=1, description="what was ever sent; default: for ever")


class WebSettings(_Settings):
    """Where the history and details pages listen, and who may see them (docs/pages.md)."""

    model_config = SettingsConfigDict(env_prefix="GPB_WEB_")

    host: Host = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535, description="0 takes a free one")
    url: BaseUrl = Field(
        default_factory=lambda given: f"http://127.0.0.1:{given.get('port', 8080)}",
        description="where people reach them, for links to them",
    )
    secret: SecretStr | None = Field(None, description="asked of every request: password, or Bearer token")
    user_header: HeaderName | None = Field(
        None, description="in which a trusted proxy names who has signed in"
    )
    courses_header: HeaderName = Field(
        "X-GPB-Courses", description="Canvas course ids, comma-separated, or *"
    )
    trusted_proxies: Addresses = Field("127.0.0.1,::1", description="addresses whose headers are believed")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the pages."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def proxies(self) -> frozenset[str]:
        return frozenset(listed(self.trusted_proxies))


class LtiSettings(_Addressed):
    """The tool's registration in Canvas (docs/pages.md); while none of it is set there is no tool."""

    model_config = SettingsConfigDict(env_prefix="GPB_LTI_")

    issuer: str | None = Field(None, description="compared to the letter: no slash is added or taken")
    client_id: str | None = Field(None, description="the developer key's number")
    deployments: str = Field("", description="deployment ids of the tool, comma-separated")
    authorize_url: BaseUrl | None = Field(None, description="Canvas's /api/lti/authorize_redirect")
    jwks_url: HttpUrl | None = Field(None, description="Canvas's /api/lti/security/jwks")
    frame_origins: Origins | None = Field(
        None, description="comma-separated; default: that of CANVAS_BASE_URL"
    )
    new_tab: bool = Field(default=False, description="whether Grade Sync opens in a tab of its own")
    keys: Path = Field(Path(".gpb/lti-keys.json"), description="made by `gpb lti keys`, private")

    @property
    def is_set(self) -> bool:
        """Whether any of the registration is there, so that all of it must be."""
        return any((self.issuer, self.client_id, self.deployments, self.authorize_url, self.jwks_url))


class AlertSettings(_Addressed):
    """Where the digest of each night's trouble goes, beside the log; nothing is sent on a quiet night."""

    model_config = SettingsConfigDict(env_prefix="GPB_ALERT_")

    webhook: SecretUrl | None = Field(None, description="its address lets whoever knows it post there")
    format: Literal["slack", "teams"] = "slack"
    good_night: SecretUrl | None = Field(None, description="called after each, so that its absence is told")


class HealthSettings(_Settings):
    """Where `gpb health --serve` answers, on this machine alone."""

    model_config = SettingsConfigDict(env_prefix="GPB_HEALTH_")

    port: int = Field(9180, ge=0, le=65535, description="0 takes a free one")


class DagsterSettings(_Settings):
    """Where Dagster keeps its runs and events; `gpb` puts the project's dagster.yaml there."""

    model_config = SettingsConfigDict(env_prefix="DAGSTER_")

    home: Path = Path(".dagster_home")
    postgres_url: SecretStr | None = Field(
        None, description="where dagster.yaml's block `storage` asks for it"
    )

    @field_validator("home")
    @classmethod
    def _with_its_users_home(cls, value: Path) -> Path:
        try:
            return value.expanduser()
        except RuntimeError:
            raise ValueError("begins with ~ and the name of no user who has a home here") from None


GROUPS: tuple[type[_Settings], ...] = (
    CanvasSettings,
    SisSettings,
    PassbackSettings,
    WarehouseSettings,
    NightlySettings,
    RetentionSettings,
    WebSettings,
    LtiSettings,
    AlertSettings,
    HealthSettings,
    DagsterSettings,
)


def known_names() -> frozenset[str]:
    """Name the variable of every setting."""
    return frozenset(
        variable(group, str(field.validation_alias or name))
        for group in GROUPS
        for name, field in group.model_fields.items()
    )


def misspelt() -> Iterator[str]:
    """Tell of what the file says in vain, and of each variable that is almost a setting, with its name.

    In the environment only what is close to a name is told: other programs have variables of these prefixes.
    """
    names, file = known_names() | {ENV_FILE}, _env_file()
    in_file = {name.upper() for name in settings_file.held(file)}
    yield from settings_file.oddities(file)
    for name in sorted(in_file | {each.upper() for each in os.environ}):
        if name in names or not name.startswith(("CANVAS_", "SIS_", "GPB_")):
            continue
        near = get_close_matches(name, names, n=1, cutoff=0.85)
        if near:
            yield f"{name} is no setting and is ignored: did you mean {near[0]}?"
        elif name in in_file:
            yield f"{name} is no setting and is ignored: see .env.example for what there is."


def _env_file() -> Path:
    """Give the file that settings are read from; raises SettingsError where one is named that is none."""
    named = os.environ.get(ENV_FILE)
    try:
        missing = not Path(named).exists() if named else False
    except OSError as refused:
        raise SettingsError(
            f"cannot be read ({refused.strerror})",
            item=ENV_FILE,
            remedy="Name a file that this user may read, or unset it.",
        ) from None
    if missing:
        raise SettingsError(
            f"names {named}, and no such file is there", item=ENV_FILE, remedy="Correct it, or unset it."
        )
    return Path(named or ".env")
