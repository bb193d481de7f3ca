"""The outermost layer: every request has an id, one line in the log, a count and a time.

The line names the route, never the path that was asked for, which may hold handles, addresses or tokens.
"""

from __future__ import annotations

import re
from secrets import token_hex
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from community.kit import log, metrics
from community.kit.web.request import REQUEST
from community.kit.web.routes import METHODS, Surface

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_METHODS = frozenset({*METHODS, "HEAD", "OPTIONS"})
_log = log.logger("kit.web")


class Trace:
    """Takes a proper id that came in as X-Request-ID, else makes one, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = perf_counter()
        found = _incoming(scope)
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = found
            await send(message)

        token = log.request_id.set(found)
        try:
            await self.app(scope, receive, sending)
        finally:
            _account(scope, status, perf_counter() - begun)
            log.request_id.reset(token)


def _incoming(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _ID.fullmatch(given) else token_hex(16)


def _account(scope: Scope, status: int, seconds: float) -> None:
    """One line and two measures; an answer that was never begun (the client left) counts as status 0."""
    request = scope.get(REQUEST)
    name = request.route.name if request else "none"
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.REQUESTS.labels(name, method, f"{status // 100}xx").inc()
    metrics.REQUEST_SECONDS.labels(name).observe(seconds)
    if request and request.route.surface is Surface.PROBE and status < 400:
        return
    person = request.identity.person_id if request else None
    _log.info(
        "request", route=name, method=method, status=status, ms=round(seconds * 1000, 1),
        **({"person": person} if person is not None else {}),
    )  # fmt: skip
