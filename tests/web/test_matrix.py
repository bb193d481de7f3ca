"""Who may enter where: every route, by everybody, for what is their own, a colleague's, another programme's, nobody's.

Whatever a form does is taken back at once, so that each is asked of the same world. What the registry declares is what
holds; where a page says more than its access, `ASKED_FOR` says what.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.applications import Starlette
from starlette.responses import Response

from community.app import create_app
from community.contributions.models import CONTRIBUTION
from community.kit import db
from community.kit.ids import new_id
from community.kit.settings import Settings
from community.kit.web.request import Work
from community.kit.web.routes import Access, Route, Surface
from community.members.models import MEMBER
from tests.cli.cast import Community
from tests.kit.web.stage import BASE, STRANGER
from tests.web.cast import CANARY, NOBODY, Actor, grow, people, token

pytestmark = pytest.mark.anyio

SHARED = frozenset({"handle", "board", "period"})
"""What colleagues may see of each other; all else that a path names is one's own."""
RELATIONS = ("own", "colleague's", "other programme's", "nobody's")


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
        async with db.reading(engine) as connection:
            named = await _named(connection, actors)
        yield World(app, actors, named)


async def _named(connection: AsyncConnection, actors: dict[str, Actor]) -> dict[str, dict[str, str]]:
    rows = await connection.execute(
        select(MEMBER.c.folded, CONTRIBUTION.c.id).join(CONTRIBUTION, CONTRIBUTION.c.member_id == MEMBER.c.id)
    )
    contributions = {handle: str(id_) for handle, id_ in rows}
    whose = dict(zip(RELATIONS, ("ada", "bob", "quetzal-one"), strict=False))
    sessions = dict(zip(RELATIONS, ("ada", "bob", "mallory"), strict=False))
    return {
        "contribution": {**{one: contributions[who] for one, who in whose.items()}, RELATIONS[3]: str(new_id())},
        "session": {**{one: str(actors[who].session_id) for one, who in sessions.items()}, RELATIONS[3]: str(new_id())},
        "handle": {**whose, RELATIONS[3]: "no-one"},
        "board": dict(zip(RELATIONS, ("season", "season", "quetzal", "none"), strict=True)),
        "slug": dict(zip(RELATIONS, ("aces", "aces", "stars", "none"), strict=True)),
    }


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
    if not actor.sees_all and CANARY in response.text:
        return "shows another programme"
    return wrong(route, relation, path, actor, response)


def wrong(route: Route[Any], relation: str, path: str, actor: Actor, response: httpx2.Response) -> str:
    """What an answer should not have been."""
    status, to = response.status_code, response.headers.get("location", "")
    sent_to_sign_in = status == 401 or (status == 303 and to.startswith("/sign-in"))
    if actor.name == NOBODY and route.access not in (Access.PUBLIC, Access.OPERATOR):
        return "" if sent_to_sign_in else f"{status} {to}, not asked to sign in"
    if not may(route, relation, path, actor):
        return "" if status == 404 else f"{status}, not a 404"
    return "" if status < 400 or status in (409, 410, 422) else f"{status}, though it is theirs"


def may(route: Route[Any], relation: str, path: str, actor: Actor) -> bool:
    """Whether an actor may do there what the route does."""
    parameters = [part.strip("{}").partition(":")[0] for part in route.path.split("/") if part.startswith("{")]
    if route.access.value not in actor.enters:
        return False
    if not parameters:
        return True
    if relation == "nobody's":
        return False
    if parameters[-1] in SHARED:
        return relation in ("own", "colleague's")
    if parameters[-1] == "slug":
        return relation != "other programme's" or route.access is Access.PUBLIC
    owners = {"own": "ada", "colleague's": "bob"}
    return actor.name == ({**owners, "other programme's": "mallory"} if "slug" not in parameters else owners).get(
        relation
    )
