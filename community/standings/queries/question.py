"""What is asked of the ledger, taken apart: what shapes a statement, and the days and numbers that go with it.

Building a statement of many measures takes longer than most of its executions. So its text names the days of its
windows instead of holding them, and serves every day and every choice of members that `form` does not tell apart.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Date, bindparam

from community.programmes.book import Cycle
from community.standings.queries.chosen import Chosen
from community.standings.rules.measures import Measure

FEW_TYPES = 12
FEW_MONTHS = 26
SUMMED = ("points", "contributions", "reach")

DAY: BindParameter[date] = bindparam("asked_day", type_=Date)
POSITION: BindParameter[int] = bindparam("asked_position", type_=BigInteger)
EARLIEST: BindParameter[date] = bindparam("earliest", type_=Date)
"""The first day on which an entry counts in any window of the one pass."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the measures of a programme's members on a day, as known at a ledger position and an instant
    (None: now)."""

    programme_id: int
    measures: tuple[Measure, ...]
    day: date
    cycle: Cycle
    known_types: tuple[str, ...]
    chosen: Chosen
    sqlite: bool
    position: int | None = None
    instant: datetime | None = None

    @property
    def form(self) -> Hashable:
        """Questions of one form, about the same measures, have one statement, and differ in `parameters` alone."""
        months = tuple(len(self.months(one)) for one in self.measures if one.metric == "active_months")
        where = (self.programme_id, self.known_types, type(self.chosen), self.sqlite)
        return *where, self.position is None, self.instant, months

    def parameters(self) -> dict[str, Any]:
        """The values that go with the statement: members, day, position, and the days of the windows."""
        found: dict[str, Any] = {**self.chosen.parameters(), DAY.key: self.day, POSITION.key: self.position}
        for measure in self.measures:
            first, last = measure.days(self.day, self.cycle)
            found |= {first_of(measure.window).key: first, last_of(measure.window).key: last}
            for place, month in enumerate(self.months(measure)):
                found |= {bind.key: day for bind, day in zip(month_of(measure.window, place), month, strict=True)}
        found[EARLIEST.key] = min(
            (found[first_of(window).key] for window in self.windows_of_pass() if window != "lifetime"), default=None
        )
        return found

    def is_flat(self, measure: Measure) -> bool:
        """Whether a measure is an aggregate of the one pass; others need a pass of their own."""
        if measure.metric == "distinct_types":
            return 0 < len(self.types_of(measure)) <= FEW_TYPES
        if measure.metric == "active_months":
            return bool(self.months(measure))
        return measure.metric in SUMMED

    def windows_of_pass(self) -> list[str]:
        """The windows of the measures that one pass answers."""
        return [measure.window for measure in self.measures if self.is_flat(measure)]

    def types_of(self, measure: Measure) -> list[str]:
        """The known types at which a measure looks."""
        if measure.types is not None:
            return [one for one in self.known_types if one in measure.types]
        return [one for one in self.known_types if measure.excluded is None or one not in measure.excluded]

    def months(self, measure: Measure) -> list[tuple[date, date]]:
        """The months to sum for a measure, cut by its window; none where they are too many to sum one by one."""
        if measure.metric != "active_months":
            return []
        first, last = measure.days(self.day, self.cycle)
        if first is None or (last.year - first.year) * 12 + last.month - first.month >= FEW_MONTHS:
            return []
        found = []
        while first <= last:
            end = min(last, first.replace(day=monthrange(first.year, first.month)[1]))
            found.append((first, end))
            if end == last:
                break
            first = end + timedelta(days=1)
        return found


@lru_cache(maxsize=1024)
def first_of(window: str) -> BindParameter[date]:
    """The first day of a window; `lifetime` has none."""
    return bindparam(f"first_of_{window}", type_=Date)


@lru_cache(maxsize=1024)
def last_of(window: str) -> BindParameter[date]:
    """The last day of a window; for those up to the day it is the day."""
    return bindparam(f"last_of_{window}", type_=Date)


@lru_cache(maxsize=1024)
def month_of(window: str, place: int) -> tuple[BindParameter[date], BindParameter[date]]:
    """The first and last day of a month of a window, cut by it; the earliest month is at place 0."""
    first, last = (f"{word}_of_month_{place}_of_{window}" for word in ("first", "last"))
    return bindparam(first, type_=Date), bindparam(last, type_=Date)
