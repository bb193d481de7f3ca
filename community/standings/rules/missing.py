"""What is missing for a requirement: the fewest leaves that would close it, and how long they take at one's pace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from community.programmes.book import Cycle
from community.standings.rules.ahead import Credit, amount, counts
from community.standings.rules.ladder import HELD, Ladder, Node, Shown, Side, Test, judge
from community.standings.rules.measures import Measure

PACE_DAYS: Final = 365
FEWEST_DAYS: Final = 30
"""A pace is taken over at least so many days, or one good week would promise too much."""
PACED: Final = frozenset({"points", "contributions", "reach", "field"})
"""Metrics that grow with what one goes on doing; days, months and types do not grow so evenly."""

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Usual:
    """What a member usually does of one type: how often in the days looked at, and what one gives."""

    type: str
    times: int
    points_each: Fraction


def missing(side: Side, values: Sequence[int], held: int) -> list[int]:
    """The places in `side.shown` of the leaves that together would close a requirement soonest; none where it holds.

    Where a choice is left, it is what is nearest to its bound. What holds and must not (a `max`, what stands inside a
    `none`) is closed by nothing that one does: it is named only where there is no other way.
    """
    found = _closing(side.node, iter(range(len(side.shown))), values, held)
    return [] if found is None else found[1]


def _closing(node: Node, places: Iterator[int], values: Sequence[int], held: int) -> tuple[float, list[int]] | None:
    """Cost and leaves that close a node; None where it is met."""
    if isinstance(node, Test):
        place = next(places)
        return None if judge(node, values, held) else (_distance(node, values, held), [place])
    parts = [_closing(part, places, values, held) for part in node.parts]
    met = parts.count(None)
    if node.least <= met <= node.most:
        return None
    if met > node.most:
        return _NEVER, []
    cheapest = sorted((part for part in parts if part is not None), key=lambda part: part[0])[: node.least - met]
    return sum(cost for cost, _ in cheapest), sorted(place for _, leaves in cheapest for place in leaves)


def _distance(test: Test, values: Sequence[int], held: int) -> float:
    """How far a value is from its lower bound, as a share of it."""
    value = held if test.place == HELD else values[test.place]
    if test.low is None or value >= test.low:
        return _NEVER
    return (test.low - max(value, 0)) / max(test.low, 1)


def share(node: Node, values: Sequence[int], held: int) -> float:
    """How much of a requirement is there, from 0 to 1: of its parts those that are farthest, as many as it needs."""
    if judge(node, values, held):
        return 1.0
    if isinstance(node, Test):
        return max(0.0, 1 - min(1.0, _distance(node, values, held)))
    if node.most == 0:
        return 0.0
    best = sorted((share(part, values, held) for part in node.parts), reverse=True)[: node.least]
    return sum(best) / len(best)


def usual(credited: Sequence[Credit], day: date) -> list[Usual]:
    """What a member did in the year up to a day and got points for, what they do most often first."""
    times: dict[str, int] = {}
    points: dict[str, int] = {}
    for one in credited:
        if one.type is not None and one.field is None and day - timedelta(PACE_DAYS) < one.day <= day:
            times[one.type] = times.get(one.type, 0) + one.contributions
            points[one.type] = points.get(one.type, 0) + one.points
    found = [Usual(key, count, Fraction(points[key], count)) for key, count in times.items() if count > 0]
    return sorted(found, key=lambda one: (-one.times, one.type))


def pace(measure: Measure, credited: Sequence[Credit], joined_on: date, day: date) -> Fraction:
    """What a member adds to a measure in one day, on the average of the last year, or since they joined."""
    if measure.metric not in PACED:
        return Fraction(0)
    days = max(FEWEST_DAYS, min(PACE_DAYS, (day - joined_on).days + 1))
    field = measure.field if measure.metric == "field" else None
    total = sum(
        amount(measure.metric, one)
        for one in credited
        if one.field == field and counts(measure, one) and day - timedelta(days) < one.day <= day
    )
    return Fraction(max(total, 0), days)


def reached_on(
    ladder: Ladder, shown: Shown, rate: Fraction, day: date, days: Sequence[date], values: Sequence[tuple[int, ...]]
) -> date | None:
    """The first of `days` on which a leaf's lower bound is reached at a pace, windows moving on meanwhile.

    `values` are those of the days if nothing more came in: what comes in is added, as far as the window holds it.
    """
    low, place = shown.test.low, shown.test.place
    if low is None or place < 0:
        return None
    most = rate * len(days)
    for each, known in zip(days, values, strict=True):
        if known[place] + most < low:
            continue
        if known[place] + rate * _days_that_count(ladder.measures[place], each, day, ladder.cycle) >= low:
            return each
    return None


def _days_that_count(measure: Measure, each: date, after: date, cycle: Cycle) -> int:
    first, last = measure.days(each, cycle)
    begin = after + timedelta(1) if first is None else max(first, after + timedelta(1))
    return max(0, (last - begin).days + 1)
