"""Who takes part in the demonstration: names, countries, habits, and when they came, fell silent or left."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from community.home.demo.vocabulary import Habit, Origin, habits, organisations, origins, towns

PEOPLE = 2_000
YEARS = 3
FOUNDERS = 300
"""Among so many who came first, the pillars held the top tier before the programme moved here."""
FORMER_TIERS = ("scout", "scout", "guide")
FANCY_HANDLES = ("data{given}", "{given}codes", "{given}-builds", "{family}.dev", "la-{given}-des-tables")


@dataclass(frozen=True, slots=True)
class Person:
    """One advocate. `active_until` is the last day on which they do something, `pace` contributions a month.

    `renown` multiplies audiences; `french` is the chance that a contribution of theirs is in French.
    `tier`, `tier_since` and `locked` stand for what was granted before the programme moved here.
    """

    number: int
    handle: str
    name: str
    country: str
    town: str
    organisation: str
    habit: Habit
    pace: float
    renown: float
    french: float
    joined_on: date
    active_until: date
    status: str = "active"
    return_on: date | None = None
    left_on: date | None = None
    on_boards: bool = True
    tier: str | None = None
    tier_since: date | None = None
    locked: str = ""


def stream(seed: int, name: str) -> Random:
    """A source of chance of its own for each name: what one draws moves no other."""
    return Random(f"{seed}:{name}")  # noqa: S311 (believable, repeatable data; nothing secret)


def first_day(today: date) -> date:
    """The day on which the demonstration programme began: the first of its month, some three years before today."""
    return date(today.year - YEARS, today.month, 1)


@lru_cache(maxsize=4)
def people(seed: int, today: date) -> tuple[Person, ...]:
    """Everybody, in the order in which they joined. The same seed and day give the same people."""
    came = stream(seed, "arrivals")
    days = sorted(_joined_on(came, today) for _ in range(PEOPLE))
    taken: set[str] = set()
    return tuple(_person(seed, number, joined_on, today, taken) for number, joined_on in enumerate(days, 1))


def _joined_on(came: Random, today: date) -> date:
    """A founding crowd in the first weeks, then a programme that grows; nobody after today."""
    start = first_day(today)
    span = (today - start).days
    share = came.betavariate(1, 12) if came.random() < 0.16 else came.random() ** 0.9
    return start + timedelta(days=min(span, int(share * (span + 1))))


def _person(seed: int, number: int, joined_on: date, today: date, taken: set[str]) -> Person:
    chance = stream(seed, f"person {number}")
    origin = chance.choices(origins(), [each.weight for each in origins()])[0]
    given, family = chance.choice(origin.given), chance.choice(origin.family)
    country = chance.choices(list(origin.countries), list(origin.countries.values()))[0]
    habit = chance.choices(habits(), [each.share for each in habits()])[0]
    silent_on = joined_on + timedelta(days=int(chance.expovariate(1 / (habit.months * 30.4))))
    person = Person(
        number=number,
        handle=_handle(given, family, chance, taken),
        name=f"{given} {family}",
        country=country,
        town=chance.choice(towns()[country]),
        organisation=chance.choice(organisations()) if chance.random() < 0.6 else "",
        habit=habit,
        pace=habit.pace * math.exp(habit.spread * max(-2.0, min(2.0, chance.gauss(0, 1)))),
        renown=math.exp(chance.gauss(0, 0.6)),
        french=_french(origin, chance),
        joined_on=joined_on,
        active_until=min(silent_on, today),
        on_boards=chance.random() >= 0.02,
    )
    return _with_status(person, chance, today)


def _french(origin: Origin, chance: Random) -> float:
    """Most people keep to one language; some write in both."""
    if chance.random() < 0.12:
        return 0.4 if origin.french > 0.5 else 0.1
    return 0.97 if chance.random() < origin.french else 0.01


def _with_status(person: Person, chance: Random, today: date) -> Person:
    """Founding pillars brought their tier along; of the others some left or became alumni, and a few are on leave."""
    if person.habit.key == "pillar" and person.number <= FOUNDERS:
        locked = "yes" if chance.random() < 0.4 else ""
        return replace(person, tier="polaris", tier_since=person.joined_on, locked=locked)
    fate = chance.random()
    known_days = (today - person.joined_on).days
    if fate < 0.06 and known_days > 270:
        left_on = person.joined_on + timedelta(days=chance.randint(200, known_days - 14))
        status = chance.choices(("alumni", "left", "removed"), (68, 29, 3))[0]
        tier = chance.choice(FORMER_TIERS) if status == "alumni" and person.habit.pace > 0.5 else None
        return replace(
            person,
            status=status,
            left_on=left_on,
            active_until=min(person.active_until, left_on),
            tier=tier,
            tier_since=person.joined_on + timedelta(days=120) if tier else None,
        )
    if fate < 0.08 and known_days > 120:
        away_since = today - timedelta(days=chance.randint(5, 80))
        return replace(
            person,
            status="on_leave",
            return_on=today + timedelta(days=chance.randint(6, 150)),
            active_until=min(person.active_until, away_since),
        )
    return person


def _handle(given: str, family: str, chance: Random, taken: set[str]) -> str:
    """A handle as people choose them, that nobody else has."""
    given, family = _plain(given), _plain(family)
    shape = chance.random()
    if shape < 0.5:
        handle = f"{given}.{family}"
    elif shape < 0.72:
        handle = f"{given[0]}{family}"
    elif shape < 0.88:
        handle = f"{given}-{family[0]}"
    else:
        handle = chance.choice(FANCY_HANDLES).format(given=given, family=family)
    while handle in taken:
        handle = f"{given}.{family}{chance.randint(2, 99)}"
    taken.add(handle)
    return handle


def _plain(name: str) -> str:
    """A name in lower-case ASCII without spaces: Élodie → elodie."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return letters.lower().replace(" ", "")
