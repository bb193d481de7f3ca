"""On which days the demonstration is evaluated: rare at first, then every week, then every day."""

from __future__ import annotations

from datetime import date, timedelta

from community.home.demo.people import first_day

WEEKLY_DAYS = 182
DAILY_DAYS = 14
SETTLED_AFTER_DAYS = 180
REVIEWED_AFTER_DAYS = 6


def run_days(today: date) -> tuple[date, ...]:
    """The days to refresh standings as of, ascending, today the last: the first of each month since the programme
    began, every week of the last half year, every day of the last two weeks."""
    monthly = [date(month // 12, month % 12 + 1, 1) for month in range(_month(first_day(today)), _month(today))]
    weekly = [today - timedelta(days=ago) for ago in range(WEEKLY_DAYS, DAILY_DAYS, -7)]
    daily = [today - timedelta(days=ago) for ago in range(DAILY_DAYS, -1, -1)]
    return (*(day for day in monthly if day < weekly[0]), *weekly, *daily)


def settled_until(today: date) -> date:
    """Up to this day managers have accepted what was proposed; they meet twice a year, and the rest still waits."""
    return today - timedelta(days=SETTLED_AFTER_DAYS)


def _month(day: date) -> int:
    """Months since year 0, January being 0 of its twelve."""
    return day.year * 12 + day.month - 1


def reviewed_until(today: date) -> date:
    """Up to this day everything that came in was reviewed; the rest waits."""
    return today - timedelta(days=REVIEWED_AFTER_DAYS)
