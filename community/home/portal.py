"""`/`: where an installation begins."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route


async def front(_request: Request[None]) -> Response:
    """The front page."""
    return HTMLResponse("<!doctype html><title>Community</title><p>Community is running.")


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/", "home.front", front, access=Access.PUBLIC, load=None, rate=Rate.PAGE),
)
