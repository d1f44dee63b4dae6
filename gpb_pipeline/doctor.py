"""Whether everything that a sync needs is there: settings, both wires, the warehouse. Nothing is changed.

Each check says what to do where it fails. How they are shown is the command's and the job's.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from gpb_pipeline.canvas.client import AccessError, CanvasClient, Json
from gpb_pipeline.canvas.permissions import (
    account,
    published_assignment,
    require_grades,
    running_courses,
    section_sis_ids,
)
from gpb_pipeline.errors import PermanentError, PipelineError, SettingsError
from gpb_pipeline.lti import keys
from gpb_pipeline.lti.canvas_keys import CanvasKeys
from gpb_pipeline.lti.registration import registered
from gpb_pipeline.settings import (
    AlertSettings,
    CanvasSettings,
    LtiSettings,
    NightlySettings,
    PassbackSettings,
    RetentionSettings,
    SisSettings,
    WarehouseSettings,
    WebSettings,
)
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.lookups import class_named
from gpb_pipeline.sis.model import AcademicSession, Category, SisClass
from gpb_pipeline.sis.periods import PeriodEnd, seen_end
from gpb_pipeline.warehouse import data_folder, ducklake, postgres, soundness, which_sis
from gpb_pipeline.warehouse.opening import open_warehouse

CLOCK_SECONDS = 60.0  # more than this apart, times of grades mislead
DIALECT_ENDINGS = {"oneroster-1.1": "/v1p1", "oneroster-1.2": "/ims/oneroster"}
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at; `remedy` says what to do where it is not `ok`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def checks() -> Iterator[Check]:
    """Look at one thing after another; what hangs on a failed check is left out. Raises nothing expected."""
    canvas = examined(
        "Canvas settings", CanvasSettings.load, lambda it: f"account {it.account_id} of {_host(it.base_url)}"
    )
    sis = examined("SIS settings", SisSettings.load, lambda it: f"{it.dialect} of {_host(it.base_url)}")
    passback = examined(
        "Passback settings", PassbackSettings.load, lambda it: f"tenant {it.tenant}, times in {it.timezone}"
    )
    yield from (canvas.check, sis.check, passback.check)
    yield examined("Nightly settings", NightlySettings.load, _nightly).check
    yield examined(
        "History settings",
        RetentionSettings.load,
        _kept,
    ).check
    yield examined("Pages settings", WebSettings.load, lambda it: f"at {it.url}").check
    yield examined("Tool in Canvas", _tool, lambda said: said).check
    yield examined("Alert settings", AlertSettings.load, _alerts).check
    sections: list[str] = []
    if canvas.value is not None and passback.value is not None:
        sections = yield from canvas_checks(canvas.value, passback.value.timezone)
    if sis.value is not None:
        yield id_mode_check(sis.value)
        yield from sis_checks(sis.value, sections)
    for side in (canvas.value, sis.value):
        if side is not None:
            yield examined("Writes", partial(_writes, side), lambda said: said).check
    warehouse = examined("Warehouse", _warehouse, lambda _: "opens, and takes a commit")
    yield warehouse.check
    if warehouse.check.ok:
        yield examined("Warehouse rows", _sound, lambda rows: f"{rows:,}, none twice").check
        if WarehouseSettings.load().embedded_catalog is None:
            yield examined("Warehouse sessions", _own_sessions, lambda _: "each its own, as locks need").check
        yield examined("Encryption", _protected, lambda said: said).check
        yield examined("Who may read it", _for_our_eyes, lambda said: said).check
    if sis.value is not None:
        host = sis.value.host
        yield examined("SIS of what was sent", lambda: _same_sis(host), lambda _: host).check


@dataclass(frozen=True)
class _Examined(Generic[T]):
    check: Check
    value: T | None = None


def examined(name: str, work: Callable[[], T], detail: Callable[[T], str]) -> _Examined[T]:
    """Do the work, and say what came of it: `detail` of its value, or what its error says."""
    try:
        value = work()
    except PipelineError as error:
        return _Examined(
            Check(name=name, ok=False, detail=f"{error.item}: {error.what}", remedy=error.remedy)
        )
    return _Examined(Check(name=name, ok=True, detail=detail(value)), value)


def _host(url: str) -> str:
    """The host alone: an address may hold a password."""
    return urlsplit(url).hostname or "nowhere"


def _kept(settings: RetentionSettings) -> str:
    sent = "for ever" if settings.sent_days is None else f"{settings.sent_days} days"
    return (
        f"kept {settings.completed_days} days, failed ones {settings.failed_days}; "
        f"what was sent {sent} (GPB_KEEP_SENT_DAYS)"
    )


def _writes(settings: CanvasSettings | SisSettings) -> str:
    settings.require_writable()
    return f"to {settings.host}" + ("" if settings.write_hosts else ", as to any host (GPB_WRITE_HOSTS)")


def _protected() -> str:
    if WarehouseSettings.load().encrypt:
        return "its data is encrypted; its catalogue is not, and holds the keys"
    return "neither its data nor its catalogue is encrypted by it (GPB_ENCRYPT)"


def _for_our_eyes() -> str:
    """Say who can read what is on this machine; raises PermanentError where everybody can."""
    settings = WarehouseSettings.load()
    if found := [str(path) for path in data_folder.open_to_others(settings)]:
        raise PermanentError(
            "every user of this machine can read it",
            item=" and ".join(found),
            remedy=f"Take that away: chmod o-rwx {' '.join(found)}.",
        )
    elsewhere = settings.embedded_catalog is None and settings.data_is_on_s3
    return "nothing of it is on this machine" if elsewhere else "not every user of this machine"


def _nightly(settings: NightlySettings) -> str:
    if not settings.enabled:
        return "nightly syncs are off (GPB_NIGHTLY_ENABLED)"
    whose = "every course that nobody switched off" if settings.default else "courses that were switched on"
    return f"at {settings.at:%H:%M}, {whose}"


def _tool() -> str:
    """Hold the tool's registration and keys against what it needs, and ask for Canvas's keys."""
    settings = LtiSettings.load()
    if not settings.is_set:
        return "not registered (GPB_LTI_ISSUER)"
    url, canvas_url = WebSettings.load().url, CanvasSettings.load().base_url
    registration = registered(settings, url=url, canvas_url=canvas_url)
    pairs = len(keys.load(settings.keys).pairs)
    if not CanvasKeys(registration.jwks_url, monotonic).fetched():
        raise SettingsError(
            "no keys of Canvas can be read there",
            item="GPB_LTI_JWKS_URL",
            remedy="Set it to Canvas's address that ends in /api/lti/security/jwks.",
        )
    held = f"{pairs} pair{'' if pairs == 1 else 's'} of keys"
    return f"registered as {registration.client_id}, at {url}; {held}"


def _alerts(settings: AlertSettings) -> str:
    return f"to a webhook, as {settings.format}" if settings.webhook else "to the log alone"


def canvas_address(settings: CanvasSettings) -> None:
    """Raise the error that says why no Canvas answers there; whether the token is good is not asked."""
    with CanvasClient(settings) as client:
        try:
            client.clock()
        except AccessError as refused:
            if refused.item != "CANVAS_API_TOKEN":
                raise


def canvas_checks(settings: CanvasSettings, time_zone: str) -> Generator[Check, None, list[str]]:
    """Look at what the token can see in Canvas; gives the SIS ids of some sections."""
    made = examined("Canvas token", lambda: CanvasClient(settings), lambda _: "can be sent")
    if made.value is None:
        yield made.check
        return []
    with made.value as client:
        return (yield from _canvas(client, time_zone))


def _canvas(client: CanvasClient, time_zone: str) -> Generator[Check, None, list[str]]:
    token = examined("Canvas token", client.clock, lambda _: "accepted")
    yield token.check
    if not token.check.ok:
        return []
    yield _clock(token.value)
    ours = examined("Canvas account", lambda: account(client), lambda body: str(body.get("name")))
    yield ours.check
    if ours.value is None:
        return []
    yield _time_zone(ours.value, time_zone)
    courses = examined(
        "Canvas courses", lambda: running_courses(client), lambda found: f"{len(found)} or more run"
    )
    yield courses.check
    if courses.value is None:
        return []
    ids = [course.course_id for course in courses.value]
    sections = examined("Canvas SIS ids", lambda: section_sis_ids(client, ids), _counted("section with one"))
    yield sections.check
    assignment = examined(
        "Canvas due dates", lambda: published_assignment(client, ids), lambda _: "overrides are seen"
    )
    yield assignment.check
    if assignment.value is not None:
        course_id, assignment_id = assignment.value
        yield examined(
            "Canvas grades",
            lambda: require_grades(client, course_id, assignment_id),
            lambda _: f"read in course {course_id}",
        ).check
    return sections.value or []


def _clock(theirs: datetime | None) -> Check:
    if theirs is None:
        return Check(name="Clock", ok=True, detail="Canvas does not say what time it is")
    apart = abs((theirs - datetime.now(UTC)).total_seconds())
    return Check(
        name="Clock",
        ok=apart <= CLOCK_SECONDS,
        detail=f"{apart:.0f} s from Canvas's",
        remedy="Set this machine's clock, by NTP.",
    )


def _time_zone(account: Json, ours: str) -> Check:
    theirs = account.get("default_time_zone")
    return Check(
        name="Time zone",
        ok=theirs in (None, ours),
        detail=f"GPB_TIMEZONE is {ours}, the account's is {theirs or 'not said'}",
        remedy="Set GPB_TIMEZONE to the account's, or the account's to it.",
    )


def dialect_check(settings: SisSettings) -> Check:
    """Hold the dialect against the address's ending."""
    ending = DIALECT_ENDINGS[settings.dialect]
    return Check(
        name="SIS dialect",
        ok=settings.base_url.lower().endswith(ending),
        detail=f"SIS_DIALECT is {settings.dialect}, whose SIS_BASE_URL ends in {ending}",
        remedy="Set both to what the SIS's support says.",
    )


