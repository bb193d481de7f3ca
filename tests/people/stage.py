"""A front door with cheap hashes, a cast behind it, and the few things that stories say again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.history.models import RECORD
from community.kit.clock import now
from community.kit.db import reading, writing
from community.kit.rates.limiter import Limiter
from community.members.models import MEMBER
from community.people.actions import persons, tokens
from community.people.door import Door, Origin
from community.people.forms import PersonForm
from community.people.passwords import Hasher
from community.people.rules import Purpose, account_of
from community.programmes import actions as programmes
from community.programmes.actions import NewVersion
from community.programmes.models import PROGRAMME, UNIT
from community.programmes.parse import parse

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
GOOD = "an engine of brass and punched cards"
BETTER = "weaves algebraic patterns like a loom"
HOME = Origin("203.0.113.7", "Firefox")

CHEAP = Hasher(memory_kib=8, passes=1)
"""Hashes that cost next to nothing; what real ones cost is a story of its own."""


def place(number: int) -> Origin:
    """One of many networks."""
    return Origin(f"198.51.100.{number}", "curl")


@asynccontextmanager
async def door_of(engine: AsyncEngine, redis_url: str = "", shortest: int = 15) -> AsyncIterator[Door]:
    """The front door of an installation."""
    limiter = Limiter(engine, redis_url)
    yield Door(engine, limiter, CHEAP, shortest)
    await limiter.close()


async def person(engine: AsyncEngine, email: str = "ada@example.org", password: str | None = GOOD) -> UUID:
    """Somebody with an account."""
    name = email.partition("@")[0].capitalize()
    hashed = None if password is None else await CHEAP.hash(password)
    async with writing(engine) as connection:
        return await persons.create(connection, PersonForm(email, account_of(email), name, None), hashed, "cli")


async def token(engine: AsyncEngine, purpose: Purpose, person_id: UUID, email: str | None = None) -> str:
    """A secret as the person finds it in their mail."""
    async with writing(engine) as connection:
        return await tokens.mint(connection, purpose, person_id=person_id, email=email)


async def records(engine: AsyncEngine, *verbs: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """What history tells of these verbs: verb, subject, data; all of it without any."""
    asked = select(RECORD.c.verb, RECORD.c.subject, RECORD.c.data).order_by(RECORD.c.id)
    if verbs:
        asked = asked.where(RECORD.c.verb.in_(verbs))
    async with reading(engine) as connection:
        return [(row.verb, row.subject, row.data) for row in await connection.execute(asked)]


@dataclass(frozen=True, slots=True)
class Tree:
    """hub ─┬─ north ── bridge (unit) ── pros (programme)
    └─ south ── stars (programme); ada is a member of both programmes."""

    hub: int
    north: int
    bridge: int
    south: int
    pros: int
    stars: int
    ada_of_pros: int
    ada_of_stars: int


async def grow(engine: AsyncEngine) -> Tree:
    """The tree of units, its programmes, and the members named ada that nobody is bound to yet."""
    async with writing(engine) as connection:
        hub = await _unit(connection, "hub", None)
        north, south = await _unit(connection, "north", hub), await _unit(connection, "south", hub)
        bridge = await _unit(connection, "bridge", north)
        pros, stars = await _programme(connection, "pros", bridge), await _programme(connection, "stars", south)
        return Tree(
            hub, north, bridge, south, pros, stars, await member(connection, pros), await member(connection, stars)
        )


async def _unit(connection: AsyncConnection, slug: str, parent: int | None) -> int:
    made = insert(UNIT).values(slug=slug, name=slug.capitalize(), parent_id=parent).returning(UNIT.c.id)
    return int(await connection.scalar(made) or 0)


BOOK = """\
format: 1
programme: {{slug: {slug}, name: The {name}, timezone: UTC, locale: en}}
contribution_types: [{{key: talk, name: Talk, points: {{base: 5}}}}]
"""


async def _programme(connection: AsyncConnection, slug: str, unit: int) -> int:
    text = BOOK.format(slug=slug, name=slug.capitalize())
    programme = await programmes.create(connection, NewVersion(parse(text, "book.yaml").book, text), "cli")
    await connection.execute(update(PROGRAMME).where(PROGRAMME.c.id == programme).values(unit_id=unit))
    return programme


async def member(connection: AsyncConnection, programme: int, handle: str = "ada") -> int:
    """A member whom the programme knows, by their address too."""
    values = {
        "programme_id": programme, "handle": handle, "folded": handle, "name": handle, "status": "active",
        "email": f"{handle}@example.org", "joined_on": date(2026, 1, 1), "came_back": False, "on_boards": True,
        "attributes": {}, "created_at": now(),
    }  # fmt: skip
    return int(await connection.scalar(insert(MEMBER).values(values).returning(MEMBER.c.id)) or 0)


def after(**parts: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(**parts)


async def rows(engine: AsyncEngine, table: Any, *columns: str) -> Sequence[Any]:
    """The rows of a table, in any order."""
    async with reading(engine) as connection:
        return (await connection.execute(select(*(table.c[one] for one in columns or table.c.keys())))).all()
