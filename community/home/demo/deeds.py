"""What each person does, and on which day: pace, seasons, pauses, silence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from community.home.demo.people import Person, stream

# How much more or less happens in each month, January first: meetings rest in winter and summer, keyboards hardly.
SPOKEN = (0.6, 0.9, 1.4, 1.3, 1.4, 1.3, 0.4, 0.2, 1.2, 1.6, 1.5, 0.5)
WRITTEN = (1.1, 1.0, 1.05, 1.0, 0.95, 0.95, 0.8, 0.7, 1.1, 1.15, 1.1, 0.85)
SPOKEN_TYPES = ("talk", "workshop")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deed:
    """One contribution to be told: whose, which type, which day."""

    person: Person
    type: str
    day: date


def deeds(seed: int, person: Person) -> Iterator[Deed]:
    """All that a person did, month by month, from the day of joining to the last day of activity, both included."""
    chance = stream(seed, f"deeds {person.number}")
    pauses = _pauses(person, chance)
    for first, last in _months(person.joined_on, person.active_until):
        if first in pauses:
            continue
        days = (last - first).days + 1
        weights = [weight * _season(type_, first) for type_, weight in person.habit.mix.items()]
        usual = sum(person.habit.mix.values())
        mood = math.exp(chance.gauss(0, 0.35))
        expected = person.pace * _eagerness(person, first) * mood * days / 30.4 * sum(weights) / usual
        count = _poisson(expected, chance)
        for type_ in chance.choices(list(person.habit.mix), weights, k=count):
            yield Deed(person, type_, _day(type_, first, last, chance))


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The calendar months from the first to the last day, cut at both ends."""
    while first <= last:
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        yield first, min(last, following - ONE_DAY)
        first = following


def _pauses(person: Person, chance: Random) -> frozenset[date]:
    """The first days of months in which the person does nothing: one rest of some months, for two people in five."""
    if chance.random() > 0.4:
        return frozenset()
    months = [first for first, _ in _months(person.joined_on, person.active_until)]
    begins = chance.randrange(max(1, len(months)))
    return frozenset(months[begins : begins + chance.randint(2, 6)])


def _season(type_: str, day: date) -> float:
    return (SPOKEN if type_ in SPOKEN_TYPES else WRITTEN)[day.month - 1]


def _eagerness(person: Person, day: date) -> float:
    """The zeal of the first quarter, then the usual pace."""
    return 1.5 if (day - person.joined_on).days < 90 else 1.0


def _poisson(mean: float, chance: Random) -> int:
    """A count with this mean, by Knuth's product of chances; means here are far below 500."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _day(type_: str, first: date, last: date, chance: Random) -> date:
    """Any day of the range; meetings fall on a working day where the range has one."""
    day = first + timedelta(days=chance.randrange((last - first).days + 1))
    if type_ in SPOKEN_TYPES and day.weekday() >= 5:
        friday = day - timedelta(days=day.weekday() - 4)
        return max(first, friday)
    return day
