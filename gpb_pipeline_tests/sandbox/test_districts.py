"""The districts themselves: the school makes sense to its SIS, and the generator repeats itself."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.errors import PermanentError, UsageError
from gpb_pipeline.sandbox.districts import district_named
from gpb_pipeline.sandbox.generator import generate
from gpb_pipeline.sandbox.school import school
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox

TODAY = date(2026, 11, 24)


@given(st.integers(0, 800).map(lambda days: date(2026, 1, 1) + timedelta(days)))
def test_on_any_day_the_school_is_in_an_open_period_with_a_closed_one_behind_it(today: date) -> None:
    district = school(today)
    periods = [each for each in district.sis.sessions.values() if each.type == "gradingPeriod"]
    assert [each.closed for each in periods] == [True, False, False]
    algebra = district.contents[1001]
    assert all(each.due_at and periods[1].covers(each.due_at.date()) for each in algebra.assignments)


def test_every_id_of_the_school_is_given_out_once() -> None:
    contents = school(TODAY).contents.values()
    ids = [
        each.id
        for content in contents
        for records in (content.sections, content.enrollments, content.groups, content.assignments)
        for each in records
    ]
    assert len(ids) == len(set(ids))


def test_the_school_and_its_sis_differ_where_they_are_meant_to() -> None:
    sis = school(TODAY).sis
    assert "HIST9-3" not in sis.classes
    assert "HIST9C-1" in sis.classes
    assert "S2043" in sis.students
    assert all("S2043" not in each.roster for each in sis.classes.values())


def test_a_seed_makes_the_same_district_and_another_seed_another() -> None:
    first, same, other = (generate(courses=7, seed=seed, today=TODAY) for seed in (1, 1, 2))
    course = first.contents[10_005]
    assert course == same.contents[10_005]
    assert course.submissions != other.contents[10_005].submissions
    assert first.sis == same.sis


def test_a_district_of_thousands_of_courses_is_made_up_only_where_looked_at() -> None:
    district = generate(courses=500, seed=1, students=4, today=TODAY)
    assert len(district.courses) == len(district.contents) == 500
    assert len(district.sis.classes) == 1000
    assert len(district.contents[10_500].submissions) > 0


@pytest.mark.parametrize("name", ["college", "courses=3", "courses=x,seed=1", "courses=1,seed=1,pupils=2"])
def test_a_district_of_an_unknown_name_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError):
        district_named(name, TODAY)


def test_a_function_may_make_the_district() -> None:
    assert district_named("gpb_pipeline.sandbox.school:school", TODAY) == school(TODAY)


def test_a_taken_port_is_one_clear_error(running_school: Sandbox) -> None:
    port = int(running_school.canvas_url.rpartition(":")[2])
    with pytest.raises(PermanentError, match="the port is taken"), running_sandbox(canvas_port=port):
        pass
