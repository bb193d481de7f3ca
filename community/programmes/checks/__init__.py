"""What must hold between the parts of a book (rulebook, sections 1 to 7), checked on whatever parts could be read."""

from __future__ import annotations

from collections.abc import Iterator

from community.programmes.checks import programme, rewards, tiers, types
from community.programmes.checks.known import Known
from community.programmes.document import Finding, described
from community.programmes.structure import Readable

__all__ = ["check"]


def check(readable: Readable) -> list[Finding]:
    """What is wrong between the parts; nothing is said of parts that are broken in themselves."""
    return [
        Finding(path, one.found or described(readable.document.at(path)), one.accepted, one.rule)
        for one in _all(Known.of(readable))
        if readable.is_whole(path := readable.path(one.path))
    ]


def _all(known: Known) -> Iterator[Finding]:
    yield from programme.check_programme(known)
    yield from types.check_types(known)
    yield from programme.check_caps(known)
    yield from tiers.check_tiers(known)
    yield from programme.check_boards(known)
    yield from rewards.check_rewards(known)
