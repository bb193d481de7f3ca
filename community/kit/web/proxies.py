"""Whose X-Forwarded-For and X-Forwarded-Proto count: those of configured proxies, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

if TYPE_CHECKING:
    from community.kit.settings import Settings

FORWARDING = frozenset(
    {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"via"}
)
VOUCHED = "community.vouched"
"""Whether the scope's client is whoever asked: no proxy was in between, or one that is trusted."""

Network = IPv4Network | IPv6Network


class Proxies:
    """Sets the client from the headers of a trusted proxy, and marks whether the client is known for certain."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self.trusted = trusted
        named = [str(one) for one in trusted]
        self.app = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), named)) if named else app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            forwarded = any(name in FORWARDING for name, _ in scope["headers"])
            scope[VOUCHED] = not forwarded or is_within(address_of(scope), self.trusted)
        await self.app(scope, receive, send)


def address_of(scope: Scope) -> IPv4Address | IPv6Address | None:
    """The address of the client; IPv4 in IPv6's clothes is IPv4. None where there is none, as on a Unix socket."""
    try:
        found = ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def is_within(address: IPv4Address | IPv6Address | None, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    return address is not None and any(address in network for network in networks)


def neighbourhood(scope: Scope) -> str:
    """What counts as one asker: an IPv4 address, or the /64 of an IPv6 one, of which everybody has 2^64 addresses."""
    address = address_of(scope)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "none")


def is_operator(scope: Scope, settings: Settings, token: str) -> bool:
    """Whether whoever asks runs the installation: from its networks, without a stranger's proxy, or by its token."""
    expected = settings.metrics_token.get_secret_value()
    if expected and compare_digest(token.encode(), expected.encode()):
        return True
    return bool(scope.get(VOUCHED)) and is_within(address_of(scope), settings.metrics_networks)
