"""What lies ahead of one member if nothing more comes in: values day by day, and the first day that changes something.

The verdicts are those of the one decision (`decide.evaluate`); only the values are reckoned here, from what is credited
already: each window moves on over it, and lets go of it in the end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from community.programmes.book import Cycle
from community.programmes.windows import bounds, plus_days
from community.standings.rules.decide import TierChanged, evaluate
from community.standings.rules.ladder import Ladder
from community.standings.rules.measures import Measure
from community.standings.rules.state import Facts, State

DAYS_AHEAD = 365
"""How far a forecast looks."""


class Credit(NamedTuple):
    """What a member has from the contributions of one type (None: from adjustments) on one day.

    With `field` it is the sum of that field alone, in whole thousandths, as `points`.
    """

    day: date
    type: str | None
    points: int
    contributions: int
    reach: int
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """The first day ahead on which the standing changes by itself: `at_risk`, `lost` or `gained`.

    `tier` is the one held from that day on, `reasons` are those of the `keep` that does not hold any more (of a gain
    none), with `lost_on` where the tier is at risk only.
    """

    kind: str
    day: date
    tier: str | None
    lost_on: date | None
    reasons: list[dict[str, Any]]
    facts: Facts


def forecast(
    ladder: Ladder, state: State, days: Sequence[date], facts: Sequence[Facts], tier_changed: TierChanged
) -> Ahead | None:
    """The first of `days`, which follow each other, that changes the tier or puts it at risk; None where none does.

    `state` is the standing after the evaluation of the day before the first. Whoever is at risk already has no such
    day ahead but that of the loss, which is known.
    """
    if state.at_risk_since is not None:
        return None
    for day, known in zip(days, facts, strict=True):
        if _nothing_changes(ladder, state, known, day):
            continue
        before = state
        state = evaluate(ladder, before, known, day, tier_changed).state
        if state.tier != before.tier:
            up = ladder.level(state.tier) > ladder.level(before.tier)
            reasons = [] if up else _kept(ladder, before, known, day)
            return Ahead("gained" if up else "lost", day, state.tier, None, reasons, known)
        if state.at_risk_since is not None:
            return Ahead("at_risk", day, state.tier, state.lost_on, _kept(ladder, before, known, day), known)
    return None


def _nothing_changes(ladder: Ladder, state: State, facts: Facts, day: date) -> bool:
    """Whether an evaluation would leave tier and risk alone, without asking it: nothing above is met, and the tier held
    is kept. Most days of a year are such.
    """
    if state.locked or facts.came_back or (state.tier is not None and state.tier not in ladder.levels):
        return False
    level = ladder.level(state.tier)
    held = (day - state.since).days if level and state.since else 0
    if any(met > level for met in ladder.met(facts, held)):
        return False
    return not level or ladder.rungs[level - 1].demotion == "never" or ladder.keeps(level, facts)


def _kept(ladder: Ladder, state: State, facts: Facts, day: date) -> list[dict[str, Any]]:
    level = ladder.level(state.tier)
    return ladder.reasons(level, facts, day, 0, ("keep",)) if level else []


def values_on(
    ladder: Ladder, credited: Sequence[Credit], joined_on: date, days: Sequence[date]
) -> list[tuple[int, ...]]:
    """The values of the ladder's measures on each of `days` (ascending), from what is credited."""
    windows = {one.window: _windows(one.window, ladder.cycle, tuple(days)) for one in ladder.measures}
    columns = [_values(one, credited, joined_on, days, windows[one.window]) for one in ladder.measures]
    return [tuple(row) for row in zip(*columns, strict=True)] if columns else [()] * len(days)


@lru_cache(maxsize=128)
def _windows(window: str, cycle: Cycle, days: tuple[date, ...]) -> tuple[tuple[date | None, date], ...]:
    """Where a window lies on each of the days: the same for all members of a programme on one day."""
    return tuple(bounds(window, day, cycle) for day in days)


def _values(
    measure: Measure,
    credited: Sequence[Credit],
    joined_on: date,
    days: Sequence[date],
    window: Sequence[tuple[date | None, date]],
) -> Iterator[int]:
    if measure.metric == "tenure":
        return (max(0, (day - joined_on).days) for day in days)
    held = _Window(measure, credited)
    return (held.moved_to(first, last) for first, last in window)


class _Window:
    """A window that moves on over what is credited, which enters at one end and leaves at the other."""

    def __init__(self, measure: Measure, credited: Sequence[Credit]) -> None:
        self._metric = measure.metric
        field = measure.field if measure.metric == "field" else None
        self._line = sorted(
            (one for one in credited if one.field == field and counts(measure, one)), key=lambda one: one.day
        )
        self._first = self._next = 0
        self._sums: dict[Hashable, int] = {}

    def moved_to(self, first: date | None, last: date) -> int:
        """The value with the window there; neither end ever moves back."""
        while self._next < len(self._line) and self._line[self._next].day <= last:
            self._take(self._line[self._next], 1)
            self._next += 1
        while first is not None and self._first < self._next and self._line[self._first].day < first:
            self._take(self._line[self._first], -1)
            self._first += 1
        if self._metric in ("points", "contributions", "reach", "field"):
            return self._sums.get(None, 0)
        if self._metric == "best_month":
            return max(0, *self._sums.values(), 0)
        return sum(total > 0 for total in self._sums.values())

    def _take(self, one: Credit, sign: int) -> None:
        bucket = _bucket(self._metric, one)
        total = self._sums.get(bucket, 0) + sign * amount(self._metric, one)
        if total:
            self._sums[bucket] = total
        else:
            self._sums.pop(bucket, None)


def counts(measure: Measure, one: Credit) -> bool:
    """Whether a measure looks at contributions of that type."""
    if measure.types is not None:
        return one.type in measure.types
    return measure.excluded is None or one.type not in measure.excluded


def amount(metric: str, one: Credit) -> int:
    """What a metric sums of a credit, before it asks how many such sums are above 0."""
    if metric in ("points", "best_month", "field"):
        return one.points
    return one.reach if metric == "reach" else one.contributions


def _bucket(metric: str, one: Credit) -> Hashable:
    if metric == "distinct_types":
        return one.type
    if metric == "active_days":
        return one.day
    if metric in ("active_months", "best_month"):
        return one.day.year, one.day.month
    return None


def days_after(day: date, count: int = DAYS_AHEAD) -> list[date]:
    """The days that follow a day, as far as a forecast looks."""
    return [plus_days(day, number) for number in range(1, count + 1)]
