"""Every check, in the order in which what comes first is needed by what follows."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from gpb_pipeline.doctor.canvas import canvas_checks
from gpb_pipeline.doctor.check import Check, examined
from gpb_pipeline.doctor.sis import id_mode_check, sis_checks
from gpb_pipeline.doctor.tool import tool
from gpb_pipeline.doctor.warehouse import same_sis, warehouse_checks
from gpb_pipeline.settings import (
    AlertSettings,
    CanvasSettings,
    NightlySettings,
    PassbackSettings,
    RetentionSettings,
    SisSettings,
    WebSettings,
)


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
    yield examined("History settings", RetentionSettings.load, _kept).check
    yield examined("Pages settings", WebSettings.load, lambda it: f"at {it.url}").check
    yield examined("Tool in Canvas", tool, lambda said: said).check
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
    yield from warehouse_checks()
    if sis.value is not None:
        host = sis.value.host
        yield examined("SIS of what was sent", lambda: same_sis(host), lambda _: host).check


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


def _nightly(settings: NightlySettings) -> str:
    if not settings.enabled:
        return "nightly syncs are off (GPB_NIGHTLY_ENABLED)"
    whose = "every course that nobody switched off" if settings.default else "courses that were switched on"
    return f"at {settings.at:%H:%M}, {whose}"


def _alerts(settings: AlertSettings) -> str:
    return f"to a webhook, as {settings.format}" if settings.webhook else "to the log alone"
