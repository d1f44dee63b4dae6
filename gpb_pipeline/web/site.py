"""What every page needs: the warehouse, the account's time, who is looking, and how HTML is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.settings import CanvasSettings, NightlySettings
from gpb_pipeline.warehouse import details, district, history, looks, part, trace
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.looks import Look
from gpb_pipeline.web.access import Viewer

FOLDER = Path(__file__).parent

TYPE_LABELS = {each: each.capitalize() for each in get_args(SyncType)}
STATES = ("created", "updated", "unchanged", "withdrawn", "skipped", "failed")
"""In the order that graphs and filters show them."""


@dataclass(frozen=True)
class Site:
    """Handed to every page as `request.app.state.site`.

    `canvas` gives the settings of the Canvas that a trace asks who graded; raises SettingsError without one.
    """

    warehouse: Warehouse
    zone: ZoneInfo
    nightly: NightlySettings
    templates: jinja2.Environment
    clock: Callable[[], datetime]
    canvas: Callable[[], CanvasSettings]

    def render(self, template: str, context: Mapping[str, object], status: int = 200) -> HTMLResponse:
        return HTMLResponse(self.templates.get_template(template).render(context), status)

    def visible_job(self, request: Request) -> Job:
        """Find the job that the address names; 404 where there is none that this viewer may see."""
        job_id = request.path_params["job_id"]
        job = self.warehouse.read(history.job, job_id)
        if job is not None and job.status == "Running":
            history.fail_dead_jobs_at_once(self.warehouse)
            job = self.warehouse.read(history.job, job_id)
        if job is None or not viewer(request).may_see(job.course_id):
            raise HTTPException(404, "There is no such sync, or it is past its age.")
        [seen] = self.as_seen(request, [job])
        return seen

    def as_seen(self, request: Request, jobs: Sequence[Job]) -> Sequence[Job]:
        """Give a course's jobs as this viewer may see them: who is limited to sections, by those alone."""
        only = viewer(request).sections(jobs[0].course_id) if jobs else None
        return jobs if only is None else self.warehouse.read(part.of_sections, jobs, only)

    def looked(self, request: Request, course_id: str, page: str, job: Job | None = None) -> None:
        """Put on record that this viewer looks at a page that shows students."""
        look = Look(
            looked_at=self.clock(),
            who=viewer(request).who(course_id),
            page=page,
            course_id=course_id,
            job_id=job.job_id if job else None,
        )
        looks.note(self.warehouse.settings.looks_folder, look)

    def course_name(self, request: Request, course_id: str) -> str:
        """Give the course's name as it was last read, else as the viewer's launch has it."""
        known = self.warehouse.read(district.course_name, course_id)
        return known or viewer(request).course_name(course_id) or f"Course {course_id}"


def site(request: Request) -> Site:
    return cast("Site", request.app.state.site)


def viewer(request: Request) -> Viewer:
    return cast("Viewer", request.state.viewer)


def make_site(
    warehouse: Warehouse,
    zone: ZoneInfo,
    nightly: NightlySettings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    canvas: Callable[[], CanvasSettings] = CanvasSettings.load,
) -> Site:
    """Put a site together, its templates with the filters they use; `clock` tells the time with its zone."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "moment": lambda at: _moment(at, zone),
        "said": lambda words: trace.said(words, lambda at: _told(at.astimezone(zone))) or "—",
        "number": _number,
        "score": _score,
        "kebab": lambda text: "-".join(text.lower().replace("(", "").replace(")", "").split()),
    }
    templates.globals |= {"type_labels": TYPE_LABELS, "meaning": details.meaning, "stop_of": stop_of}
    return Site(
        warehouse=warehouse, zone=zone, nightly=nightly, templates=templates, clock=clock, canvas=canvas
    )


def _moment(at: datetime | None, zone: ZoneInfo) -> Markup:
    if at is None:
        return Markup("&mdash;")
    local = at.astimezone(zone)
    day, clock = _day(local), _clock(local)
    return Markup('<time datetime="{}"><span>{}</span> <span>{}</span></time>').format(
        local.isoformat(timespec="seconds"), day, clock
    )


def _told(local: datetime) -> str:
    return f"{_day(local)} {_clock(local)}"


def _day(local: datetime) -> str:
    return f"{local:%b} {local.day}, {local.year},"


def _clock(local: datetime) -> str:
    return f"{local:%I:%M %p %Z}".removeprefix("0")


def _number(count: int) -> str:
    return f"{count:,}"


def _score(value: Any) -> str:
    return "—" if value is None else f"{value:.10g}"
