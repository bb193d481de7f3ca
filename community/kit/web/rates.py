"""Rate classes: how often an address may ask for what kind of thing."""

from __future__ import annotations

from enum import StrEnum


class Rate(StrEnum):
    """The class of a route; each has its bound in `BOUNDS`."""

    NONE = "none"
    """Not limited: static files, probes."""
    PAGE = "page"
    """Reading."""
    FORM = "form"
    """Changing something."""
    TYPING = "typing"
    """What a page asks while somebody types: previews, searches."""
    HEAVY = "heavy"
    """Exports, uploads, imports."""
    SIGN_IN = "sign_in"
    """Passwords, links by mail, resets, invitations."""
    API = "api"
    """Programs, by token or address."""
