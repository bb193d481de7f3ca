"""Checks of the programme itself, its caps and its boards (rulebook, sections 1, 5 and 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from community.programmes.checks.known import Known, unique
from community.programmes.document import Finding

_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_NO_ZONES: Final = re.compile(r"(posix|right)/.*|posixrules|localtime|Factory")
"""Names that a zone directory may hold and IANA does not know as zones."""


def check_programme(known: Known) -> Iterator[Finding]:
    """The time zone is one that IANA names."""
    if not is_zone(known.book.programme.timezone):
        yield Finding(("programme", "timezone"), "", "an IANA time zone such as Europe/Paris or UTC", "zone")


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether IANA names that time zone."""
    if not _ZONE.fullmatch(name) or _NO_ZONES.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def check_caps(known: Known) -> Iterator[Finding]:
    """Caps name types of the book."""
    for index, cap in enumerate(known.book.caps):
        yield from known.selection(("caps", index), cap)


def check_boards(known: Known) -> Iterator[Finding]:
    """Boards have keys of their own and name types and tiers of the book."""
    yield from unique(("leaderboards",), known.book.leaderboards)
    for index, board in enumerate(known.book.leaderboards):
        path = ("leaderboards", index)
        yield from known.selection(path, board)
        if board.only is not None:
            yield from known.tiers((*path, "only", "tiers"), board.only.tiers)
