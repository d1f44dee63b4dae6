"""Rows that somebody else left in the SIS, of kinds that a client does not expect (`strangers`).

Each is well-formed JSON; none is about a student, class or period that the sandbox's own rows use.
    unset_dates    line items of every class, due 0001-01-01T00:00:00Z and 9999-12-31
    surrogates     a line item of every class with half a surrogate in its title; refusals' words have one too
    no_student     a result on the line item due in year 1, without a student
    no_title       a category without a title
    no_sourced_id  a row of every class's roster without a sourcedId
    endless        an academic session whose end is null
"""

from collections.abc import Iterator

from gpb_pipeline.sandbox.district import Category, SisPerson
from gpb_pipeline.sandbox.sis.records import LineItem, Result
from gpb_pipeline.sandbox.sis.wire import LOADED_AT, Payload, Writer

LONG_AGO = "2026-08-20T12:00:00.000Z"


def stranger_line_items(writer: Writer, class_id: str) -> Iterator[Payload]:
    if "unset_dates" in writer.switches.strangers:
        yield _line_item(writer, class_id, "unset", "Participation", "0001-01-01T00:00:00Z")
        yield _line_item(writer, class_id, "never", "Journal", "9999-12-31")
    if "surrogates" in writer.switches.strangers:
        yield _line_item(writer, class_id, "half", "Field trip \ud83c", LONG_AGO)


def stranger_results(writer: Writer, class_id: str) -> Iterator[Payload]:
    if "no_student" in writer.switches.strangers:
        result = Result(
            sourced_id=f"other-result-{class_id}",
            status="active",
            line_item_id=f"other-unset-{class_id}",
            student_id="",
            score_status="fully graded",
            score_date=LONG_AGO[:10],
            date_last_modified=LONG_AGO,
            score=3.0,
        )
        payload = writer.result(result)
        del payload["student"]
        yield payload


def stranger_categories(writer: Writer) -> Iterator[Payload]:
    if "no_title" in writer.switches.strangers:
        yield writer.category(Category("other-category", "")) | {"title": None}


def stranger_users(writer: Writer) -> Iterator[Payload]:
    if "no_sourced_id" in writer.switches.strangers:
        payload = writer.user(SisPerson("", "0", "No", "Body"), "student")
        del payload["sourcedId"]
        yield payload


def stranger_sessions(writer: Writer) -> Iterator[Payload]:
    if "endless" in writer.switches.strangers:
        yield {
            "sourcedId": "other-session",
            "status": "active",
            "dateLastModified": LOADED_AT,
            "title": "Summer work",
            "startDate": "2031-07-01",
            "endDate": None,
            "type": "semester",
            "schoolYear": "2031",
        }


def _line_item(writer: Writer, class_id: str, name: str, title: str, due: str) -> Payload:
    item = LineItem(
        sourced_id=f"other-{name}-{class_id}",
        status="active",
        title=title,
        class_id=class_id,
        category_id=next(iter(writer.sis.categories), ""),
        assign_date=LONG_AGO,
        due_date=due,
        date_last_modified=LONG_AGO,
        grading_period_id=next(each.sourced_id for each in writer.sis.sessions.values()),
        school_id=writer.sis.school_id,
        result_value_min=0.0,
        result_value_max=10.0,
    )
    return writer.line_item(item)
