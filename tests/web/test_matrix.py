"""Who may enter where: every route, by everybody, for what is their own, a colleague's, another programme's, nobody's.

Whatever a form does is taken back at once, so that each is asked of the same world. What the registry declares is what
holds; where a page says more than its access, `ASKED_FOR` says what.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.applications import Starlette
from starlette.responses import Response

from community.app import create_app
from community.contributions.models import CONTRIBUTION, DRAFT, PART, PartState
from community.history.actions import Line, write
from community.history.models import RECORD
from community.kit import db
from community.kit.clock import now
from community.kit.ids import new_id
from community.kit.settings import Settings
from community.kit.web.request import Work
from community.kit.web.routes import Access, Route, Surface
from community.leaderboards.actions.snapshots import freeze
from community.leaderboards.rules import Due
from community.members.models import APPLICATION, MEMBER, PICTURE
from community.members.rules import ApplicationState
from community.notices.models import MESSAGE
from community.notices.rules import Recipient
from community.programmes import queries as programmes
from tests.cli.cast import Community
from tests.kit.web.stage import BASE, STRANGER
from tests.web.cast import CANARY, NOBODY, Actor, grow, people, token

pytestmark = pytest.mark.anyio

NOBODYS = "nobody's"
RELATIONS = ("own", "colleague's", "other programme's", NOBODYS)
SHARED = frozenset({"handle", "board", "period", "application"})
"""What those who may enter at all see of everybody in the programme; all else that a path names is one's own."""
INSIDE = frozenset({"member", "reviewer", "manager", "lead"})
NARROWER = {"home.member": INSIDE, "home.picture": INSIDE}
"""Pages that are public, and say themselves who sees them: whoever is one of these."""
CLOSED_ELSEWHERE = frozenset({"programmes.rules", "programmes.changes", "members.application"})
"""Pages that aces shows to everybody, and stars keeps to its own."""
NOT_THERE = frozenset({"home.demo", "GET /p/{slug}/boards/presence (leaderboards.presence)"})
"""What this installation lacks, whoever asks: a demonstration, a board of that name."""
ONE_ANSWER = frozenset({"contributions.draft_deletion", "contributions.part_refusal", "notices.read"})
"""Forms that answer alike whatever is named, and change only what is one's own: their own stories show that."""


@dataclass(frozen=True)
class World:
    """An installation, who is at its door, and what paths may name: {parameter: {relation: value}}."""

    app: Starlette
    actors: dict[str, Actor]
    named: dict[str, dict[str, str]]

    @property
    def routes(self) -> tuple[Route[Any], ...]:
        """All that there are, but for what is no page of ours (files and probes have tests of their own)."""
        return tuple(one for one in self.app.state.site.routes.all if one.surface is Surface.PAGE and one.database)


class TakenBack(Exception):
    """What a form did is undone."""

    def __init__(self, response: Response) -> None:
        self.response = response


async def taken_back(engine: AsyncEngine, work: Work) -> Response:
    """Does the work of a request, and undoes it."""
    try:
        async with db.writing(engine) as connection:
            raise TakenBack(await work(connection))
    except TakenBack as done:
        return done.response


@pytest.fixture
def grown(community: Community, tmp_path: Path) -> None:
    """Both programmes."""
    grow(community, tmp_path)


