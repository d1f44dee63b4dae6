"""When nightly syncs begin: a time of day in the account's time zone, through daylight saving.

Whether there is one is the institution's switch and each course's choice, not said here. It agrees with the
scheduler's own reading of a daily time, to which a test holds it.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_nightly(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Find the first moment after `now` (aware) at which clocks in `zone` show `at`; given in `zone`.

    A time that clocks skip in spring is the moment at which they jump; of one that they show twice in autumn
    it is the second.
    """
    wall = datetime.combine(now.astimezone(zone).date(), at)
    tonight = _moment(wall, zone)
    if tonight.timestamp() > now.timestamp():  # by instants: in one zone, Python compares what clocks show
        return tonight
    return _moment(wall + timedelta(days=1), zone)


def last_nightly(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Find the last such moment that is not after `now` (aware); given in `zone`."""
    wall = datetime.combine(now.astimezone(zone).date(), at)
    tonight = _moment(wall, zone)
    if tonight.timestamp() <= now.timestamp():
        return tonight
    return _moment(wall - timedelta(days=1), zone)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    moment = wall.replace(tzinfo=zone, fold=1)
    while moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        moment += timedelta(minutes=1)  # of what clocks show, until they show it
    return moment
