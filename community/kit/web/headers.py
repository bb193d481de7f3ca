"""What browsers are told on every answer, also on errors, redirects and files."""

from __future__ import annotations

from secrets import token_urlsafe

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from community.kit.web.request import REQUEST
from community.kit.web.routes import Surface

NONCE = "community.nonce"
"""Where the scope holds the nonce of the page, once a page asked for one."""

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
POLICY_OF_DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For what is no page: nothing may be run or framed."""

HSTS = "max-age=31536000; includeSubDomains"
VARY = "Cookie, HX-Request, Sec-Fetch-Site"


def nonce(scope: Scope) -> str:
    """The nonce of this answer, 128 random bits; the same for the whole page."""
    found: str = scope.setdefault(NONCE, token_urlsafe(16))
    return found


def policy_of_pages(scope: Scope) -> str:
    """The Content-Security-Policy of a page; scripts run only with its nonce."""
    scripts = f"'nonce-{scope[NONCE]}'" if NONCE in scope else "'none'"
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; report-uri /csp-reports"
    )


class SecurityHeaders:
    """Adds them where an answer does not say otherwise. Nothing is kept by caches unless its handler says so."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app = app
        self._always = {**ALWAYS, **({"strict-transport-security": HSTS} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(scope, MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, sending)

    def _complete(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in self._always.items():
            headers.setdefault(name, value)
        is_page = headers.get("content-type", "").startswith("text/html")
        headers.setdefault("content-security-policy", policy_of_pages(scope) if is_page else POLICY_OF_DATA)
        headers.setdefault("cache-control", "no-store")
        request = scope.get(REQUEST)
        if is_page or (request is not None and request.route.surface is Surface.PAGE and request.route.database):
            headers.add_vary_header(VARY)