@pytest.fixture
async def world(grown: None, database_url: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[World]:
    """An installation with everybody at its door."""
    app = create_app(Settings(home=tmp_path, database_url=database_url, rate_scale=0), transact=taken_back)
    actors = await people(engine)
    async with app.router.lifespan_context(app):
        async with db.writing(engine) as connection:
            named = await _named(connection, actors)
        yield World(app, actors, named)


async def _named(connection: AsyncConnection, actors: dict[str, Actor]) -> dict[str, dict[str, str]]:
    """What paths may name, by whose it is. Of what is not there yet, some of each is put there."""
    members = await connection.execute(select(MEMBER.c.folded, MEMBER.c.id, MEMBER.c.programme_id))
    ids = {row.folded: (row.programme_id, row.id) for row in members}
    rows = await connection.execute(
        select(MEMBER.c.folded, CONTRIBUTION.c.id).join(CONTRIBUTION, CONTRIBUTION.c.member_id == MEMBER.c.id)
    )
    works = {row.folded: row.id for row in rows}
    for slug, board in (("aces", "season"), ("stars", "quetzal")):
        due = Due(board, date(2026, 2, 1), date(2026, 2, 28))
        await freeze(connection, await programmes.programme(connection, slug), due)
    owners = dict(zip(RELATIONS, ("ada", "bob", "quetzal-one"), strict=False))
    given: dict[str, dict[str, object]] = {name: {} for name in ("draft", "part", "application", "message")}
    for relation, handle in owners.items():
        for name, made in (
            await _put(connection, *ids[handle], handle, works["bob" if handle == "ada" else handle])
        ).items():
            given[name][relation] = made
    sessions = dict(zip(RELATIONS, ("ada", "bob", "mallory"), strict=False))
    found = {
        **given,
        "id": {one: works[who] for one, who in owners.items()},
        "session": {one: actors[who].session_id for one, who in sessions.items()},
        "handle": {**owners, NOBODYS: "no-one"},
        "board": dict(zip(RELATIONS, ("season", "season", "quetzal", "none"), strict=True)),
        "period": dict(zip(RELATIONS, ("2026-02-01", "2026-02-01", "2026-03-01", "1998-01-01"), strict=True)),
        "slug": dict(zip(RELATIONS, ("aces", "aces", "stars", "none"), strict=True)),
        "token": dict.fromkeys(RELATIONS, "no-token-of-ours"),
    }  # fmt: skip
    found["message"][NOBODYS] = 999_999
    return {
        name: {relation: str(values.get(relation, new_id())) for relation in RELATIONS}
        for name, values in found.items()
    }


async def _put(
    connection: AsyncConnection, programme_id: int, member_id: int, handle: str, work: UUID
) -> dict[str, object]:
    """A draft, a part in somebody's work, a message and a picture of a member, and an application beside them."""
    of = {"programme_id": programme_id, "member_id": member_id}
    draft, application = new_id(), new_id()
    await connection.execute(insert(DRAFT).values(**of, key=draft, fields={"title": handle}, saved_at=now()))
    offered = {"state": PartState.OFFERED.value, "offered_at": now()}
    await connection.execute(insert(PART).values(**of, contribution_id=work, **offered))
    await write(connection, programme_id, "cli", [Line("tier.gained", member_id=member_id, data={"to": "star"})])
    record = await connection.scalar(select(func.max(RECORD.c.id)))
    await connection.execute(
        insert(MESSAGE).values(
            **of, recipient=Recipient.MEMBER.value, record_id=record, verb="tier.gained", created_at=now(),
            data={"from": None, "to": "star", "day": "2026-02-01"},
        )
    )  # fmt: skip
    await connection.execute(insert(PICTURE).values(**of, digest=handle, data=b"RIFF"))
    await connection.execute(
        insert(APPLICATION).values(
            id=application, programme_id=programme_id, email=f"{handle}@example.com", folded=f"{handle}@example.com",
            name=handle, words="Let me in", state=ApplicationState.OPEN.value, created_at=now(),
        )
    )  # fmt: skip
    return {"draft": draft, "part": work, "application": application, "message": record}


async def test_every_route_lets_in_whom_it_declares(world: World) -> None:
    """And shows nobody what lies in another programme."""
    transport = httpx2.ASGITransport(world.app, client=STRANGER)
    faults = []
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        for route in world.routes:
            for relation, path in paths(world, route):
                for actor in world.actors.values():
                    fault = await asked(world, client, route, relation, path, actor)
                    faults += [f"{actor.name}: {route.method} {path} ({relation}): {fault}"] if fault else []
    assert not faults, "\n".join(faults)


def paths(world: World, route: Route[Any]) -> Iterator[tuple[str, str]]:
    """The paths of a route, by the relation of what the last parameter names; the programme is aces, but for it."""
    names = list(world.app.state.site.routes._formats[route.name][1])
    if not names:
        yield "own", route.path
        return
    *before, last = names
    for relation in RELATIONS:
        values = {one: world.named[one]["own"] for one in before} | {last: world.named[last][relation]}
        yield relation, world.app.state.site.routes.url(route.name, **values)


async def asked(
    world: World, client: httpx2.AsyncClient, route: Route[Any], relation: str, path: str, actor: Actor
) -> str:
    """Asks for a page, or sends an empty form; answers what is wrong with the answer, if anything is."""
    cookies, given = token(world.app, actor)
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    fields = {"csrf": given} if route.method == "POST" else None
    response = await client.request(route.method, path, headers=headers, data=fields)
    if not actor.sees_all and not path.startswith("/p/stars") and CANARY in response.text:
        return "shows another programme"
    return wrong(route, relation, path, actor, response)


def wrong(route: Route[Any], relation: str, path: str, actor: Actor, response: httpx2.Response) -> str:
    """What an answer should not have been."""
    status, to = response.status_code, response.headers.get("location", "")
    sent_to_sign_in = status == 401 or (status == 303 and to.startswith("/sign-in"))
    if actor.name == NOBODY and route.access not in (Access.PUBLIC, Access.OPERATOR):
        return "" if sent_to_sign_in else f"{status} {to}, not asked to sign in"
    if not may(route, relation, path, actor):
        none_there = status == 404 or (actor.name == NOBODY and sent_to_sign_in)
        return "" if none_there else f"{status}, not a 404"
    return "" if status < 400 or status in (409, 410, 422) else f"{status}, though it is theirs"


def may(route: Route[Any], relation: str, path: str, actor: Actor) -> bool:
    """Whether an actor may do there what the route does."""
    parameters = [part.strip("{}").partition(":")[0] for part in route.path.split("/") if part.startswith("{")]
    if NOT_THERE & {route.name, str(route)} or "token" in parameters:
        return False
    if actor.name == "mallory" and path.startswith("/p/stars"):
        return route.name != "members.application"
    if route.access.value not in actor.enters or not actor.enters & NARROWER.get(route.name, actor.enters):
        return False
    if not parameters or route.name in ONE_ANSWER:
        return True
    if relation == "nobody's":
        return False
    if parameters[-1] in SHARED:
        return relation in ("own", "colleague's")
    if parameters[-1] == "slug":
        if relation != "other programme's":
            return True
        open_to_all = route.access is Access.PUBLIC and route.name not in CLOSED_ELSEWHERE
        return open_to_all or (actor.sees_all and route.name != "members.application")
    owners = {"own": "ada", "colleague's": "bob"}
    return actor.name == ({**owners, "other programme's": "mallory"} if "slug" not in parameters else owners).get(
        relation
    )
