"""The LTI tool as the pages have it: its registration, its keys, and what it remembers while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from gpb_pipeline.canvas.client import CanvasClient, NotFoundError
from gpb_pipeline.errors import PipelineError, TransientError
from gpb_pipeline.lti import keys
from gpb_pipeline.lti.canvas_keys import CanvasKeys
from gpb_pipeline.lti.contexts import KnownContexts, not_allowed, not_now
from gpb_pipeline.lti.keys import ToolKeys
from gpb_pipeline.lti.pending import PendingLaunches
from gpb_pipeline.lti.registration import Registration, registered
from gpb_pipeline.lti.sessions import Sessions
from gpb_pipeline.settings import CanvasSettings, LtiSettings, WebSettings
from gpb_pipeline.warehouse import launch_contexts
from gpb_pipeline.warehouse.ducklake import Warehouse


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One registered tool; `clock` counts seconds since 1970."""

    registration: Registration
    new_tab: bool
    own_keys: ToolKeys = field(repr=False)
    canvas_keys: CanvasKeys
    contexts: KnownContexts
    pending: PendingLaunches
    sessions: Sessions
    clock: Callable[[], float]


def the_tool(web: WebSettings, warehouse: Warehouse, clock: Callable[[], float] = time.time) -> Tool | None:
    """Make the tool that the settings register; None where they register none. Raises SettingsError."""
    settings = LtiSettings.load()
    if not settings.is_set:
        return None
    canvas = CanvasSettings.load()
    registration = registered(settings, url=web.url, canvas_url=canvas.base_url)
    own = keys.load(settings.keys)
    return Tool(
        registration=registration,
        new_tab=settings.new_tab,
        own_keys=own,
        canvas_keys=CanvasKeys(registration.jwks_url, clock),
        contexts=_contexts(canvas, warehouse),
        pending=PendingLaunches(clock),
        sessions=Sessions(own.session_secret),
        clock=clock,
    )


def _contexts(canvas: CanvasSettings, warehouse: Warehouse) -> KnownContexts:
    def keep(context_id: str, course_id: str) -> None:
        with suppress(TransientError):  # the launch goes on, and the next one keeps it
            warehouse.commit(launch_contexts.keep, context_id, course_id)

    return KnownContexts(
        lambda context_id: _asked(canvas, context_id),
        recall=lambda context_id: warehouse.read(launch_contexts.course_of, context_id),
        keep=keep,
    )


def _asked(settings: CanvasSettings, context_id: str) -> str | None:
    """Ask Canvas which course that is; raises LaunchRefusedError where it cannot be asked."""
    try:
        with CanvasClient(settings) as canvas:
            found = canvas.get(f"courses/lti_context_id:{context_id}", item="the launch's course")
    except NotFoundError:
        return None
    except TransientError:
        raise not_now() from None
    except PipelineError as fault:
        raise not_allowed(fault.code) from None
    return str(found["id"]) if "id" in found else None
