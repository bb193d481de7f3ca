"""A programme with a portal: ada and bob are members, ben reviews, zoe is a stranger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.changes.actions import apply
from community.contributions.actions.held import Content
from community.contributions.actions.submit import submit
from community.contributions.models import CONTRIBUTION
from community.kit.db import reading, writing
from community.kit.ids import new_id
from community.members.actions import bind
from community.people.actions import roles
from community.people.rules import Place, Role, actor_of
from community.programmes import queries
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from tests.people.browser import Browser, browser
from tests.people.stage import GOOD, member, person

BOOK = """\
format: 1
programme: {slug: aces, name: Aces, timezone: UTC, locale: en}
contribution_types:
  - key: talk
    name: {en: Talk, fr: Conférence}
    evidence: required
    fields:
      - {key: attendees, name: {en: Attendees, fr: Participants}, type: integer, min: 1, max: 5000, reach: true}
      - key: setting
        name: {en: Setting, fr: Cadre}
        type: choice
        required: true
        choices:
          - {key: in-person, name: {en: In person, fr: Sur place}}
          - {key: virtual, name: {en: Online, fr: En ligne}}
      - {key: csrf, name: Odd key, type: text, max: 40}
    points:
      base: 20
      bonuses:
        - {when: {field: setting, is: in-person}, points: 5}
        - {per: attendees, every: 50, points: 2}
      factors:
        - {when: {field: language, is: fr}, times: 1.5}
  - {key: post, name: {en: Post, fr: Article}, points: {base: 5}}
  - {key: answer, name: {en: Answer, fr: Réponse}, review: automatic, points: {base: 3}}
  - {key: call, name: {en: Call, fr: Appel}, evidence: none, points: {base: 1}}
caps:
  - {points: 7, per: month, types: [answer]}
"""
LIST = "/p/aces/contributions"
NEW = f"{LIST}/new"
TALK = {
    "type": "talk", "url": "https://talks.example.org/1", "title": "Queues without losses", "occurred_on": "2026-03-02",
    "f.setting": "in-person", "f.attendees": "120", "language": "fr",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aces:
    """The programme, and whose member ids and person ids are whose."""

    id: int
    members: dict[str, int]
    persons: dict[str, UUID]


async def settle(engine: AsyncEngine, book: str = BOOK) -> Aces:
    """The programme with its people."""
    persons = {name: await person(engine, f"{name}@example.org") for name in ("ada", "bob", "ben", "zoe")}
    await apply(engine, NewVersion(parse(book, "book.yaml").book, book), actor="cli")
    async with writing(engine) as connection:
        programme = (await queries.programme(connection, "aces")).id
        members = {name: await member(connection, programme, name) for name in ("ada", "bob")}
        for name, member_id in members.items():
            await bind(connection, programme, member_id, persons[name])
        await roles.grant(connection, persons["ben"], Role.REVIEWER, Place(programme_id=programme), "cli")
    return Aces(programme, members, persons)


@asynccontextmanager
async def signed_in(app: Starlette, name: str = "ada") -> AsyncIterator[Browser]:
    """Somebody's browser."""
    async with browser(app) as opened:
        await opened.sign_in(f"{name}@example.org", GOOD)
        yield opened


async def given(engine: AsyncEngine, aces: Aces, name: str = "ada", /, **content: Any) -> UUID:
    """A contribution that somebody reported."""
    said: dict[str, Any] = {
        "type": "post", "title": "Notes", "url": None, "occurred_on": date(2026, 3, 1), "language": None,
        "description": None, "fields": {},
    }  # fmt: skip
    async with writing(engine) as connection:
        programme = await queries.programme(connection, "aces")
        actor = actor_of(aces.persons[name])
        return await submit(
            connection, programme, aces.members[name], new_id(), Content(**{**said, **content}), actor=actor
        )


async def decide(engine: AsyncEngine, verb: Any, *ids: UUID, **more: Any) -> None:
    """A review verb, by ben."""
    async with writing(engine) as connection:
        programme = await queries.programme(connection, "aces")
        await verb(connection, programme, ids, actor="person:ben", **more)


async def kept(engine: AsyncEngine) -> list[Any]:
    """The contributions as they are stored, in the order in which they came."""
    async with reading(engine) as connection:
        return list((await connection.execute(select(CONTRIBUTION).order_by(CONTRIBUTION.c.arrival))).all())
