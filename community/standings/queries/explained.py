"""Why a member stands where they stand: every tier with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from community.members.models import Status
from community.members.queries import MemberRow
from community.programmes.queries import ProgrammeRow
from community.standings.queries.chosen import listed
from community.standings.queries.present import Measured, last_run, measured, states_before
from community.standings.rules.decide import evaluate
from community.standings.rules.ladder import Ladder, ladder_of
from community.standings.rules.state import Facts, State


@dataclass(frozen=True, slots=True)
class TierReasons:
    """A tier's requirement to gain or keep it: met or not, and the reasons."""

    met: bool
    reasons: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The standing that an evaluation on the day comes to, what the member qualifies for, the reasons, and the values
    that they rest on."""

    member: MemberRow
    as_of: date
    state: State
    qualifies: str | None
    tiers: dict[str, tuple[TierReasons, TierReasons]]
    facts: Facts

    def plain(self) -> dict[str, Any]:
        """The shape of `standings explain --json`."""
        return {
            "handle": self.member.handle,
            "as_of": self.as_of,
            "tier": self.state.tier,
            "qualifies": self.qualifies,
            "at_risk_since": self.state.at_risk_since,
            "lost_on": self.state.lost_on,
            "tiers": [
                {"key": key, "gain": _side(gain), "keep": _side(keep)} for key, (gain, keep) in self.tiers.items()
            ],
        }


def _side(side: TierReasons) -> dict[str, Any]:
    return {"met": side.met, "reasons": side.reasons}


async def explain(connection: AsyncConnection, programme: ProgrammeRow, member: MemberRow, day: date) -> Explanation:
    """Evaluates a member on `day` without writing, and says why.

    Before the last day run it starts from the standing at the end of the day before; else from the present one.
    """
    ladder = ladder_of(programme.book, programme.version)
    chosen = listed(connection, [member.id])
    [found] = await measured(connection, programme, ladder, day, chosen, evaluated_only=False)
    before = found.state
    run = await last_run(connection, programme.id)
    if run is not None and day < run[0]:
        past = await states_before(connection, programme.id, day, [member.id])
        before = past.get(member.id, State())
    held = 0
    if before.since is not None and ladder.level(before.tier):
        held = max(0, (day - before.since).days)
    tiers = {
        rung.key: (
            TierReasons(
                ladder.gains(level, found.facts, held), ladder.reasons(level, found.facts, day, held, ["gain"])
            ),
            TierReasons(ladder.keeps(level, found.facts), ladder.reasons(level, found.facts, day, held, ["keep"])),
        )
        for level, rung in enumerate(ladder.rungs, start=1)
    }
    qualifies = ladder.key(max(ladder.met(found.facts, held), default=0))
    return Explanation(member, day, _after(ladder, programme, found, before, day), qualifies, tiers, found.facts)


def _after(ladder: Ladder, programme: ProgrammeRow, found: Measured, before: State, day: date) -> State:
    if found.status not in (Status.ACTIVE.value, Status.ON_LEAVE.value) or found.joined_on > day:
        return before
    return evaluate(ladder, before, found.facts, day, programme.versions.tier_changed).state
