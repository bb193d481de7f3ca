"""A programme with tiers, and ada, ben, cleo and zoe at its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.changes import actions as changes
from community.kit.db import writing
from community.members.actions import bind
from community.people.actions import roles
from community.people.rules import Place, Role
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.standings.models import STANDING
from tests.people.browser import Browser, browser
from tests.people.stage import GOOD, member, person

BOOK = """\
format: 1
programme: {{slug: {slug}, name: The {name}, timezone: UTC, locale: en}}
contribution_types:
  - key: talk
    name: Talk
    points: {{base: 5, bonuses: [{{points: 2, when: {{field: has_url, is: true}}}}]}}
    fields: [{{key: venue, name: Venue, type: text}}, {{key: crowd, name: Crowd, type: integer}}]
tiers:
  - {{key: scout, name: Scout, gain: {{metric: points, min: 5}}}}
  - {{key: guide, name: {{en: Guide, fr: Guide}}, gain: {{metric: points, min: 50}}}}
leaderboards: [{{key: season, name: Season, metric: points, window: lifetime}}]
"""


@dataclass(frozen=True, slots=True)
class Town:
    """pros (ada, member; ben, reviewer; cleo, manager) and stars (ada, too); zoe has an account and nothing else."""

    pros: int
    stars: int
    ada: int
    ada_of_stars: int
    ada_person: UUID
    cleo_person: UUID


async def settle(engine: AsyncEngine) -> Town:
    """Builds it."""
    ada, ben, cleo = [await person(engine, f"{one}@example.org") for one in ("ada", "ben", "cleo")]
    await person(engine, "zoe@example.org")
    for slug in ("pros", "stars"):
        text = BOOK.format(slug=slug, name=slug.capitalize())
        await changes.apply(engine, NewVersion(parse(text, "book.yaml").book, text), actor="cli")
    async with writing(engine) as connection:
        ids = pros, stars = [(await programmes.programme(connection, slug)).id for slug in ("pros", "stars")]
        here, there = [await member(connection, one) for one in ids]
        for programme, one in ((pros, here), (stars, there)):
            await bind(connection, programme, one, ada)
        await roles.grant(connection, ben, Role.REVIEWER, Place(programme_id=pros), "cli")
        await roles.grant(connection, cleo, Role.MANAGER, Place(programme_id=pros), "cli")
    return Town(pros, stars, here, there, ada, cleo)


async def stand(engine: AsyncEngine, programme_id: int, member_id: int, tier: str) -> None:
    """A member holds a tier since the first of March."""
    values = {"programme_id": programme_id, "member_id": member_id, "tier": tier, "since": date(2026, 3, 1)}
    defaults = {"locked": False, "changes": 0, "decisions": 0}
    async with writing(engine) as connection:
        await connection.execute(insert(STANDING).values(**values, **defaults))


@asynccontextmanager
async def somebody(app: Starlette, name: str = "") -> AsyncIterator[Browser]:
    """A browser in which one of them is signed in, or nobody."""
    async with browser(app) as opened:
        if name:
            await opened.sign_in(f"{name}@example.org", GOOD)
        yield opened


class Counted:
    """Counts the statements that an application sends to its database."""

    def __init__(self, app: Starlette) -> None:
        self.number = 0
        event.listen(app.state.site.engine.sync_engine, "before_cursor_execute", self._count)

    def _count(self, *_given: object) -> None:
        self.number += 1
