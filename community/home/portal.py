"""`/`: the programmes of whoever asks. `/p/{slug}`: a member's home, and the statement of their points."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from community.home.demo.queries import is_demonstration
from community.home.own import front as fronts
from community.home.own import queries
from community.home.own.neighbours import neighbours
from community.home.own.offer import offer
from community.home.own.standing import standing
from community.home.own.statement import LINES, as_csv, explained, kinds, read_before, read_filter, statement, type_name
from community.kit.i18n import either
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.ledger.queries import balance
from community.members.place import Place, place

LAST = 5
"""Contributions that the home page shows."""


def path_if(request: Request[Any], name: str, **values: object) -> str | None:
    """The path of a route, where there is one of that name that takes these values."""
    try:
        return request.path_to(name, **values)
    except KeyError:
        return None


async def front(request: Request[None]) -> Response:
    """The programmes of whoever asks; nobody's, how to begin as long as there is nothing; in a demonstration,
    who one wants to be.
    """
    if request.identity.person_id is None and await is_demonstration(request.connection):
        return go(request, request.path_to("home.demo"))
    shown = await fronts.front(request.connection, request.identity.person_id)
    ways = {
        one.slug: next(filter(None, (path_if(request, name, slug=one.slug) for name in one.routes)), None)
        for one in shown.programmes
    }
    return page(request, "home/front.html", shown=shown, ways=ways)


async def home(request: Request[Place]) -> Response:
    """Where a member stands; whoever is none is shown what the programme is about."""
    here = request.loaded
    if here.member_id is None:
        return go(request, request.path_to("programmes.rules", slug=here.slug))
    connection, programme = request.connection, here.programme
    member = await queries.own_member(connection, programme.id, here.own)
    last, returned, count = await queries.last_deeds(connection, programme.id, member.id, LAST)
    return page(
        request, "home/home.html", member=member, last=last, returned=returned, count=count,
        standing=await standing(connection, here, member, programme.today),
        earned=await balance(connection, programme.id, member.id),
        board=await neighbours(connection, here, member.handle),
        type_name=lambda key: type_name(here, key), explained=explained, story=_story(request),
        mine=request.path_to("contributions.mine", slug=here.slug),
        report=request.path_to("contributions.report", slug=here.slug),
        person=lambda handle: request.path_to("home.member", slug=here.slug, handle=handle),
        boards=request.path_to("leaderboards.boards", slug=here.slug),
        rules=request.path_to("programmes.rules", slug=here.slug),
        query=urlencode,
    )  # fmt: skip


def _story(request: Request[Place]) -> Any:
    """The path of a contribution's page, by its id."""
    return lambda found: request.path_to("contributions.story", slug=request.loaded.slug, id=found)


async def next_tier(request: Request[Place]) -> Response:
    """A part of the form for reporting: what the contribution would do for the next tier."""
    here = request.loaded
    member = await queries.own_member(request.connection, here.programme_id, here.own)
    return page(request, "home/next_tier.html", offer=await offer(request.connection, here, member, request.query))


async def points(request: Request[Place]) -> Response:
    """The statement of a member's points."""
    here, asked = request.loaded, read_filter(request.query)
    before = read_before(request.query.get("before", ""))
    found = await statement(request.connection, here, asked, before=before, most=LINES + 1)
    kept = {name: request.query[name] for name in ("kind", "year", "from", "to", "types") if request.query.get(name)}
    return page(
        request, "home/statement.html", block="lines", lines=found[:LINES], asked=asked, kept=kept, query=urlencode,
        further=found[LINES - 1].row.number if len(found) > LINES else None, is_first=before is None,
        balance=await balance(request.connection, here.programme_id, here.own),
        years=await queries.years(request.connection, here.programme_id, here.own),
        rules=request.path_to("programmes.rules", slug=here.slug), story=_story(request),
        types=either(type_name(here, key) for key in asked.types) if asked.types else "", kinds=kinds(),
        path=request.path_to("home.statement", slug=here.slug),
    )  # fmt: skip


async def points_file(request: Request[Place]) -> Response:
    """The same as a file, whole."""
    found = await statement(request.connection, request.loaded, read_filter(request.query))
    name = f"{request.loaded.slug}-points.csv"
    return Response(
        await as_csv(found), media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/", "home.front", front, access=Access.PUBLIC, load=None, rate=Rate.PAGE),
    Route("GET", "/p/{slug}", "home.portal", home, access=Access.PUBLIC, load=place, rate=Rate.PAGE),
    Route("GET", "/p/{slug}/points", "home.statement", points, access=Access.MEMBER, load=place, rate=Rate.PAGE),
    Route(
        "GET", "/p/{slug}/next-tier", "home.next_tier", next_tier,
        access=Access.MEMBER, load=place, rate=Rate.TYPING,
    ),
    Route(
        "GET", "/p/{slug}/points.csv", "home.statement_file", points_file,
        access=Access.MEMBER, load=place, rate=Rate.PAGE,
    ),
)  # fmt: skip
