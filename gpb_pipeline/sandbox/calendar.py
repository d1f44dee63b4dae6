"""The district's calendar around a day: terms, grading periods, school days, due times, and Canvas's "now".

Which assignment is due when is not decided here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gpb_pipeline.sandbox.district import AcademicSession, GradingPeriod, Term

DUE_TIME = time(23, 59, 59)  # what Canvas makes of "11:59 pm"
PERIOD_STARTS = (-80, -35, 45, 105)  # days from today: one closed period, the current one, the next
TERM_SIS_ID, YEAR_SIS_ID = "TERM-NOW", "YEAR-NOW"


@dataclass(frozen=True)
class Calendar:
    """Dates around `today` in the district's time zone; every datetime that it gives is in UTC."""

    today: date
    time_zone: str

    def at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, ZoneInfo(self.time_zone)).astimezone(UTC)

    def school_day(self, days_from_today: int) -> date:
        """The day, or the Friday before where it falls on a weekend."""
        day = self.today + timedelta(days=days_from_today)
        return day - timedelta(days=max(0, day.weekday() - 4))

    def due(self, days_from_today: int) -> datetime:
        return self.at(self.school_day(days_from_today), DUE_TIME)

    def afternoon(self, days_from_today: int) -> datetime:
        return self.at(self.school_day(days_from_today), time(15, 30))

    def terms(self) -> tuple[Term, Term]:
        """Last year's term and the current one."""
        start, end = self._day(PERIOD_STARTS[0]), self._day(PERIOD_STARTS[-1])
        year = timedelta(days=365)
        return (
            self._term(30, start - year, end - year, None),
            self._term(31, start, end, TERM_SIS_ID),
        )

    def _term(self, id: int, start: date, end: date, sis_id: str | None) -> Term:
        name = f"{start.year}-{end.year % 100:02d}" if end.year != start.year else f"{start.year}"
        return Term(id, name, sis_id, self.at(start, time()), self.at(end, time()))

    def grading_periods(self) -> tuple[GradingPeriod, ...]:
        """Canvas's periods; each ends at the midnight at which the next one starts."""
        starts = [self.at(self._day(offset), time()) for offset in PERIOD_STARTS]
        return tuple(
            GradingPeriod(41 + n, f"Marking Period {n + 1}", starts[n], starts[n + 1], starts[n + 1])
            for n in range(len(starts) - 1)
        )

    def sessions(self) -> dict[str, AcademicSession]:
        """The SIS's school year, its term, and the same periods; those that are over are closed."""
        start, end = self._day(PERIOD_STARTS[0]), self._day(PERIOD_STARTS[-1])
        name = self._term(0, start, end, None).name
        sessions = [
            AcademicSession(YEAR_SIS_ID, f"School Year {name}", "schoolYear", start, end),
            AcademicSession(TERM_SIS_ID, name, "term", start, end, YEAR_SIS_ID),
        ]
        for n in range(len(PERIOD_STARTS) - 1):
            first, after = self._day(PERIOD_STARTS[n]), self._day(PERIOD_STARTS[n + 1])
            closed = after <= self.today
            sessions.append(
                AcademicSession(
                    f"MP{n + 1}",
                    f"Marking Period {n + 1}",
                    "gradingPeriod",
                    first,
                    after,
                    TERM_SIS_ID,
                    closed,
                )
            )
        return {session.sourced_id: session for session in sessions}

    def _day(self, days_from_today: int) -> date:
        return self.today + timedelta(days=days_from_today)


def now_in(today: date, time_zone: str) -> datetime:
    """The real time where `today` is the real date there, else noon of `today`; in UTC."""
    real = datetime.now(UTC)
    if real.astimezone(ZoneInfo(time_zone)).date() == today:
        return real
    return Calendar(today, time_zone).at(today, time(12))
