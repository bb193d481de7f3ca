"""A small application of routes for tests: no room, an empty database, no socket, people by a header."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response

from community.kit.settings import Settings
from community.kit.web import forgery
from community.kit.web.assembly import assemble
from community.kit.web.rates import Rate
from community.kit.web.request import Identity, Nobody, Request
from community.kit.web.routes import Access, Route

BASE = "http://localhost:8000"
LOCAL = ("127.0.0.1", 50_000)
STRANGER = ("203.0.113.9", 50_000)
BROWSER = {"accept": "text/html,*/*;q=0.8", "sec-fetch-site": "same-origin"}


SOMEBODY = UUID(int=7)


@dataclass(frozen=True)
class Somebody:
    """A person who may what a list says."""

    person_id: UUID | None = SOMEBODY
    language: str | None = None
    timezone: str | None = None
    roles: tuple[str, ...] = ("public", "signed_in")

    async def may(self, access: Access, loaded: Any) -> bool:
        """Whether the access is in the list, and what was loaded is not somebody else's."""
        return access in self.roles and loaded != "of another programme"


async def by_header(request: Request[Any]) -> Identity:
    """`X-As: manager fr`: roles, and languages, of whoever asks; nobody without it."""
    words = tuple(request.headers.get("x-as", "").split())
    if not words:
        return Nobody()
    language = next((one for one in words if one in ("en", "fr")), None)
    return Somebody(language=language, roles=("public", "signed_in", *words))


async def hello(_request: Request[Any]) -> Response:
    """Answers `hello`."""
    return PlainTextResponse("hello")


async def a_form(request: Request[Any]) -> Response:
    """Answers with a token for a form."""
    return PlainTextResponse(forgery.token(request))


async def echo(request: Request[Any]) -> Response:
    """Answers with the fields that came in."""
    return PlainTextResponse(repr(request.fields))


def route(method: str, path: str, name: str, handler: Any = hello, **more: Any) -> Route[Any]:
    """A public route without anything to load, unless told otherwise."""
    return Route(method, path, name, handler, **{"access": Access.PUBLIC, "load": None, "rate": Rate.NONE, **more})


def made(settings: Settings, *routes: Route[Any], **more: Any) -> Starlette:
    """An application of these routes."""
    return assemble(settings, routes, **{"identify": by_header, **more})


@asynccontextmanager
async def opened(
    app: Starlette, client: tuple[str, int] = LOCAL, base: str = BASE, headers: dict[str, str] | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a running application; exceptions that escape it fail the test."""
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=client)
        async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers) as opened_client:
            yield opened_client
