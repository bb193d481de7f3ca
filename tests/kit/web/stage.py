"""A small application of routes for tests: no room, an empty database, a client without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response

from community.kit.settings import Settings
from community.kit.web.assembly import assemble
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route

BASE = "http://localhost:8000"
LOCAL = ("127.0.0.1", 50_000)
STRANGER = ("203.0.113.9", 50_000)


async def hello(_request: Request[Any]) -> Response:
    """Answers `hello`."""
    return PlainTextResponse("hello")


def route(method: str, path: str, name: str, handler: Any = hello, **more: Any) -> Route[Any]:
    """A public route without anything to load, unless told otherwise."""
    return Route(method, path, name, handler, **{"access": Access.PUBLIC, "load": None, "rate": Rate.NONE, **more})


def made(settings: Settings, *routes: Route[Any], **more: Any) -> Starlette:
    """An application of these routes."""
    return assemble(settings, routes, **more)


@asynccontextmanager
async def opened(
    app: Starlette, client: tuple[str, int] = LOCAL, base: str = BASE, **headers: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a running application; exceptions that escape it fail the test."""
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=client)
        async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers) as opened_client:
            yield opened_client
