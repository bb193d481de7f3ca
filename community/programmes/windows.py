"""Windows and periods: which days count at a day D (rulebook, section 2). Pure; days in, days out.

Days before 1 January of year 1 or after 31 December 9999 do not exist: what would lie there is cut to the first or last
day that does.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Protocol

MONTHS_OF: Final = {"month": 1, "quarter": 3, "year": 12}
CALENDAR_WINDOWS: Final = (
    *("month", "quarter", "year", "cycle"),
    *("last_month", "last_quarter", "last_year", "last_cycle"),
)
CAP_PERIODS: Final = ("day", "week", "month", "quarter", "year", "cycle", "lifetime")
ACCEPTED: Final = (
    "lifetime, 1d to 36500d, 1mo to 1200mo, month, quarter, year, cycle, "
    "last_month, last_quarter, last_year, last_cycle"
)
MOST_DAYS: Final = 36_500
MOST_MONTHS: Final = 1_200
NOTHING: Final = (date(1, 1, 2), date(1, 1, 1))
"""The bounds of a period that lies before the first day there is: no day is in it."""


class CycleOf(Protocol):
    """The programme cycle: `starts` is the month and day (`07-01`) on which one starts, `months` how long it is."""

    @property
    def starts(self) -> str: ...

    @property
    def months(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Window:
    """A window, taken apart.

    `unit` is `lifetime`, `days`, `months` (the last `count` calendar months), or `month`, `quarter`, `year`, `cycle`,
    which are the period that holds D, or the one before it where `previous`.
    """

    unit: str
    count: int = 0
    previous: bool = False


@lru_cache(maxsize=4096)
def parse_window(text: str) -> Window:
    """Takes the text of a window apart; ValueError for one that is impossible."""
    if text == "lifetime":
        return Window("lifetime")
    if text in CALENDAR_WINDOWS:
        return Window(text.removeprefix("last_"), previous=text.startswith("last_"))
    match = re.fullmatch(r"([1-9][0-9]{0,4})(d|mo)", text)
    if match is None:
        raise ValueError(ACCEPTED)
    count = int(match[1])
    if count > (MOST_DAYS if match[2] == "d" else MOST_MONTHS):
        raise ValueError(ACCEPTED)
    return Window("days" if match[2] == "d" else "months", count)


def bounds(window: str, day: date, cycle: CycleOf) -> tuple[date | None, date]:
    """The first and the last day that count at `day`; the first is None for `lifetime`. Empty where first > last."""
    parsed = parse_window(window)
    if parsed.unit == "lifetime":
        return None, day
    if parsed.unit == "days":
        return plus_days(day, 1 - parsed.count), day
    if parsed.unit == "months":
        before = minus_months(day, parsed.count)
        return (date.min if before is None else plus_days(before, 1)), day
    first = _period_start(parsed.unit, day, cycle)
    if not parsed.previous:
        return first, day
    if first == date.min:
        return NOTHING
    last = plus_days(first, -1)
    return _period_start(parsed.unit, last, cycle), last


def ends(window: str, day: date, cycle: CycleOf) -> date | None:
    """The last day of the period that the window is at `day`; None where the window is no calendar period or cycle."""
    parsed = parse_window(window)
    if parsed.unit in ("lifetime", "days", "months"):
        return None
    if parsed.previous:
        return bounds(window, day, cycle)[1]
    return _period_end(parsed.unit, day, cycle)


def cap_period(per: str, day: date, cycle: CycleOf) -> tuple[date, date]:
    """The first and last day of the period of a cap that holds `day`."""
    if per == "lifetime":
        return date.min, date.max
    if per == "day":
        return day, day
    if per == "week":
        monday = plus_days(day, -day.weekday())
        return monday, plus_days(monday, 6)
    return _period_start(per, day, cycle), _period_end(per, day, cycle)


def cycle_start(day: date, cycle: CycleOf) -> date:
    """The first day of the programme cycle that holds `day`."""
    month, first_day = int(cycle.starts[:2]), int(cycle.starts[3:])
    index = _month_index(day) - (day.day < first_day)
    return _first_of(index - (index - (month - 1)) % cycle.months, first_day)


def next_cycle_start(day: date, cycle: CycleOf) -> date:
    """The first day of the programme cycle after the one that holds `day`."""
    month, first_day = int(cycle.starts[:2]), int(cycle.starts[3:])
    index = _month_index(day) - (day.day < first_day)
    return _first_of(index - (index - (month - 1)) % cycle.months + cycle.months, first_day)


def minus_months(day: date, months: int) -> date | None:
    """`day` that many calendar months earlier, its month's last day where that is shorter; None before year 1."""
    year, month = divmod(_month_index(day) - months, 12)
    if year < 1:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def plus_days(day: date, days: int) -> date:
    """`day` that many days later (earlier below 0), cut to the days there are."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _period_start(unit: str, day: date, cycle: CycleOf) -> date:
    if unit == "cycle":
        return cycle_start(day, cycle)
    months = MONTHS_OF[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _period_end(unit: str, day: date, cycle: CycleOf) -> date:
    if unit == "cycle":
        following = next_cycle_start(day, cycle)
        return date.max if following == date.max else plus_days(following, -1)
    months = MONTHS_OF[unit]
    last_month = (day.month - 1) // months * months + months
    return date(day.year, last_month, monthrange(day.year, last_month)[1])


def _month_index(day: date) -> int:
    """Months since the start of year 0."""
    return day.year * 12 + day.month - 1


def _first_of(index: int, day: int) -> date:
    """That day of that month, cut to the days there are."""
    year, month = divmod(index, 12)
    if year < 1:
        return date.min
    if year > date.max.year:
        return date.max
    return date(year, month + 1, day)
