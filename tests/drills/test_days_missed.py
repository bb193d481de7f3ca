"""Workers are off for three days while facts come in: what comes of it equals having been on.

Programmes lie in zones from +14 to -12, one of them with a day that begins at one in the morning. CI: a season on each
database. Long: 60.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.flow import followed
from community.jobs.following import Silent
from community.jobs.timetable import Timetable
from community.kit import clock, db
from community.kit.clock import last_instant
from community.ledger.actions import adjust
from community.members.queries import member
from community.programmes import queries as programmes
from tests.cli.cast import Community
from tests.drills.once import Look, Rows
from tests.drills.scene import drain, share
from workers.schedule import SCHEDULE, places

SEASONS = share(1, 60)
MEMBERS = 8
ZONES = {
    "kiritimati": "Pacific/Kiritimati",
    "baker": "Etc/GMT+12",
    "kathmandu": "Asia/Kathmandu",
    "cairo": "Africa/Cairo",
}
BEGINS = datetime(2026, 4, 22, 12, tzinfo=UTC)
"""In Cairo the 24th has no hour from midnight to one."""
ENDS = BEGINS + timedelta(days=3, hours=9)
BOOK = """\
format: 1
programme: {{slug: {slug}, name: Days, timezone: {zone}, locale: en}}
contribution_types: [{{key: post, name: Post, points: {{base: 1}}}}]
tiers:
  - {{key: star, name: Star, gain: {{metric: points, min: 60, window: 20d}}, keep: {{share: 0.5}}, grace_days: 30}}
  - {{key: giant, name: Giant, gain: {{metric: points, min: 150, window: 20d}}, grace_days: 30}}
