"""The decision about one member on one day (rulebook, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from community.programmes.windows import next_cycle_start
from community.standings.rules.ladder import Ladder, Rung
from community.standings.rules.state import DEMOTION, PROMOTION, Declined, Facts, Proposal, State

TierChanged = Callable[[str, int], bool]
"""Whether a tier (key) means something else now than in a version (number)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step up or down between tier keys (None: no tier), and the reasons."""

    from_tier: str | None
    to_tier: str | None
    reasons: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Happened:
    """What an evaluation did, for history: a verb and ids, codes and numbers."""

    verb: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The standing after the evaluation, the step if there was one, and what happened."""

    state: State
    step: Step | None
    happened: tuple[Happened, ...]


def evaluate(ladder: Ladder, before: State, facts: Facts, day: date, tier_changed: TierChanged) -> Outcome:
    """Evaluates a member (active or on leave, joined by then) on `day`, by the ladder of the book in force."""
    dropped = before.tier is not None and before.tier not in ladder.levels
    if before.locked_on(day) and not dropped:
        after = replace(before, at_risk_since=None, lost_on=None, reckoned_by=None, proposal=None, declined=())
        return Outcome(after, None, tuple(_told(before, after)))
    start = State() if dropped else before
    if facts.came_back:
        start = replace(start, at_risk_since=None, lost_on=None, reckoned_by=None)
    level, since, qualified, reasons = _climb(ladder, start, facts, day)
    declined = _still_declined(ladder, start, level, qualified, tier_changed)
    stood = replace(
        start, tier=ladder.key(level), since=since, at_risk_since=None, lost_on=None, reckoned_by=None, proposal=None,
        declined=declined,
    )  # fmt: skip
    if qualified > level:
        stood = replace(stood, proposal=_promotion(ladder, start, declined, qualified, day))
        after, down = stood, None
    elif level and ladder.rungs[level - 1].demotion != "never" and not ladder.keeps(level, facts):
        after, down = _fall(ladder, start, stood, level, facts, day)
    else:
        after, down = stood, None
    after = replace(after, declined=_demotion_forgotten(after, level, ladder))
    if down is not None:
        reasons = down
    step = None if after.tier == before.tier else Step(before.tier, after.tier, reasons)
    return Outcome(after, step, tuple(_told(before, after)))


def _climb(ladder: Ladder, start: State, facts: Facts, day: date) -> tuple[int, date | None, int, list[dict[str, Any]]]:
    """Steps up until nothing moves: the level, since when, the highest level met at last, the first step's reasons."""
    level, since = ladder.level(start.tier), start.since
    reasons: list[dict[str, Any]] = []
    while True:
        held = (day - since).days if level and since else 0
        met = ladder.met(facts, held)
        candidates = [one for one in met if one > level]
        gate = next((one for one in candidates if ladder.rungs[one - 1].promotion == "manual"), None)
        target = max((one for one in candidates if gate is None or one < gate), default=level)
        if target == level:
            return level, since, max(met, default=0), reasons
        if not reasons:
            reasons = ladder.reasons(target, facts, day, held, ("gain", "own_keep"))
        level, since = target, day


def _promotion(
    ladder: Ladder, start: State, declined: tuple[Declined, ...], qualified: int, day: date
) -> Proposal | None:
    tier = ladder.key(qualified)
    if any(one.kind == PROMOTION and one.tier == tier for one in declined):
        return None
    return _kept_proposal(start, PROMOTION, tier, day)


def _kept_proposal(start: State, kind: str, tier: str | None, day: date) -> Proposal:
    present = start.proposal
    if present is not None and (present.kind, present.tier) == (kind, tier):
        return present
    return Proposal(kind, tier, day)


def _fall(
    ladder: Ladder, start: State, stood: State, level: int, facts: Facts, day: date
) -> tuple[State, list[dict[str, Any]] | None]:
    """The `keep` of the tier held does not hold: the mark, the proposal, or the step down with its reasons."""
    rung = ladder.rungs[level - 1]
    if facts.on_leave and start.at_risk_since is None:
        return stood, None
    found_on = start.at_risk_since or day
    lost_on = _lost_on(ladder, rung, stood.since or day, found_on, facts, day)
    marked = replace(stood, at_risk_since=found_on, lost_on=lost_on, reckoned_by=ladder.version)
    if facts.on_leave or day < lost_on:
        return marked, None
    lower = ladder.falls_to(level, facts)
    if rung.demotion == "manual":
        if any(one.kind == DEMOTION for one in stood.declined):
            return marked, None
        return replace(marked, proposal=_kept_proposal(start, DEMOTION, ladder.key(lower), day)), None
    held = (day - (stood.since or day)).days
    reasons = ladder.reasons(level, facts, day, held, ("keep",))
    return replace(stood, tier=ladder.key(lower), since=day if lower else None), reasons


def _lost_on(ladder: Ladder, rung: Rung, since: date, found_on: date, facts: Facts, day: date) -> date:
    terms = [_plus(since, rung.minimum_stay_days), _plus(found_on, rung.grace_days)]
    if rung.demotion == "cycle_end":
        terms.append(next_cycle_start(found_on, ladder.cycle))
    return _plus(max(terms), facts.leave_days(found_on, day))


def _plus(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _still_declined(
    ladder: Ladder, start: State, level: int, qualified: int, tier_changed: TierChanged
) -> tuple[Declined, ...]:
    """Declined proposals whose ground is not gone; those of a demotion are looked at again at the end."""
    kept = []
    for one in start.declined:
        if one.tier not in ladder.levels or tier_changed(one.tier, one.version):
            continue
        if one.kind == PROMOTION and not level < ladder.level(one.tier) <= qualified:
            continue
        kept.append(one)
    return tuple(kept)


def _demotion_forgotten(after: State, level: int, ladder: Ladder) -> tuple[Declined, ...]:
    held = after.tier if after.at_risk_since is not None and after.tier == ladder.key(level) else None
    return tuple(one for one in after.declined if one.kind == PROMOTION or one.tier == held)


def _told(before: State, after: State) -> list[Happened]:
    """What history is told: steps, marks and proposals that came or went."""
    told: list[Happened] = []
    old, new = before.proposal, after.proposal
    if old is not None and old != new:
        told.append(Happened("proposal.lapsed", {"kind": old.kind, "tier": old.tier}))
    if before.at_risk_since is not None and after.at_risk_since is None and before.tier == after.tier:
        told.append(Happened("standing.safe", {"tier": after.tier}))
    if after.at_risk_since is not None and after.at_risk_since != before.at_risk_since:
        told.append(
            Happened(
                "standing.at_risk",
                {"tier": after.tier, "lost_on": after.lost_on.isoformat() if after.lost_on else None},
            )
        )
    if new is not None and old != new:
        told.append(Happened("proposal.made", {"kind": new.kind, "tier": new.tier}))
    return told
