"""What stands between a route and its handler, in this order.

The host that was asked for; how often; the body, which is read before a transaction is begun; whether a page of ours
asked for the change; then, in one transaction: who asks, what the path names, whether they may, the handler. The
transaction is committed before the answer is sent. Whoever is not signed in is asked to, before anything is loaded;
whoever may not enter learns no more than that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from community.kit import db, i18n
from community.kit.errors import NotFound
from community.kit.settings import LOCAL_HOSTS, bare_host
from community.kit.web import forgery
from community.kit.web.cookies import set_cookie
from community.kit.web.fields import take_form
from community.kit.web.problems import language_of
from community.kit.web.proxies import is_operator, neighbourhood
from community.kit.web.rates import BOUNDS, Rate
from community.kit.web.request import REQUEST, Request, Site
from community.kit.web.routes import Access, Route, Surface


class Gate:
    """The ASGI application of one path: chooses the route by method."""

    def __init__(self, routes: Iterable[Route[Any]], site: Site) -> None:
        self._site = site
        self._apps = {one.method: self._limited(one) for one in routes}

    @property
    def methods(self) -> list[str]:
        """The methods of this path."""
        return list(self._apps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._apps[method](scope, receive, send)

    def _limited(self, route: Route[Any]) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            request: Request[Any] = Request(_without_cookies(scope, route), receive, self._site, route)
            scope[REQUEST] = request
            try:
                response = await entered(request)
            finally:
                await request.close()
            for name, value in request.new_cookies.items():
                set_cookie(response, self._site.settings, name, value)
            await response(scope, receive, send)

        limit = route.body_limit or self._site.settings.body_limit
        return RequestBodyLimitMiddleware(app, limit)


def _without_cookies(scope: Scope, route: Route[Any]) -> Scope:
    """Only pages know people by their cookies: elsewhere nothing can be forged with them."""
    if route.surface is Surface.PAGE:
        return scope
    return {**scope, "headers": [one for one in scope["headers"] if one[0] != b"cookie"]}


async def entered(request: Request[Any]) -> Response:
    """Passes a request on to its handler, or raises what says why not."""
    route = request.route
    _check_host(request)
    if route.access is Access.OPERATOR and not is_operator(request.scope, request.settings, bearer(request)):
        raise NotFound("not for whoever asks")
    if route.rate is not Rate.NONE:
        await request.site.limiter.admit(BOUNDS[route.rate], neighbourhood(request.scope))
    _check_address(request)
    if not route.reads:
        await _take_body(request)
        if route.surface is Surface.PAGE:
            forgery.check(request)
    if not route.database:
        return await _spoken(request)
    return await _again_when_cut(request)


def _check_host(request: Request[Any]) -> None:
    """Only the configured host is served, so that no answer is made for another's name. Probes come by address."""
    if request.route.surface is Surface.PROBE:
        return
    host = bare_host(request.headers.get("host", ""))
    known = (bare_host(request.settings.origin.partition("//")[2]),) if request.settings.base_url else LOCAL_HOSTS
    if host not in known:
        raise HTTPException(421)


def _check_address(request: Request[Any]) -> None:
    """No database keeps a NUL, so there is nothing that a path or a query with one could name."""
    if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise HTTPException(400)


def bearer(request: Request[Any]) -> str:
    """The token of the Authorization header; empty without one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _take_body(request: Request[Any]) -> None:
    """Reads the body to its end: a slow client holds no transaction, and what is too large is refused first."""
    limit = request.route.body_limit or request.settings.body_limit
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise HTTPException(413)
    try:
        if request.route.surface is Surface.PAGE:
            await take_form(request)
        else:
            await request.body()
    except HTTPException as error:
        raise HTTPException(error.status_code) from error  # the layer of the limit would answer a 413 of its own


class _Cut(Exception):
    """The connection to the database broke before anything was committed."""


async def _again_when_cut(request: Request[Any]) -> Response:
    """The first request after a restart of the database finds a dead connection; nothing was done, so once more."""
    try:
        return await _within_transaction(request)
    except _Cut:
        return await _within_transaction(request)


async def _within_transaction(request: Request[Any]) -> Response:
    if request.route.reads:
        async with db.reading(request.site.engine) as connection:
            return await _admitted(request, connection)
    try:
        return await request.site.transact(request.site.engine, lambda connection: _changed(request, connection))
    except _TakenBack as refusal:
        return refusal.response


class _TakenBack(Exception):
    """The handler answered with an error: whatever it had changed by then is taken back."""

    def __init__(self, response: Response) -> None:
        self.response = response


async def _changed(request: Request[Any], connection: AsyncConnection) -> Response:
    response = await _admitted(request, connection)
    if response.status_code >= 400:
        raise _TakenBack(response)
    return response


async def _admitted(request: Request[Any], connection: AsyncConnection) -> Response:
    try:
        return await _handled(request, connection)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _Cut from error
        raise


async def _handled(request: Request[Any], connection: AsyncConnection) -> Response:
    route = request.route
    request.connection = connection
    request.identity = await request.site.identify(request)
    if route.access not in (Access.PUBLIC, Access.OPERATOR) and request.identity.person_id is None:
        raise HTTPException(401)
    request.loaded = await route.load(request) if route.load is not None else None
    if route.access is not Access.OPERATOR and not await request.identity.may(route.access, request.loaded):
        raise NotFound("not for whoever asks")
    if route.surface is Surface.PAGE:
        request.shell = await request.site.shell(request)
    return await _spoken(request)


async def _spoken(request: Request[Any]) -> Response:
    with i18n.speaking(language_of(request)):
        return await request.route.handler(request)
