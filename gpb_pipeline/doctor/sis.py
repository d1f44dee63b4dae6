"""What the client may see in the SIS, and whether a section is a class there."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from gpb_pipeline.doctor.check import Check, counted, examined
from gpb_pipeline.errors import PermanentError, PipelineError, SettingsError
from gpb_pipeline.settings import (
    SisSettings,
)
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.lookups import class_named
from gpb_pipeline.sis.model import AcademicSession, Category, SisClass
from gpb_pipeline.sis.periods import PeriodEnd, seen_end

DIALECT_ENDINGS = {"oneroster-1.1": "/v1p1", "oneroster-1.2": "/ims/oneroster"}
ID_MODES = {
    "consumer": "we choose the sourcedId of what is written; a SIS that chooses it itself refuses each first "
    "write",
    "provider": "the SIS chooses the sourcedId of what is written, and must give it in its answer",
}


def dialect_check(settings: SisSettings) -> Check:
    """Hold the dialect against the address's ending."""
    ending = DIALECT_ENDINGS[settings.dialect]
    return Check(
        name="SIS dialect",
        ok=settings.base_url.lower().endswith(ending),
        detail=f"SIS_DIALECT is {settings.dialect}, whose SIS_BASE_URL ends in {ending}",
        remedy="Set both to what the SIS's support says.",
    )


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
    yield examined("SIS categories", lambda: _categories(client), counted("active category")).check
    yield examined("SIS grading periods", lambda: _periods(client), counted("open today")).check
    yield examined("SIS period ends", lambda: _period_ends(client), lambda end: f"taken as {end}").check
    if sections:
        matched = examined(
            "A class for a section", lambda: _class(client, sections), lambda found: f"{found.sourced_id}"
        )
        yield matched.check
        if matched.value is not None:
            class_id = matched.value.sourced_id
            yield examined(
                "SIS roster", lambda: client.class_students(class_id), counted("student of that class")
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
