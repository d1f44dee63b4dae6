"""Someone with a browser, without the browser: follows a launch over real HTTP, and can stop at any step."""

from collections import defaultdict
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from gpb_pipeline.sandbox.serve import Sandbox

TEACHER, TA, LIMITED, LOOKER, DESIGNER, OBSERVER, STUDENT, ADMIN, OTHER_ADMIN = (
    55,
    56,
    57,
    58,
    60,
    61,
    62,
    70,
    71,
)


SESSION = "__Host-gpb-session"


class Form(HTMLParser):
    """The first form of a page: where it goes and what it says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = said.get("action", "")
        if tag == "input":
            self.fields[said["name"]] = said.get("value", "")


class CanvasUser(requests.Session):
    """A browser in which someone has signed in to Canvas; like them, it trusts this machine without TLS."""

    def __init__(self, sandbox: Sandbox, user: int, masquerader: str = "") -> None:
        super().__init__()
        self.kept: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._canvas = sandbox.canvas_url
        self.signs_in(user, masquerader)

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        """Send one request, with the cookies of its host, and keep those that come."""
        mine = self.kept[urlsplit(request.url or "").hostname or ""]
        request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in mine.items())
        answer = super().send(request, **(named | {"allow_redirects": False}))
        for told in answer.raw.headers.getlist("Set-Cookie"):
            cookie, _, rest = told.partition("; ")
            name, _, value = cookie.partition("=")
            mine[name] = value
            if "Max-Age=0;" in rest:
                del mine[name]
        if named.get("allow_redirects") and answer.is_redirect:
            follow = requests.Request("GET", urljoin(answer.url, answer.headers["Location"]))
            return self.send(self.prepare_request(follow), **named)
        return answer

    def signs_in(self, user: int, masquerader: str = "") -> None:
        self.post(f"{self._canvas}/login", data={"user": user, "masquerader": masquerader}, timeout=60)

    def begins(self, course: int = 1001, placement: str = "course_navigation") -> Form:
        """Open the tool in a course: the form that Canvas posts to the tool's login."""
        address = (
            f"{self._canvas}/courses/{course}/external_tools/7?display=borderless&launch_type={placement}"
        )
        return Form(self.get(address, timeout=60).text)

    def comes_back(self, begun: Form) -> Form:
        """Go through the tool's login and Canvas: the form that Canvas posts to the tool's launch."""
        answer = self.post(begun.action, data=begun.fields, timeout=60)
        return Form(answer.text)

    def lands(self, returned: Form, **named: Any) -> requests.Response:
        """Post Canvas's answer to the tool."""
        return self.post(returned.action, data=returned.fields, timeout=20, **named)

    def launches(self, course: int = 1001, placement: str = "course_navigation") -> requests.Response:
        """Do all of it, and give the page at its end."""
        return self.lands(self.comes_back(self.begins(course, placement)))

    def has_session(self) -> bool:
        return SESSION in self.kept["localhost"]
