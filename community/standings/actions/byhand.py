"""What managers do by hand: accept or decline a proposal, place, lock and unlock; and tiers that come with an import.

Decisions by hand are taken on the day of the last run over everybody if there was one, else today, so that days never
go back; a day after that can be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.errors import Conflict, NotFound, UsageError
from community.members import actions as members
from community.members.forms import MemberRow
from community.members.models import Reader, Status
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run import BY_RULES, decide_about
from community.standings.actions.store import Judged, Ruling, store
from community.standings.queries.chosen import listed
from community.standings.queries.present import Measured, last_run, measured
from community.standings.rules.decide import Happened, Outcome, Step
from community.standings.rules.ladder import Ladder, ladder_of
from community.standings.rules.state import DEMOTION, Declined, State

IMPORTED = "imported"


@dataclass(frozen=True)
class Hand:
    """Somebody at work on the standings of a programme: the open transaction, the programme, who, and the day."""

    connection: AsyncConnection
    programme: ProgrammeRow
    actor: str
    day: date

    @property
    def ladder(self) -> Ladder:
        """The ladder in force."""
        return ladder_of(self.programme.book, self.programme.version)


async def hand(connection: AsyncConnection, programme: ProgrammeRow, actor: str, day: date | None = None) -> Hand:
    """Somebody at work on `day`; by default that of the last run, else today. Raises UsageError for an earlier one."""
    before = await last_run(connection, programme.id)
    if before is not None and day is not None and day < before[0]:
        raise UsageError(f"{day} lies before the last day run, {before[0]}")
    return Hand(connection, programme, actor, day or (before[0] if before else programme.today))


async def accept(at: Hand, member_id: int, note: str | None = None) -> bool:
    """Accepts the proposal that waits: evaluates first, then moves the member. Answers False where the evaluation let
    the proposal lapse; what it decided stays. Raises Conflict where nothing waits.
    """
    asked = (await _member(at, member_id)).state.proposal
    if asked is None:
        raise Conflict("no proposal waits for this member")
    await _evaluate(at, member_id)
    found = await _member(at, member_id)
    waits = found.state.proposal
    if waits is None or (waits.kind, waits.tier) != (asked.kind, asked.tier):
        return False
    told = [Happened("proposal.accepted", {"kind": waits.kind, "tier": waits.tier})]
    await _move(at, found, waits.tier, told, note)
    return True


async def decline(at: Hand, member_id: int, note: str | None = None) -> None:
    """Declines the proposal that waits. Raises Conflict where nothing does."""
    found = await _member(at, member_id)
    waits = found.state.proposal
    if waits is None:
        raise Conflict("no proposal waits for this member")
    bound_to = found.state.tier if waits.kind == DEMOTION else waits.tier
    assert bound_to is not None
    mark = Declined(waits.kind, bound_to, at.programme.version)
    others = tuple(one for one in found.state.declined if (one.kind, one.tier) != (mark.kind, mark.tier))
    state = replace(found.state, proposal=None, declined=(*others, mark))
    told = (Happened("proposal.declined", {"kind": waits.kind, "tier": waits.tier}),)
    await _store(at, found, Outcome(state, None, told), note)


async def place(at: Hand, member_id: int, tier: str | None, note: str) -> None:
    """Moves a member to a tier, or to none, by hand and with a reason. Raises Conflict if they hold it."""
    if tier is not None and tier not in at.ladder.levels:
        known = ", ".join(at.ladder.levels) or "none"
        raise NotFound(f"the book has no tier {tier!r}; it has: {known}")
    if not note.strip():
        raise UsageError("placing a member needs a reason")
    found = await _member(at, member_id)
    if found.state.tier == tier:
        raise Conflict(f"the member holds {tier or 'no tier'} already")
    await _move(at, found, tier, [], note)


async def lock(at: Hand, member_id: int, *, until: date | None = None, note: str | None = None) -> None:
    """Locks a member in the tier held, to `until` (its last day) or for good. Raises Conflict if locked so already."""
    found = await _member(at, member_id)
    if found.state.locked and found.state.locked_until == until:
        raise Conflict("the member is locked already")
    state = replace(found.state, locked=True, locked_until=until)
    told = (Happened("standing.locked", {"until": until.isoformat() if until else None}),)
    await _store(at, found, Outcome(state, None, told), note)


async def unlock(at: Hand, member_id: int, *, note: str | None = None) -> None:
    """Ends a lock; the next evaluation starts afresh. Raises Conflict where there is none."""
    found = await _member(at, member_id)
    if not found.state.locked:
        raise Conflict("the member is not locked")
    state = replace(found.state, locked=False, locked_until=None)
    await _store(at, found, Outcome(state, None, (Happened("standing.unlocked"),)), note)


@dataclass(frozen=True, slots=True)
class Brought:
    """A tier and a lock that a member brings along from elsewhere; None says nothing about it."""

    member_id: int
    tier: str | None = None
    since: date | None = None
    locked: bool | date | None = None


async def bring_along(
    connection: AsyncConnection, programme: ProgrammeRow, rows: Sequence[tuple[int, MemberRow]]
) -> set[int]:
    """Takes over what the rows of a members file bring along; answers the members whose standing changed."""
    brought = [
        Brought(member_id, row.tier, row.tier_since, None if row.lock is None else row.lock.until or row.lock.locked)
        for member_id, row in rows
    ]
    return await take_over(Hand(connection, programme, IMPORTED, programme.today), brought)


async def take_over(at: Hand, brought: Sequence[Brought]) -> set[int]:
    """Tiers and locks as imported, for many members at once: a decision each where the tier is another.

    Answers the members whose standing changed.
    """
    by_id = {one.member_id: one for one in brought}
    await members.lock(at.connection, at.programme.id, by_id)
    found = await measured(
        at.connection, at.programme, at.ladder, at.day, listed(at.connection, sorted(by_id)), evaluated_only=False
    )
    by_day: dict[date, list[Judged]] = {}
    for one in found:
        outcome = _taken_over(one, by_id[one.member_id], at.day)
        if outcome.state != one.state:
            by_day.setdefault(by_id[one.member_id].since or at.day, []).append(Judged(one, outcome))
    for day, judged in sorted(by_day.items()):
        ruling = Ruling(at.programme.id, day, at.programme.version, IMPORTED, quiet=True)
        await store(at.connection, ruling, judged)
    changed = {one.member.member_id for judged in by_day.values() for one in judged}
    await members.touch(at.connection, at.programme.id, changed)
    return changed


def _taken_over(member: Measured, brought: Brought, day: date) -> Outcome:
    state, step = member.state, None
    happened: tuple[Happened, ...] = ()
    if brought.tier is not None and brought.tier != state.tier:
        step, happened = Step(state.tier, brought.tier, []), _lapsed(state)
        state = State(
            tier=brought.tier, since=brought.since or day, locked=state.locked, locked_until=state.locked_until
        )
    if brought.locked is not None:
        until = brought.locked if isinstance(brought.locked, date) else None
        locked = bool(brought.locked)
        state = replace(state, locked=locked, locked_until=until if locked else None)
    return Outcome(state, step, happened)


def _lapsed(state: State) -> tuple[Happened, ...]:
    """What is recorded of the proposal that a change of tier by hand, or by a file, leaves behind."""
    proposal = state.proposal
    return () if proposal is None else (Happened("proposal.lapsed", {"kind": proposal.kind, "tier": proposal.tier}),)


async def _member(at: Hand, member_id: int) -> Measured:
    await members.lock(at.connection, at.programme.id, [member_id])
    chosen = listed(at.connection, [member_id])
    [found] = await measured(at.connection, at.programme, at.ladder, at.day, chosen, evaluated_only=False)
    return found


async def _evaluate(at: Hand, member_id: int) -> None:
    found = await _member(at, member_id)
    if found.status in (Status.ACTIVE.value, Status.ON_LEAVE.value) and found.joined_on <= at.day:
        await decide_about(at.connection, at.programme, at.ladder, at.day, [member_id], actor=BY_RULES)


async def _move(at: Hand, found: Measured, tier: str | None, told: list[Happened], note: str | None) -> None:
    state = State(
        tier=tier, since=at.day if tier else None, locked=found.state.locked, locked_until=found.state.locked_until
    )
    happened = tuple(told) or _lapsed(found.state)
    await _store(at, found, Outcome(state, Step(found.state.tier, tier, []), happened), note)


async def _store(at: Hand, found: Measured, outcome: Outcome, note: str | None) -> None:
    ruling = Ruling(at.programme.id, at.day, at.programme.version, at.actor, note=note)
    await store(at.connection, ruling, [Judged(found, outcome)])
    await members.touch(at.connection, at.programme.id, [found.member_id], (Reader.STANDINGS,))
    if note and outcome.step is None:
        await write(
            at.connection, at.programme.id, at.actor, [Line("standing.noted", found.member_id, data={"note": note})]
        )
