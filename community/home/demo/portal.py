"""`/demo`: being one of the cast of a demonstration by one click. Anywhere else there is no such page."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.responses import Response

from community.home.demo import actions, queries
from community.home.demo.show import SLUG
from community.kit.errors import NotFound
from community.kit.i18n import gettext as _
from community.kit.web.cookies import SESSION, drop_cookie
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.people import queries as people
from community.people.actions import sessions
from community.people.actions.tokens import digest_of
from community.people.portal.visit import let_in, origin_of, secret_of

VISITOR = "visitor"
LANDINGS = {
    "reviewer": ("contributions.queue", "home.desk", "programmes.rules"),
    "manager": ("home.desk", "members.applications"),
}
"""Where a part begins: the first of these pages that there is."""
MEMBERS_LAND = ("home.portal", "home.directory")


class Part(NamedTuple):
    """One of the cast, as the page names them."""

    key: str
    title: str
    name: str
    help: str


async def cast(request: Request[None]) -> Response:
    """Who one may be. Raises NotFound where this is no demonstration."""
    players = await queries.players(request.connection)
    if players is None:
        raise NotFound("this is no demonstration")
    named = {part: (await people.person(request.connection, one)).name for part, one in players.items()}
    parts = [Part(key, title, named.get(key, ""), words) for key, title, words in _words() if key in (*named, VISITOR)]
    return page(request, "home/demo.html", parts=parts)


def _words() -> list[tuple[str, str, str]]:
    return [
        ("member", _("A member"), _("reports contributions, and sees points, tier and place")),
        ("at_risk", _("A member at risk"), _("sees what is missing, and until when")),
        ("reviewer", _("A reviewer"), _("looks at what came in, and decides")),
        ("manager", _("A manager"), _("sees the whole programme: members, applications, proposals")),
        (VISITOR, _("A visitor"), _("has no account, and sees what is public")),
    ]


async def enter(request: Request[None]) -> Response:
    """Is one of them from now on; whom one was before ends. Raises NotFound where this is no demonstration."""
    if await queries.players(request.connection) is None:
        raise NotFound("this is no demonstration")
    before = await people.session_of(request.connection, digest_of(secret_of(request)))
    if before is not None:
        await sessions.end(request.connection, before[1], before[0])
    part = request.fields.get("part", "")
    if part == VISITOR:
        response = go(request, request.path_to("home.directory", slug=SLUG))
        drop_cookie(response, request.settings, SESSION)
        return response
    opened = await actions.enter(request.connection, part, origin_of(request).agent)
    known = {one.name for one in request.site.routes.all}
    landing = next(one for one in LANDINGS.get(part, MEMBERS_LAND) if one in known)
    return let_in(request, opened, request.path_to(landing, slug=SLUG))


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/demo", "home.demo", cast, access=Access.PUBLIC, load=None, rate=Rate.PAGE),
    Route("POST", "/demo", "home.demo", enter, access=Access.PUBLIC, load=None, rate=Rate.FORM),
)
