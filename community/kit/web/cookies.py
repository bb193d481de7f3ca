"""The cookies of the product: what they are called, and how they are set. `docs/security.md` says what each is for."""

from __future__ import annotations

from starlette.responses import Response

from community.kit.settings import Settings

SESSION = "sid"
VISITOR = "visitor"
"""Of somebody who is not signed in, and was shown a form: binds its token."""


def named(settings: Settings, name: str) -> str:
    """The cookie's full name: `__Host-…` keeps it to this host and to TLS; this machine is served without TLS."""
    return f"__Host-{name}" if settings.secure else name


def set_cookie(response: Response, settings: Settings, name: str, value: str, seconds: int | None = None) -> None:
    """Sets a cookie that scripts cannot read and other sites cannot make a browser send; None: until it is closed."""
    response.set_cookie(
        named(settings, name), value, seconds, path="/", secure=settings.secure, httponly=True, samesite="lax"
    )


def drop_cookie(response: Response, settings: Settings, name: str) -> None:
    """Removes it."""
    response.delete_cookie(named(settings, name), path="/", secure=settings.secure, httponly=True, samesite="lax")
