"""Where a member stands, as the home page shows it: sentence, ladder, what is missing, what lies ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.own.notice import Notice, notice
from community.home.own.rows import Asked, Rung
from community.home.own.shown import Shown
from community.kit import i18n
from community.kit.i18n import gettext as _
from community.members.place import Place
from community.members.queries import MemberRow
from community.standings.queries.ahead import credited_to, look_ahead, year_ahead
from community.standings.queries.explained import explain
from community.standings.queries.present import decisions
from community.standings.rules.ahead import Ahead
from community.standings.rules.ladder import Ladder, ladder_of

TYPES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it. `asked` are the requirements shown: of the next tier, and before it, at risk, of the one held.
    `types` are the keys of what the member reports most often."""

    sentence: str
    rungs: list[Rung]
    notices: list[Notice]
    calm: str
    types: list[str]
    asked: list[Asked] = field(default_factory=list)


async def standing(connection: AsyncConnection, place: Place, member: MemberRow, day: date) -> Standing:
    """A member's standing on a day: the same reasons as everywhere, and the forecast reckoned now."""
    programme = place.programme
    explained = await explain(connection, programme, member, day)
    ladder = ladder_of(programme.book, programme.version)
    credited = await credited_to(connection, programme.id, member.id, ladder, day)
    year = year_ahead(ladder, member, credited, day)
    shown = Shown(place, member, explained, credited, year)
    ahead = look_ahead(programme, member, explained, year) if programme.book.tiers else None
    reached = _reached(ladder, await decisions(connection, programme.id, member.id))
    notices = notice(shown, ahead)
    return Standing(shown.sentence(), shown.rungs(reached), notices, _calm(shown, ahead), _types(shown), _asked(shown))


def _types(shown: Shown) -> list[str]:
    """What the member reports most often and may still; then the first of the book."""
    known = [kind.key for kind in shown.book.contribution_types]
    usual = [one.type for one in shown.hints.usual if one.type in known]
    return list(dict.fromkeys([*usual, *known]))[:TYPES_SHOWN]


def _asked(shown: Shown) -> list[Asked]:
    found = []
    level, ladder, tiers = shown.level, shown.ladder, shown.book.tiers
    if not shown.evaluated:
        return []
    keep = ladder.rungs[level - 1].keep if level else None
    if shown.state.at_risk_since is not None and keep is not None:
        requirement = tiers[level - 1].derived_keep
        assert requirement is not None
        found.append(shown.asks(level, keep, requirement, keep=True))
    if level < len(tiers):
        rung, tier = ladder.rungs[level], tiers[level]
        if rung.gain is not None and tier.gain is not None:
            found.append(shown.asks(level + 1, rung.gain, tier.gain, keep=False))
        if rung.own_keep and rung.keep is not None and tier.own_keep is not None:
            found.append(shown.asks(level + 1, rung.keep, tier.own_keep, keep=True))
    return found


def _calm(shown: Shown, ahead: Ahead | None) -> str:
    """What is said where nothing is wrong and nothing is ahead."""
    state = shown.state
    if ahead is not None or not shown.level or not shown.evaluated or state.at_risk_since is not None:
        return ""
    if state.locked_on(shown.day):
        if state.locked_until is None:
            return _("Your tier is fixed: it neither rises nor falls.")
        return _("Your tier is fixed until %(day)s.") % {"day": i18n.day(state.locked_until)}
    name = {"tier": shown.tier_name(state.tier)}
    return _("%(tier)s is safe for a year at least, even if nothing more comes in.") % name


def _reached(ladder: Ladder, decided: Sequence[Any]) -> dict[str, date]:
    """The day on which each tier was reached last, by steps that passed or ended at it."""
    found: dict[str, date] = {}
    for one in decided:
        for level in range(ladder.level(one.from_tier) + 1, ladder.level(one.to_tier) + 1):
            found[ladder.rungs[level - 1].key] = one.day
    return found