leaderboards: [{{key: month, name: Month, metric: points, window: month}}]
"""


@dataclass(frozen=True, order=True)
class Fact:
    """Somebody is given points, or they are taken, for a day that lies so many days back."""

    at: datetime
    slug: str
    handle: str
    points: int
    days_back: int = 0


@dataclass(frozen=True, order=True)
class Run:
    """Workers are on for a moment, in which they do all that is due."""

    at: datetime


Moment = Fact | Run


class World:
    """A database in which the moments of a season happen, one after another, each at its instant."""

    def __init__(self, url: str, community: Community, folder: Path) -> None:
        self._url, self._community, self._folder = url, community, folder

    def begin(self, facts: Sequence[Fact]) -> None:
        """The programmes, with what was known before, and their first run."""
        handles = self._folder / "members.csv"
        handles.write_text("\n".join(["handle,name", *(f"m{n},M {n}" for n in range(MEMBERS))]), "utf-8")
        with mock.patch.dict(os.environ, {"COMMUNITY_DATABASE_URL": self._url}), clock.stopped(BEGINS):
            for slug, zone in ZONES.items():
                book = self._folder / f"{slug}.yaml"
                book.write_text(BOOK.format(slug=slug, zone=zone), "utf-8")
                self._community("programme", "apply", book, "--yes")
                self._community("members", "import", slug, handles)
        self.live([*facts, Run(BEGINS)])

    def live(self, moments: Sequence[Moment]) -> None:
        """Lets the moments happen."""
        asyncio.run(self._live(moments))

    async def _live(self, moments: Sequence[Moment]) -> None:
        engine = followed(db.create_engine(self._url, 2), Silent())
        timetable = Timetable(engine, SCHEDULE, places)
        for moment in moments:
            with clock.stopped(moment.at):
                if isinstance(moment, Fact):
                    await _happens(engine, moment)
                    continue
                await timetable.plan()
                await drain(self._url)
        await engine.dispose()


async def _happens(engine: AsyncEngine, fact: Fact) -> None:
    async with db.writing(engine) as connection:
        programme = await programmes.programme(connection, fact.slug)
        found = await member(connection, programme.id, fact.handle)
        day = programme.today - timedelta(days=fact.days_back)
        await adjust(
            connection, programme.id, found.id, fact.points, day=day, version=programme.version, note="x", actor="rita"
        )


def known_before(chance: Random) -> list[Fact]:
    """Points of about twenty days ago, which leave the windows in the days to come."""
    return [
        Fact(BEGINS, slug, f"m{number}", chance.choice((30, 60, 80, 160)), chance.randint(15, 20))
        for slug in ZONES
        for number in range(MEMBERS)
    ]


def facts(chance: Random) -> list[Fact]:
    """What comes in, once a day for each member at most, some of it at the first and last instants of days."""
    found: dict[object, Fact] = {}
    for _ in range(60):
        slug, handle = chance.choice(list(ZONES)), f"m{chance.randrange(MEMBERS)}"
        at = chance.choice([BEGINS + chance.random() * (ENDS - BEGINS), *edges(slug)])
        back = chance.choice((0, 0, 1, 18))
        points = chance.choice((20, 40, 70))
        day = at.astimezone(ZoneInfo(ZONES[slug])).date()
        found[slug, handle, day] = Fact(at, slug, handle, points, back)
    return sorted(found.values())


def edges(slug: str) -> list[datetime]:
    """The last instant of each day of a programme, and the first one of the next."""
    first = BEGINS.astimezone(ZoneInfo(ZONES[slug])).date()
    ends = [last_instant(first + timedelta(days=number), ZONES[slug]) for number in range(5)]
    around = [end + step for end in ends for step in (timedelta(0), timedelta(microseconds=1))]
    return [at for at in around if BEGINS < at < ENDS]


def in_order(moments: Sequence[Moment]) -> list[Moment]:
    """By their instants; a run comes after the facts of its instant."""
    return sorted(moments, key=lambda one: (one.at, isinstance(one, Run)))


OF = "JOIN member m ON m.programme_id = x.programme_id AND m.id = x.member_id JOIN programme p ON p.id = x.programme_id"
STATE = "x.tier, x.since, x.at_risk_since, x.lost_on, x.proposal_kind, x.proposal_tier, x.proposed_on, x.locked"
STANDINGS = f"SELECT p.slug, m.handle, {STATE} FROM standing x {OF}"
CHANGES = f"SELECT p.slug, m.handle, x.number, x.day, {STATE} FROM standing_change x {OF}"
VALUES = f"SELECT p.slug, m.handle, x.board, x.value FROM board_value x {OF}"


@contextmanager
def seen(url: str) -> Iterator[Look]:
    """A look at a world."""
    look = Look(url)
    try:
        yield look
    finally:
        look.close()


def plain(rows: Rows) -> Rows:
    """The rows as both kinds of database give them: days as text, yes and no as numbers."""
    return sorted((tuple(map(_plain, row)) for row in rows), key=repr)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool | Decimal) else value


def at_the_end_of_days(look: Look) -> Rows:
    """Where members stood at the end of each day on which that changed."""
    last = {
        (row[0], row[1], row[3]): (row[2], row[4:]) for row in sorted(plain(look.rows(CHANGES)), key=lambda one: one[2])
    }
    stood: dict[tuple[str, str], object] = {}
    rows: Rows = []
    for (slug, handle, day), (_, state) in sorted(last.items(), key=lambda one: one[1][0]):
        if stood.get((slug, handle)) != state:
            rows.append((slug, handle, day, *state))
        stood[slug, handle] = state
    return sorted(rows, key=repr)


@pytest.fixture
def worlds(
    community: Community, database_url: str, sqlite_template: Path, tmp_path: Path
) -> tuple[World, World, str, str]:
    """Two worlds, and their databases: one of the kind under test, and one on SQLite."""
    other = tmp_path / "other.sqlite3"
    other.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{other}"
    return World(database_url, community, tmp_path), World(url, community, tmp_path), database_url, url


@pytest.mark.parametrize("season", range(SEASONS))
def test_days_made_up_equal_having_been_on(worlds: tuple[World, World, str, str], chance: Random, season: int) -> None:
    """On: the timetable at each midnight, and a prompt run after each fact. Equal is where members stand at the end of
    each day; who is on looks more often, and so may tell of a risk in between.
    """
    off, on, off_url, on_url = worlds
    before, came = known_before(chance), facts(chance)
    for world in (off, on):
        world.begin(before)
    midnights = [Run(at) for slug in ZONES for at in edges(slug)[1::2]]
    on.live(in_order([*came, *(Run(fact.at) for fact in came), *midnights, Run(ENDS)]))
    off.live(in_order([*came, Run(ENDS)]))
    with seen(off_url) as was_off, seen(on_url) as was_on:
        assert plain(was_off.rows(STANDINGS)) == plain(was_on.rows(STANDINGS))
        assert at_the_end_of_days(was_off) == at_the_end_of_days(was_on)
        assert plain(was_off.rows(VALUES)) == plain(was_on.rows(VALUES))
        days = "SELECT count(*) FROM run"
        assert was_off.number(days) == was_on.number(days)
