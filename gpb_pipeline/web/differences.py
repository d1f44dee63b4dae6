"""The page about what the SIS holds otherwise: every course's differences, with their cause and mending."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.passback.holdings.differences import CAUSES
from gpb_pipeline.warehouse import differences
from gpb_pipeline.web.query import Links, page_number, window, word
from gpb_pipeline.web.site import site, viewer
from gpb_pipeline.web.words import words

ROWS_A_PAGE = 50


def all_differences(request: Request) -> HTMLResponse:
    """Show what each course's last reading back found, nightly or asked for."""
    here, cause = site(request), word(request, "cause", CAUSES)
    limited = viewer(request).limited  # a difference is told of a course, not of some sections
    read = here.warehouse.read(differences.found, viewer(request).courses)
    found = [each for each in read if each.course_id not in limited]
    shown = [each for each in found if each.cause == cause] if cause else found
    number, last = window(page_number(request), len(shown), ROWS_A_PAGE)
    return here.render(
        "differences.html",
        {
            "links": Links(request),
            "found": shown[ROWS_A_PAGE * (number - 1) : ROWS_A_PAGE * number],
            "causes": {each: said.words for each, said in CAUSES.items()},
            "cause": cause,
            "total": len(shown),
            "number": number,
            "last": last,
            "words": words(request),
        },
    )
