"""A term and an account as someone named them, held against Canvas; what cannot be says what there is."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from gpb_pipeline.canvas import readings as read
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import listed_courses
from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.term import ListedCourse, Term

SHOWN = 20  # of what there is, in a message


def courses_of_term(client: CanvasClient, term: str, account: str | None) -> tuple[Term, list[ListedCourse]]:
    """Find a term by its id, SIS id or name, and all its courses in an account, else the configured one.

    Raises UsageError, naming the argument, for a term of which no published course is, and for an account
    that is neither the configured one nor below it.
    """
    account_id = client.settings.account_id if account is None else _account_named(client, account)
    found = term_named(term, listed_courses(client, account_id, running=True))
    return found, list(listed_courses(client, account_id, term_id=found.term_id))


def _account_named(client: CanvasClient, account: str) -> str:
    """Give the id of the configured account or of one below it, by its id, SIS id or name."""
    own = client.settings.account_id
    if account.strip() == own:
        return own
    item = f"account {own}"
    path = f"accounts/{quote(own, safe=':')}"
    rows = [
        client.get(path, item=item),
        *client.pages(f"{path}/sub_accounts", {"recursive": "true"}, item=f"{item}, sub-accounts"),
    ]
    found = [
        (str(read.ident_if_any(row.get("id"))), read.trimmed(row.get("name")), row.get("sis_account_id"))
        for row in rows
    ]
    fitting = [
        account_id
        for account_id, name, sis_id in found
        if account.strip() in (account_id, name, sis_id and f"sis_account_id:{sis_id}")
    ]
    there_are = [f"{name} ({account_id})" for account_id, name, _ in found]
    return _only(fitting, "--account", account, "is no account of CANVAS_ACCOUNT_ID", there_are)


def term_named(term: str, listed: Iterable[ListedCourse]) -> Term:
    """Find a term among those of these courses, by its id, SIS id or name; raises UsageError."""
    terms = {each.term.term_id: each.term for each in listed if each.term is not None}
    fitting = [
        each
        for each in terms.values()
        if term.strip() in (each.term_id, each.name, each.sis_term_id and f"sis_term_id:{each.sis_term_id}")
    ]
    newest = sorted(terms.values(), key=lambda each: each.starts_at or "", reverse=True)
    what = "is no term of the courses there"
    found = _only([each.term_id for each in fitting], "--term", term, what, [str(each) for each in newest])
    return terms[found]


def _only(fitting: Sequence[str], argument: str, given: str, what: str, there_are: Sequence[str]) -> str:
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(
            "names more than one",
            item=f"{argument} {given!r}",
            remedy=f"Give one of their ids: {', '.join(fitting)}.",
        )
    more = f" and {len(there_are) - SHOWN} more" if len(there_are) > SHOWN else ""
    shown = ", ".join(there_are[:SHOWN]) or "none"
    raise UsageError(what, item=f"{argument} {given!r}", remedy=f"There are: {shown}{more}.")
