"""Whether a change was asked for by a page of ours: where the request came from, and the token of the form.

The browser says where a request came from (`Sec-Fetch-Site`, else `Origin`); and each form carries a token that only
whoever holds the session's cookie could have been given. A token is fresh in every page, so that compression gives
nothing away, and void with its session. Visitors who are not signed in get a cookie of their own with their first form.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from secrets import token_bytes, token_urlsafe
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from community.kit.secrets import Signer
from community.kit.settings import Settings
from community.kit.web.cookies import SESSION, VISITOR, named

if TYPE_CHECKING:
    from community.kit.web.request import Request

FIELD = "csrf"
HEADER = "x-csrf-token"
SALT_BYTES = 16


def token(request: Request[Any]) -> str:
    """A token for a form of this page. Whoever holds no cookie yet gets one with the answer."""
    holder = _holder(request)
    if not holder:
        holder = token_urlsafe(24)
        request.new_cookies[VISITOR] = holder
    salt = token_bytes(SALT_BYTES)
    return urlsafe_b64encode(salt + request.site.forms.sign(salt + holder.encode())).decode()


def check(request: Request[Any]) -> None:
    """Refuses with 403 what did not come from a page of ours. Cookies decide nothing before this."""
    came_from_us = _site_is_ours(request) and _is_ours(request.site.forms, _holder(request), _given(request))
    if not came_from_us:
        raise HTTPException(403)


def _holder(request: Request[Any]) -> str:
    """What the token is bound to: the session's cookie, else the visitor's; empty without either."""
    for name in (SESSION, VISITOR):
        if found := request.cookies.get(named(request.settings, name)):
            return found
    return request.new_cookies.get(VISITOR, "")


def _given(request: Request[Any]) -> str:
    return request.headers.get(HEADER) or request.fields.get(FIELD, "")


def _is_ours(signer: Signer, holder: str, given: str) -> bool:
    try:
        raw = urlsafe_b64decode(given.encode("ascii"))
    except (NotBase64, UnicodeEncodeError, ValueError):
        return False
    salt, signature = raw[:SALT_BYTES], raw[SALT_BYTES:]
    return bool(holder) and signer.is_signed(salt + holder.encode(), signature)


def _site_is_ours(request: Request[Any]) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return request.headers.get("origin") == origin(request.settings, request.headers.get("host", ""))


def origin(settings: Settings, host: str) -> str:
    """The origin of our pages. On this machine it is whichever of its names was asked for; the host was checked."""
    return settings.base_url or f"http://{host}"
