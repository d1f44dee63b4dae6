"""Plain `requests` against the sandbox's two servers, and bodies that its SIS accepts."""

from typing import Any

import requests

from gpb_pipeline.sandbox.serve import Sandbox

TIMEOUT = 60
MODIFIED = "2026-11-20T14:00:00.000Z"


class CanvasUser:
    """Asks the Canvas with one token."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        self._base = f"{sandbox.canvas_url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token or sandbox.environment['CANVAS_API_TOKEN']}"

    def get(self, path: str, **headers: str | None) -> requests.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else self._base + path
        return self._session.get(url, headers=given, timeout=TIMEOUT)

    def put(self, path: str, body: Any) -> requests.Response:
        return self._session.put(self._base + path, json=body, timeout=TIMEOUT)

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every item, along the `next` links."""
        items: list[dict[str, Any]] = []
        url: str | None = path
        while url:
            answer = self.get(url)
            answer.raise_for_status()
            items += answer.json()
            url = answer.links.get("next", {}).get("url")
        return items

    def named(self, course: int, collection: str, name: str, query: str = "") -> dict[str, Any]:
        path = f"/courses/{course}/{collection}?per_page=100{query}"
        return next(each for each in self.all(path) if each["name"] == name)

    def row(self, course: int, assignment_id: int, user_id: int) -> dict[str, Any]:
        path = f"/courses/{course}/students/submissions?student_ids[]={user_id}"
        [row] = self.get(f"{path}&assignment_ids[]={assignment_id}").json()
        return dict(row)


class SisClient:
    """Asks the SIS with one token, in the dialect that it speaks."""

    def __init__(self, sandbox: Sandbox, scope: str | None = None) -> None:
        environment = sandbox.environment
        self.newer = environment["SIS_DIALECT"] == "oneroster-1.2"
        base = environment["SIS_BASE_URL"]
        self.gradebook = f"{base}/gradebook/v1p2" if self.newer else base
        self.rostering = f"{base}/rostering/v1p2" if self.newer else base
        form = {"grant_type": "client_credentials"}
        if self.newer:
            form["scope"] = scope or environment["SIS_SCOPE"]
        credentials = (environment["SIS_CLIENT_ID"], environment["SIS_CLIENT_SECRET"])
        answer = requests.post(environment["SIS_TOKEN_URL"], form, auth=credentials, timeout=TIMEOUT)
        answer.raise_for_status()
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def read(self, path: str) -> requests.Response:
        return self._session.get(f"{self.gradebook}{path}", timeout=TIMEOUT)

    def roster(self, path: str) -> requests.Response:
        return self._session.get(f"{self.rostering}{path}", timeout=TIMEOUT)

    def follow(self, link: str) -> requests.Response:
        return self._session.get(link, timeout=TIMEOUT)

    def put(self, path: str, body: Any) -> requests.Response:
        return self._session.put(f"{self.gradebook}{path}", json=body, timeout=TIMEOUT)

    def put_text(self, path: str, body: str) -> requests.Response:
        return self._session.put(f"{self.gradebook}{path}", data=body.encode(), timeout=TIMEOUT)

    def delete(self, path: str) -> requests.Response:
        return self._session.delete(f"{self.gradebook}{path}", timeout=TIMEOUT)

    def put_line_item(self, sourced_id: str = "li-1", **changed: Any) -> requests.Response:
        return self.put(f"/lineItems/{sourced_id}", {"lineItem": self.line_item(sourced_id, **changed)})

    def put_result(self, sourced_id: str = "r-1", **changed: Any) -> requests.Response:
        return self.put(f"/results/{sourced_id}", {"result": self.result(sourced_id, **changed)})

    def line_item(self, sourced_id: str | None, **changed: Any) -> dict[str, Any]:
        """A body that is accepted; a field changed to None is left out."""
        body = {
            "sourcedId": sourced_id,
            "status": "active",
            "dateLastModified": MODIFIED,
            "title": "Unit 3 Quiz",
            "assignDate": "2026-11-10T12:00:00.000Z",
            "dueDate": "2026-11-16T12:00:00.000Z",
            "class": self.ref("class", "ALG1-1"),
            "category": self.ref("category", "CAT-QUIZ"),
            "school": self.ref("org", "SCHOOL-1") if self.newer else None,
            "gradingPeriod": self.ref("academicSession", "MP2"),
            "resultValueMin": 0.0,
            "resultValueMax": 20.0,
        }
        return _present(body | changed)

    def result(self, sourced_id: str | None, **changed: Any) -> dict[str, Any]:
        body = {
            "sourcedId": sourced_id,
            "status": "active",
            "dateLastModified": MODIFIED,
            "lineItem": self.ref("lineItem", "li-1"),
            "student": self.ref("user", "S2001"),
            "scoreStatus": "fully graded",
            "score": 17.5,
            "scoreDate": "2026-11-18",
        }
        return _present(body | changed)

    def ref(self, kind: str, sourced_id: str) -> dict[str, str]:
        return {"href": f"{self.gradebook}/x/{sourced_id}", "sourcedId": sourced_id, "type": kind}


def _present(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