ID_MODES = {
    "consumer": "we choose the sourcedId of what is written; a SIS that chooses it itself refuses each first "
    "write",
    "provider": "the SIS chooses the sourcedId of what is written, and must give it in its answer",
}


def id_mode_check(settings: SisSettings) -> Check:
    """Say who chooses the sourcedIds. Whether that is so, only a first write shows; none is made here."""
    detail = f"SIS_ID_MODE is {settings.id_mode}: {ID_MODES[settings.id_mode]}"
    return Check(name="SIS ids", ok=True, detail=detail)


def sis_checks(settings: SisSettings, sections: Sequence[str]) -> Iterator[Check]:
    """Look at what the client may see in the SIS, and whether one of the sections is a class there."""
    yield dialect_check(settings)
    made = examined("SIS headers", lambda: OneRosterClient(settings), lambda _: "can be sent")
    if made.value is None:
        yield made.check
        return
    with made.value as client:
        yield from _sis(client, sections)


def _sis(client: OneRosterClient, sections: Sequence[str]) -> Iterator[Check]:
    token = examined("SIS token", lambda: sis_token(client), lambda _: "issued").check
    yield token
    if not token.ok:
        return
    yield examined("SIS classes", lambda: _any_class(client), lambda _: "readable").check
    yield examined("SIS categories", lambda: _categories(client), _counted("active category")).check
    yield examined("SIS grading periods", lambda: _periods(client), _counted("open today")).check
    yield examined("SIS period ends", lambda: _period_ends(client), lambda end: f"taken as {end}").check
    if sections:
        matched = examined(
            "A class for a section", lambda: _class(client, sections), lambda found: f"{found.sourced_id}"
        )
        yield matched.check
        if matched.value is not None:
            class_id = matched.value.sourced_id
            yield examined(
                "SIS roster", lambda: client.class_students(class_id), _counted("student of that class")
            ).check


