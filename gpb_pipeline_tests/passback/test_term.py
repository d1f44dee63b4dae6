"""Which of a term's courses are switched on together, and why the others are not."""

from zoneinfo import ZoneInfo

import pytest

from gpb_pipeline.passback.course import Course
from gpb_pipeline.passback.term import ListedCourse, Switched, switching_on

ON, OFF = Switched(enabled=True, by="Admin"), Switched(enabled=False, by="Dana")


def listed(
    state: str = "available", *, concluded: bool = False, blueprint: bool = False, restricted: bool = False
) -> ListedCourse:
    course = Course(
        course_id="1",
        name="Algebra I",
        sis_course_id=None,
        time_zone=ZoneInfo("America/New_York"),
        workflow_state=state,
        concluded=concluded,
        blueprint=blueprint,
    )
    return ListedCourse(course=course, code="ALG1", term=None, restricted=restricted)


@pytest.mark.parametrize(
    ("course", "chosen", "excepted", "why"),
    [
        (listed(), None, (), None),
        (listed(), None, ("2",), None),
        (listed(), None, ("1",), "excepted"),
        (listed(), ON, ("1",), "excepted"),
        (listed(), ON, (), "on already"),
        (listed(), OFF, (), "switched off by Dana"),
        (listed("unpublished"), OFF, (), "not published"),
        (listed("unpublished"), None, (), "not published"),
        (listed("completed"), None, (), "concluded"),
        (listed(concluded=True), ON, (), "concluded"),
        (listed(blueprint=True), None, (), "a blueprint"),
        (listed("", restricted=True), None, (), "restricted by date"),
    ],
)
def test_a_course_is_switched_on_or_says_why_not(
    course: ListedCourse, chosen: Switched | None, excepted: tuple[str, ...], why: str | None
) -> None:
    judged = switching_on([course], {"1": chosen} if chosen else {}, excepted=excepted)
    assert [each.course_id for each in judged.courses] == ([] if why else ["1"])
    assert [each.why.startswith(why or "") for each in judged.left_out] == ([True] if why else [])
