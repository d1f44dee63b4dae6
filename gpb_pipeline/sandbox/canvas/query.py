"""Query parameters in Rails's manner: `name[]` repeated, and what counts as true.

What a parameter means to an endpoint is not known here.
"""

from starlette.requests import Request


def values(request: Request, name: str) -> list[str]:
    """All values of `name[]` (or of a lone `name`)."""
    return request.query_params.getlist(f"{name}[]") or request.query_params.getlist(name)


def ids(request: Request, name: str) -> list[int]:
    """The numeric values; an id that is no number names nothing, so it becomes 0."""
    return [int(each) if each.isdecimal() else 0 for each in values(request, name)]


def include(request: Request) -> frozenset[str]:
    return frozenset(values(request, "include"))


def truthy(text: str) -> bool:
    return text.lower() in ("true", "1", "on", "yes")
