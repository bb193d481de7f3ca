"""Who asks, afresh at each request; the door that pages use; the cookie of a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.responses import Response

from community.kit.clock import now
from community.kit.db import writing
from community.kit.errors import SignInFirst
from community.kit.rates.limiter import Limiter
from community.kit.web.cookies import SESSION, named, set_cookie
from community.kit.web.proxies import neighbourhood
from community.kit.web.redirects import go, is_htmx, own_path
from community.kit.web.request import Identify, Identity, Nobody, Request
from community.kit.web.routes import Access
from community.people.actions import sessions
from community.people.actions.sessions import Opened
from community.people.actions.tokens import digest_of
from community.people.door import Door, Origin, Titles
from community.people.passwords import Hasher
from community.people.rules import MEMBER_WHOLE, SEEN_EVERY, Role, Visitor, confirmed

WRITTEN_AFTER_SECONDS = 1.0

Ask = Callable[..., Awaitable[Visitor | None]]
"""`ask(connection, digest, programme=SLUG or None, unit=SLUG or None)`: `members.queries.visitor`, one statement."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody with a session, as they are at this moment, at the programme or unit that the path names."""

    visitor: Visitor

    @property
    def person_id(self) -> UUID | None:
        """Their id."""
        return self.visitor.person_id

    @property
    def language(self) -> str | None:
        """The language that they chose."""
        return self.visitor.locale

    @property
    def timezone(self) -> str | None:
        """The zone in which they read times."""
        return self.visitor.timezone

    async def may(self, access: Access, loaded: Any) -> bool:
        """Whether they may enter; what was loaded must be of the programme whose slug the path named."""
        programme_id = getattr(loaded, "programme_id", None)
        if programme_id is not None and programme_id != self.visitor.programme_id:
            return False
        if access in (Access.PUBLIC, Access.SIGNED_IN):
            return True
        if access is Access.MEMBER:
            return self.visitor.member_id is not None
        if access is Access.ADMIN:
            return self.visitor.leads_all
        needed = {Access.REVIEWER: Role.REVIEWER, Access.MANAGER: Role.MANAGER, Access.LEAD: Role.LEAD}.get(access)
        return needed is not None and needed in self.visitor.roles


def identifying(ask: Ask) -> Identify:
    """Identifies by the session's cookie. `/p/{slug}…` and `/units/{unit}…` name what rights are asked for."""

    async def identify(request: Request[Any]) -> Identity:
        secret = request.cookies.get(named(request.settings, SESSION))
        if not secret:
            return Nobody()
        places = request.path_params
        path = request.route.path
        programme = str(places["slug"]) if path.startswith("/p/{slug}") else None
        unit = str(places["unit"]) if path.startswith("/units/{unit}") else None
        visitor = await ask(request.connection, digest_of(secret), programme=programme, unit=unit)
        if visitor is None:
            return Nobody()
        if now() >= visitor.seen_at + SEEN_EVERY:
            seen_of(request).note(visitor.session_id)
        return SignedIn(visitor)

    return identify


class Seen:
    """Sessions in use, written down a little later, many at once: pages that only read write nothing themselves."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: set[UUID] = set()
        self._task: asyncio.Task[None] | None = None

    def note(self, session_id: UUID) -> None:
        """This session is in use."""
        self._waiting.add(session_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Writes what waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.write()

    async def write(self) -> None:
        """Writes what waits, now."""
        noted, self._waiting = self._waiting, set()
        if noted:
            async with writing(self._engine) as connection:
                await sessions.seen(connection, sorted(noted))

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITTEN_AFTER_SECONDS)
        try:
            await self.write()
        except (SQLAlchemyError, OSError) as error:  # the database is away: each next request notes its session again
            log.warning("sessions in use were not noted", error=type(error).__name__)


def opened(titles: Titles) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """The hook by which a web process has its door; `titles` are what no password may lean on."""

    @asynccontextmanager
    async def hook(app: Starlette) -> AsyncIterator[None]:
        settings, engine = app.state.site.settings, app.state.site.engine
        limiter, hasher = Limiter(engine, settings.redis_url), Hasher()
        app.state.door = Door(engine, limiter, hasher, settings.password_length, titles)
        app.state.seen = Seen(engine)
        yield
        await app.state.seen.close()
        await limiter.close()
        hasher.close()

    return hook


def door_of(request: Request[Any]) -> Door:
    """The door of this process."""
    found: Door = request.app.state.door
    return found


def seen_of(request: Request[Any]) -> Seen:
    """Where sessions in use are noted."""
    found: Seen = request.app.state.seen
    return found


def origin_of(request: Request[Any]) -> Origin:
    """Where a request comes from."""
    return Origin(neighbourhood(request.scope), request.headers.get("user-agent", ""))


def secret_of(request: Request[Any]) -> str:
    """The secret of the session that came along; empty without one."""
    return request.cookies.get(named(request.settings, SESSION), "")


def visitor_of(request: Request[Any]) -> Visitor:
    """Who is signed in. Raises SignInFirst."""
    if not isinstance(request.identity, SignedIn):
        raise SignInFirst("nobody is signed in")
    return request.identity.visitor


def let_in(request: Request[Any], session: Opened, path: str) -> Response:
    """On to a page of ours, with the cookie of the session."""
    response = go(request, path)
    set_cookie(response, request.settings, SESSION, session.secret, int(MEMBER_WHOLE.total_seconds()))
    return response


def next_of(request: Request[Any]) -> str:
    """The page to go to afterwards, where one of ours was named."""
    return own_path(request.fields.get("next") or request.query.get("next"))


def confirm_first(request: Request[Any], back: str) -> Response | None:
    """Where it is some time since one said who one is: on to the page for that; None where it is not."""
    if confirmed(visitor_of(request).confirmed_at, now()):
        return None
    path = f"{request.path_to('people.confirm')}?next={quote(back, safe='/')}"
    if is_htmx(request):
        return Response(status_code=401, headers={"hx-redirect": path})
    return go(request, path)
