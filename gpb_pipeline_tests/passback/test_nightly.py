"""Nightly times: by table on both daylight-saving days, and as the scheduler itself reckons it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dagster._utils.schedules import cron_string_iterator  # what runs the nightly schedule
from hypothesis import example, given
from hypothesis import strategies as st

from gpb_pipeline.passback.nightly import last_nightly, next_nightly

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [NEW_YORK, ZoneInfo("America/Phoenix"), ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Honolulu")]
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
minutes = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        ("2026-11-24T09:00-05:00", time(22, 0), "2026-11-24T22:00-05:00"),
        ("2026-11-24T22:00-05:00", time(22, 0), "2026-11-25T22:00-05:00"),
        ("2027-03-13T22:00-05:00", time(22, 0), "2027-03-14T22:00-04:00"),  # 23 hours, in spring
        ("2027-11-06T22:00-04:00", time(22, 0), "2027-11-07T22:00-05:00"),  # 25 hours, in autumn
        ("2027-03-14T01:00-05:00", time(2, 30), "2027-03-14T03:00-04:00"),  # skipped
        ("2027-03-14T03:00-04:00", time(2, 30), "2027-03-15T02:30-04:00"),
        ("2027-11-07T00:00-04:00", time(1, 30), "2027-11-07T01:30-05:00"),  # shown twice
        ("2027-11-07T01:45-04:00", time(1, 30), "2027-11-07T01:30-05:00"),
        ("2027-11-07T01:30-05:00", time(1, 30), "2027-11-08T01:30-05:00"),
    ],
)
def test_the_next_nightly_time_on_any_day(now: str, at: time, expected: str) -> None:
    assert next_nightly(datetime.fromisoformat(now), at, NEW_YORK).isoformat(timespec="minutes") == expected


moments = st.timedeltas(timedelta(0), timedelta(days=1000)).map(lambda since: NEW_YEAR + since)


@given(
    moments,
    minutes,
    st.sampled_from(ZONES),
)
@example(datetime(2027, 3, 14, 6, 59, tzinfo=UTC), time(2, 30), NEW_YORK)
@example(datetime(2027, 11, 7, 5, 45, tzinfo=UTC), time(1, 30), NEW_YORK)
def test_it_is_ahead_within_a_day_and_the_schedulers_own(now: datetime, at: time, zone: ZoneInfo) -> None:
    found = next_nightly(now, at, zone)
    assert timedelta(0) < found.astimezone(UTC) - now <= timedelta(hours=25)
    ticks = cron_string_iterator(now.timestamp() + 1e-6, f"{at.minute} {at.hour} * * *", zone.key)
    assert next(ticks).timestamp() == found.timestamp()


@given(moments, minutes, st.sampled_from(ZONES))
@example(datetime(2027, 3, 14, 7, 0, tzinfo=UTC), time(2, 30), NEW_YORK)
@example(datetime(2027, 11, 7, 5, 45, tzinfo=UTC), time(1, 30), NEW_YORK)
def test_between_the_last_and_the_next_there_is_no_other(now: datetime, at: time, zone: ZoneInfo) -> None:
    last, upcoming = last_nightly(now, at, zone), next_nightly(now, at, zone)
    assert last.timestamp() <= now.timestamp() < upcoming.timestamp()
    assert next_nightly(last, at, zone) == upcoming