def sis_token(client: OneRosterClient) -> None:
    """Get a token; where it is refused, try the other place for id and secret, and say so if that is it."""
    try:
        client.authorize()
    except SettingsError:
        raise
    except PermanentError as refused:
        ours = client.settings.token_auth
        other = "form" if ours == "basic" else "basic"
        try:
            with OneRosterClient(client.settings.model_copy(update={"token_auth": other})) as second:
                second.authorize()
        except PipelineError:
            raise refused from None
        raise SettingsError(
            f"is {ours}: so the SIS refuses a token, which it issues by {other}",
            item="SIS_TOKEN_AUTH",
            remedy=f"Set SIS_TOKEN_AUTH={other}.",
        ) from None


def _any_class(client: OneRosterClient) -> None:
    if not client.has_classes():
        raise _lacking("shows no class", "classes")


def _categories(client: OneRosterClient) -> list[Category]:
    if active := [each for each in client.categories() if each.active]:
        return active
    raise _lacking("has no active category", "categories")


def _periods(client: OneRosterClient) -> list[AcademicSession]:
    today = datetime.now(UTC).date()
    sessions = [each for each in client.academic_sessions() if each.kind == "gradingPeriod" and each.active]
    if current := [each for each in sessions if each.start <= today <= each.end]:
        return current
    raise _lacking("has no open grading period of today", "grading periods")


def _period_ends(client: OneRosterClient) -> PeriodEnd:
    ours, theirs = client.settings.period_end, seen_end(client.district_lists().sessions)
    if theirs in (None, ours):
        return ours
    raise SettingsError(
        f"is {ours}, but by that the SIS's grading periods leave days out, or share them",
        item="SIS_PERIOD_END",
        remedy=f"Set SIS_PERIOD_END={theirs}, or work due on a period's last day finds none.",
    )


def _class(client: OneRosterClient, sections: Sequence[str]) -> SisClass:
    for sis_id in sections:
        if found := class_named(client, sis_id):
            return found
    raise PermanentError(
        f"none of {len(sections)} sections is a class of the SIS by its {client.settings.class_match}",
        item="SIS classes",
        remedy="Check SIS_CLASS_MATCH, and the SIS ids of the sections in Canvas.",
    )


def _lacking(what: str, item: str) -> PermanentError:
    return PermanentError(
        f"the SIS {what}", item=item, remedy="Ask its support what these credentials may see."
    )


def _counted(what: str) -> Callable[[Sequence[object]], str]:
    return lambda found: f"{len(found)} × {what}"


def _warehouse() -> None:
    """Make a table with a file of its own, and drop it again."""
    with open_warehouse() as warehouse:
        warehouse.commit(_make_probe)
        warehouse.commit(_drop_probe)


def _sound() -> int:
    with open_warehouse() as warehouse:
        return soundness.require_sound(warehouse)


def _own_sessions() -> None:
    postgres.require_own_sessions(WarehouseSettings.load())


def _same_sis(host: str) -> None:
    with open_warehouse() as warehouse:
        which_sis.require_same(warehouse, host)


def _make_probe(session: ducklake.Connection) -> None:
    """With rows enough for a file of their own."""
    session.execute("CREATE OR REPLACE TABLE warehouse.doctor_probe AS SELECT * FROM range(1000) AS rows(n)")


def _drop_probe(session: ducklake.Connection) -> None:
    session.execute("DROP TABLE warehouse.doctor_probe")
