"""Every error becomes an answer: a page for browsers, `application/problem+json` for others.

It says what happened, what helps, and the request's id; never what went wrong inside.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from community.kit import i18n, log
from community.kit.errors import (
    CommunityError,
    Conflict,
    InputRefused,
    MachineryError,
    NotFound,
    SignInFirst,
    TooMany,
    UsageError,
)
from community.kit.outages import database_is_away
from community.kit.web.pages import page
from community.kit.web.problem_words import words_of
from community.kit.web.rates import Rate
from community.kit.web.redirects import go, is_htmx, own_path
from community.kit.web.request import REQUEST, Request
from community.kit.web.routes import Access, Route, Surface

RETRY_SECONDS = 5
_log = log.logger("kit.web")
_STATUSES: tuple[tuple[type[CommunityError], int], ...] = (
    (NotFound, 404),
    (UsageError, 400),
    (InputRefused, 422),
    (Conflict, 409),
    (SignInFirst, 401),
    (TooMany, 429),
    (MachineryError, 503),
)


def status_of(error: Exception) -> tuple[int, dict[str, str]]:
    """The status and headers that tell of an error; 500 for a defect of ours."""
    if isinstance(error, HTTPException):
        return error.status_code, dict(error.headers or {})
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    if status is None:
        status = 503 if database_is_away(error) else 500
    if isinstance(error, TooMany):
        return status, {"retry-after": str(error.wait_seconds)}
    return status, {"retry-after": str(RETRY_SECONDS)} if status == 503 else {}


def answer(scope: Scope, error: Exception) -> Response:
    """The answer to a request that ended in an error; defects and outages are logged with where they were raised."""
    status, headers = status_of(error)
    request = scope.get(REQUEST) or _unrouted(scope)
    if status >= 500:
        say = _log.error if status == 500 else _log.warning
        say("request failed", route=request.route.name, status=status, exc_info=error)
    try:
        with i18n.speaking(language_of(request)):
            return _answered(request, status, headers, error)
    except Exception as worse:
        _log.error("problem page failed", status=status, exc_info=worse)
        return Response(HTTPStatus(status).phrase, status, headers, "text/plain")


def language_of(request: Request[Any]) -> str:
    """The language of an answer: by person, then programme, then browser."""
    accepted = request.headers.get("accept-language", "")
    return i18n.chosen(request.identity.language, request.programme_language, accepted=accepted)


def _answered(request: Request[Any], status: int, headers: dict[str, str], error: Exception) -> Response:
    is_for_people = request.route.surface is Surface.PAGE
    if is_for_people and status == 401 and request.site.sign_in:
        return go(request, f"{request.path_to(request.site.sign_in)}?next={quote(_wanted(request), safe='/')}")
    if not is_for_people or not (is_htmx(request) or "text/html" in request.headers.get("accept", "")):
        return problem_json(status, headers, error)
    title, help_words = words_of(status)
    faults = error.problems if isinstance(error, InputRefused) else ()
    response = page(
        request, "problems/problem.html", block="problem", status=status,
        number=status, title=title, help=help_words, faults=faults, id=log.request_id.get(),
    )  # fmt: skip
    if is_htmx(request):
        headers = {**headers, "hx-retarget": "#problem", "hx-reswap": "innerHTML"}
    response.headers.update(headers)
    return response


def problem_json(status: int, headers: dict[str, str], error: Exception) -> Response:
    """`application/problem+json` (RFC 9457). What is wrong in an input is said field by field."""
    title, help_words = words_of(status)
    told: dict[str, Any] = {"status": status, "title": title, "detail": help_words, "request_id": log.request_id.get()}
    if isinstance(error, InputRefused):
        told["errors"] = [
            {"path": one.path, "found": one.found, "accepted": one.accepted} for one in error.problems
        ]  # fmt: skip
    return Response(json.dumps(told, ensure_ascii=False), status, headers, "application/problem+json")


def _wanted(request: Request[Any]) -> str:
    """The page to come back to after signing in: this one, or the one that htmx works in."""
    if request.method == "GET" and not is_htmx(request):
        query = request.url.query
        return own_path(request.url.path + (f"?{query}" if query else ""))
    return own_path(urlsplit(request.headers.get("hx-current-url", "")).path)


async def _nothing(_request: Request[None]) -> Response:
    return Response(status_code=404)


NO_ROUTE: Route[None] = Route("GET", "/", "kit.none", _nothing, access=Access.PUBLIC, load=None, rate=Rate.NONE)
"""What stands for the route of a path that has none."""


def _unrouted(scope: Scope) -> Request[None]:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    return Request(scope, receive, scope["app"].state.site, NO_ROUTE)


async def of_http(request: StarletteRequest, error: Exception) -> Response:
    """Starlette's handler for what was refused on the way: 404, 405, 413 …"""
    return answer(request.scope, error)


class Problems:
    """The last resort: whatever is raised further in is answered here, unless the answer has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except ClientDisconnect:
            return  # nobody is left to be answered
        except Exception as error:
            if begun:
                raise
            await answer(scope, error)(scope, receive, send)
