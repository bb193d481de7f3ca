"""`/`: where an installation begins."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from community.home.demo.queries import is_demonstration
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.programmes import queries as programmes


async def front(request: Request[None]) -> Response:
    """The front page: how to begin, as long as there is nothing; of a demonstration, who one wants to be."""
    if request.identity.person_id is None and await is_demonstration(request.connection):
        return go(request, request.path_to("home.demo"))
    is_empty = not await programmes.programmes(request.connection)
    return page(request, "home/front.html", is_empty=is_empty)


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/", "home.front", front, access=Access.PUBLIC, load=None, rate=Rate.PAGE),
)
