"""Every error becomes an answer: a page for browsers, `application/problem+json` for others.

It says what happened, what helps, and the request's id; never what went wrong inside.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from community.kit import log
from community.kit.errors import CommunityError, Conflict, InputRefused, MachineryError, NotFound, UsageError
from community.kit.outages import database_is_away
from community.kit.web.request import REQUEST
from community.kit.web.routes import Surface

RETRY_SECONDS = 5
_log = log.logger("kit.web")
_STATUSES: tuple[tuple[type[CommunityError], int], ...] = (
    (NotFound, 404),
    (UsageError, 400),
    (InputRefused, 422),
    (Conflict, 409),
    (MachineryError, 503),
)


def status_of(error: Exception) -> tuple[int, dict[str, str]]:
    """The status and headers that tell of an error; 500 for a defect of ours."""
    if isinstance(error, HTTPException):
        return error.status_code, dict(error.headers or {})
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    if status is None:
        status = 503 if database_is_away(error) else 500
    return status, {"retry-after": str(RETRY_SECONDS)} if status == 503 else {}


def answer(scope: Scope, error: Exception) -> Response:
    """The answer to a request that ended in an error; defects and outages are logged with where they were raised."""
    status, headers = status_of(error)
    if status >= 500:
        say = _log.error if status == 500 else _log.warning
        request = scope.get(REQUEST)
        say("request failed", route=request.route.name if request else "none", status=status, exc_info=error)
    return problem_json(status, headers, error)


def problem_json(status: int, headers: dict[str, str], error: Exception) -> Response:
    """`application/problem+json` (RFC 9457). What is wrong in an input is said field by field."""
    told: dict[str, Any] = {"status": status, "title": HTTPStatus(status).phrase, "request_id": log.request_id.get()}
    if isinstance(error, InputRefused):
        told["errors"] = [
            {"path": one.path, "found": one.found, "accepted": one.accepted} for one in error.problems
        ]  # fmt: skip
    return Response(json.dumps(told, ensure_ascii=False), status, headers, "application/problem+json")


def wants_page(scope: Scope) -> bool:
    """Whether whoever asks is a browser on a route for browsers."""
    request = scope.get(REQUEST)
    if request is not None and request.route.surface is not Surface.PAGE:
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


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
