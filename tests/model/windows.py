"""Windows and calendar periods (rulebook, sections 2 and 5): days in, first and last day out."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

Cycle = dict[str, Any]
Days = tuple[date | None, date]
ONE_DAY = timedelta(days=1)


def bounds(window: str, day: date, cycle: Cycle) -> Days:
    """First and last day (both included) that count at `day`; the first of `lifetime` is None."""
    if window == "lifetime":
        return None, day
    if window.startswith("last_"):
        first_of_present, _ = period(window.removeprefix("last_"), day, cycle)
        return period(window.removeprefix("last_"), first_of_present - ONE_DAY, cycle)
    if window.endswith("mo"):
        return _day_after(months_before(day, int(window[:-2]))), day
    if window.endswith("d"):
        days = int(window[:-1])
        return (day - timedelta(days=days - 1) if days <= day.toordinal() else date.min), day
    return period(window, day, cycle)[0], day


def ends(window: str, day: date, cycle: Cycle) -> date | None:
    """The last day of the period that the window looks at, None where it is no calendar period or cycle."""
    if window.startswith("last_"):
        return bounds(window, day, cycle)[1]
    if window in ("month", "quarter", "year", "cycle"):
        return period(window, day, cycle)[1]
    return None


def period(per: str, day: date, cycle: Cycle) -> tuple[date, date]:
    """First and last day of the calendar period, or cycle, that holds the day."""
    if per == "lifetime":
        return date.min, date.max
    if per == "day":
        return day, day
    if per == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    starts = {"month": ("01-01", 1), "quarter": ("01-01", 3), "year": ("01-01", 12)}
    start, months = starts.get(per) or (cycle.get("starts", "01-01"), cycle.get("months", 12))
    firsts = _firsts(start, months, day.year)
    return max(first for first in firsts if first <= day), min(first for first in firsts if first > day) - ONE_DAY


def next_cycle(day: date, cycle: Cycle) -> date:
    """The first day of the cycle after the one that holds the day."""
    return period("cycle", day, cycle)[1] + ONE_DAY


def months_before(day: date, months: int) -> date | None:
    """The day so many calendar months before; what the earlier month lacks becomes its last day; None before year 1."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if year < 1:
        return None
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _day_after(day: date | None) -> date:
    return day + ONE_DAY if day else date.min


def _firsts(start: str, months: int, year: int) -> list[date]:
    """All first days of periods in the year, the year before and the year after: twelve is a multiple of `months`."""
    month, day = (int(part) for part in start.split("-"))
    in_year = [(month - 1 + step) % 12 + 1 for step in range(0, 12, months)]
    return sorted(date(each, month, day) for each in (year - 1, year, year + 1) for month in in_year)
