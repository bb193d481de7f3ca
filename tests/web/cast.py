"""Two programmes beside each other, everybody who may be at a door, and what must not be seen through the wrong one.

hub ─┬─ north ── aces   ada, bob are members; ben reviews, cleo manages, lena leads north
     └─ south ── stars  mallory is a member and manages it; all that it holds bears the CANARY
zoe has an account and nothing else; hugo leads the hub. Nobody is signed in nowhere.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.applications import Starlette

from community.kit.db import writing
from community.kit.web.cookies import SESSION, VISITOR
from community.members.models import MEMBER
from community.people.actions import persons, roles, sessions
from community.people.forms import PersonForm
from community.people.rules import Place, Role, account_of
from community.programmes.models import PROGRAMME, UNIT
from tests.cli.cast import Community

CANARY = "Quetzal"
NOBODY = "nobody"
BOOK = """\
format: 1
programme: {{slug: {slug}, name: {name}, timezone: UTC, locale: en}}
contribution_types:
  - {{key: talk, name: {name} talk, evidence: optional, points: {{base: 20}}}}
tiers:
  - {{key: star, name: {name} star, gain: {{metric: points, min: 20, window: 90d}}}}
leaderboards:
  - {{key: {board}, name: {name} board, metric: points, window: month, audience: {audience}}}
"""
ROWS = """\
id,handle,member_name,type,title,occurred_on
{slug}-1,{first},{first},talk,{title} first,2026-02-01
{slug}-2,{second},{second},talk,{title} second,2026-02-02
"""


@dataclass
class Actor:
    """Somebody at the door: the cookies that they bring, and the roles by which they may enter pages of aces."""

    name: str
    enters: frozenset[str]
    cookies: dict[str, str] = field(default_factory=dict)
    session_id: UUID | None = None
    sees_all: bool = False


MEMBER_OF, SIGNED = frozenset({"public", "signed_in", "member"}), frozenset({"public", "signed_in"})
REVIEWS = SIGNED | {"reviewer"}
MANAGES = REVIEWS | {"manager"}
LEADS = MANAGES | {"lead"}
ENTERS = {
    NOBODY: frozenset({"public"}), "zoe": SIGNED, "ada": MEMBER_OF, "bob": MEMBER_OF, "ben": REVIEWS, "cleo": MANAGES,
    "lena": LEADS, "hugo": LEADS | {"admin"}, "mallory": SIGNED,
}  # fmt: skip
SIGNED_IN = [one for one in ENTERS if one != NOBODY]


def grow(community: Community, folder: Path) -> None:
    """Both programmes, from the command line: members, contributions, standings, boards."""
    for slug, name, first, second in (("aces", "Aces", "ada", "bob"), ("stars", CANARY, "quetzal-one", "quetzal-two")):
        book, rows = folder / f"{slug}.yaml", folder / f"{slug}.csv"
        board, audience = ("season", "public") if slug == "aces" else ("quetzal", "members")
        book.write_text(BOOK.format(slug=slug, name=name, board=board, audience=audience))
        rows.write_text(ROWS.format(slug=slug, title=name, first=first, second=second))
        community("programme", "apply", book, "--yes")
        community("contributions", "import", slug, rows, "--create-members", "--approve")
        community("standings", "refresh", slug)
    community("programme", "open", "aces")


async def people(engine: AsyncEngine) -> dict[str, Actor]:
    """Everybody, with a session each."""
    async with writing(engine) as connection:
        hub = await _units(connection)
        ids: dict[str, UUID] = {}
        for name in SIGNED_IN:
            email = f"{name}@example.org"
            ids[name] = await persons.create(connection, PersonForm(email, account_of(email), name, None), None, "cli")
        for handle, person in (("ada", "ada"), ("bob", "bob"), ("quetzal-one", "mallory")):
            await connection.execute(update(MEMBER).where(MEMBER.c.folded == handle).values(person_id=ids[person]))
        aces, stars = [await _programme_id(connection, slug) for slug in ("aces", "stars")]
        for name, role, place in (
            ("ben", Role.REVIEWER, Place(programme_id=aces)), ("cleo", Role.MANAGER, Place(programme_id=aces)),
            ("lena", Role.LEAD, Place(unit_id=hub["north"])), ("hugo", Role.LEAD, Place(unit_id=hub["hub"])),
            ("mallory", Role.MANAGER, Place(programme_id=stars)),
        ):  # fmt: skip
            await roles.hold(connection, ids[name], role, place, "cli")
        found = {NOBODY: Actor(NOBODY, ENTERS[NOBODY])}
        for name in SIGNED_IN:
            opened = await sessions.start(connection, ids[name], "Firefox", by="password")
            secret, sees_all = {SESSION: opened.secret}, name in ("hugo", "mallory")
            found[name] = Actor(name, ENTERS[name], secret, opened.id, sees_all)
        return found


async def _programme_id(connection: AsyncConnection, slug: str) -> int:
    return int(await connection.scalar(select(PROGRAMME.c.id).where(PROGRAMME.c.slug == slug)) or 0)


async def _units(connection: AsyncConnection) -> dict[str, int]:
    """North with aces and south with stars, under the hub that is there."""
    top = await connection.scalar(select(UNIT.c.id).where(UNIT.c.parent_id.is_(None)))
    found = {"hub": int(top or 0)}
    for slug, programme in (("north", "aces"), ("south", "stars")):
        made = insert(UNIT).values(slug=slug, name=slug.capitalize(), parent_id=top).returning(UNIT.c.id)
        found[slug] = int(await connection.scalar(made) or 0)
        await connection.execute(update(PROGRAMME).where(PROGRAMME.c.slug == programme).values(unit_id=found[slug]))
    return found


def token(app: Starlette, actor: Actor) -> tuple[dict[str, str], str]:
    """The cookies of an actor, and a token for a form, as a page of ours would hold it."""
    cookies = actor.cookies or {VISITOR: "visitor"}
    [holder] = cookies.values()
    salt = bytes(16)
    return cookies, urlsafe_b64encode(salt + app.state.site.forms.sign(salt + holder.encode())).decode()
