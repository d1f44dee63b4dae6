"""What teachers and registrars do between two nights, by dice that fall alike each time; each act is printed.

The acts are Canvas's (sandbox/canvas/control.py); who moves between classes moves in the SIS too.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser

Row = dict[str, Any]


class School:
    """The people of a sandbox's courses."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.sandbox = sandbox
        self.canvas = CanvasUser(sandbox)
        self.dice = Random(seed)  # noqa: S311  they are to fall alike
        print(f"dice: {seed}")

    def rescores(self, course_id: str, count: int) -> None:
        """Give new scores to grades that count, each other than before."""
        for row in self._some(self._graded(course_id), count):
            self._act(course_id, row, score=round(self.dice.uniform(1, 9), 2))

    def clears(self, course_id: str, count: int = 1) -> None:
        for row in self._some(self._graded(course_id), count):
            self._act(course_id, row, score=None)

    def excuses(self, course_id: str) -> None:
        [row] = self._some(self._graded(course_id), 1)
        self._act(course_id, row, excused=True)

    def hides(self, course_id: str) -> None:
        [row] = self._some(self._graded(course_id), 1)
        self._act(course_id, row, hidden=True)

    def posts(self, course_id: str) -> None:
        """Let everyone see what was hidden."""
        for row in self._rows(course_id):
            if row["score"] is not None and row["posted_at"] is None:
                self._act(course_id, row, hidden=False)

    def changes(self, course_id: str, number: int, **fields: Any) -> None:
        """Edit the course's assignment of this number, from 0 on."""
        path = f"/courses/{course_id}/assignments/{self._assignment(course_id, number)}"
        self._do("PATCH", path, fields)

    def deletes(self, course_id: str, number: int) -> None:
        self._do("DELETE", f"/courses/{course_id}/assignments/{self._assignment(course_id, number)}")

    def moves_a_student(self, course_id: str) -> None:
        """From the first section to the second, in the SIS too."""
        first, second = self._sections(course_id)[:2]
        one = self._students(course_id, first["id"])[0]
        self._do("PATCH", f"/courses/{course_id}/enrollments/{one['id']}", {"section_id": second["id"]})
        student = one["user"]["sis_user_id"]
        self._do("DELETE", f"/rosters/{first['sis_section_id']}/{student}", side="sis")
        self._do("PUT", f"/rosters/{second['sis_section_id']}/{student}", side="sis")

    def drops_a_student(self, course_id: str) -> None:
        one = self._students(course_id, self._sections(course_id)[1]["id"])[-1]
        self._do("PATCH", f"/courses/{course_id}/enrollments/{one['id']}", {"state": "deleted"})

    def cross_lists(self, course_id: str, into: str) -> None:
        """Move the course's last section into another course."""
        section = self._sections(course_id)[-1]["id"]
        self._do("PATCH", f"/courses/{course_id}/sections/{section}", {"course_id": int(into)})

    def _act(self, course_id: str, row: Row, **acts: Any) -> None:
        path = f"/courses/{course_id}/submissions/{row['assignment_id']}/{row['user_id']}"
        self._do("PATCH", path, acts)

    def _do(self, method: str, path: str, body: Any = None, *, side: Any = "canvas") -> None:
        print(f"  {method} {path} {body or ''}")
        self.sandbox.control(side, method, path, body)

    def _some(self, rows: Sequence[Row], count: int) -> list[Row]:
        return self.dice.sample(rows, count)

    def _graded(self, course_id: str) -> list[Row]:
        synced = {each["id"] for each in self._assignments(course_id) if each["post_to_sis"]}
        return [
            each
            for each in self._rows(course_id)
            if each["score"] is not None and each["posted_at"] and each["assignment_id"] in synced
        ]

    def _rows(self, course_id: str) -> list[Row]:
        path = f"/courses/{course_id}/students/submissions?student_ids[]=all&per_page=100"
        return sorted(self.canvas.all(path), key=lambda each: int(each["id"]))

    def _assignments(self, course_id: str) -> list[Row]:
        return sorted(
            self.canvas.all(f"/courses/{course_id}/assignments?per_page=100"),
            key=lambda each: int(each["id"]),
        )

    def _assignment(self, course_id: str, number: int) -> int:
        return int(self._assignments(course_id)[number]["id"])

    def _sections(self, course_id: str) -> list[Row]:
        return self.canvas.all(f"/courses/{course_id}/sections?per_page=100")

    def _students(self, course_id: str, section_id: int) -> list[Row]:
        path = f"/courses/{course_id}/enrollments?type[]=StudentEnrollment&state[]=active&per_page=100"
        return [each for each in self.canvas.all(path) if each["course_section_id"] == section_id]
