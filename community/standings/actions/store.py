"""Writing what evaluations decided: standings, their changes, decisions and history, in one go for many members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import not_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.bulk import among, update_rows
from community.kit.clock import now
from community.kit.rows import insert_rows
from community.members import actions as members
from community.members.models import MEMBER, Reader
from community.standings.models import DECISION, STANDING, STANDING_CHANGE
from community.standings.queries.present import Measured
from community.standings.queries.then import came_back_since, locks_since
from community.standings.rules.decide import Happened, Outcome, Step
from community.standings.rules.state import Known, State

KEPT = (
    "tier", "since", "at_risk_since", "lost_on", "reckoned_by", "proposal_kind", "proposal_tier", "proposed_on",
    "declined", "locked", "locked_until",
)  # fmt: skip
PRESENT = (*KEPT, "changes", "decisions")
DECIDED = (
    "programme_id", "member_id", "number", "from_tier", "to_tier", "day", "position", "version", "reasons",
    "decided_by", "note", "at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruling:
    """What goes for all that is written: the day, the version of the book, who decides, and whether quietly; and on a
    day made up, what was known.
    """

    programme_id: int
    day: date
    version: int
    actor: str
    quiet: bool = False
    note: str | None = None
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A member as measured, and what came of it."""

    member: Measured
    outcome: Outcome

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.outcome.state != self.member.state


async def store(connection: AsyncConnection, ruling: Ruling, judged: Sequence[Judged]) -> None:
    """Writes the standings that changed, with their decisions and records. The members' rows are locked."""
    changed = [one for one in judged if one.changed]
    back = [one.member.member_id for one in judged if one.member.facts.came_back]
    if back:
        seen = update(MEMBER).where(MEMBER.c.programme_id == ruling.programme_id, among(connection, MEMBER.c.id, back))
        if ruling.known is not None:
            seen = seen.where(not_(came_back_since(ruling.programme_id, ruling.known.instant)))
        await connection.execute(seen.values(came_back=False))
    if not changed:
        return
    await _standings(connection, ruling, changed)
    await _changes(connection, ruling, changed)
    stepped = [(one, one.outcome.step) for one in changed if one.outcome.step]
    await _decisions(connection, ruling, stepped)
    await members.touch(connection, ruling.programme_id, [one.member.member_id for one, _ in stepped], (Reader.BOARDS,))
    lines = [line for one in changed for line in _lines(one, ruling)]
    await write(connection, ruling.programme_id, ruling.actor, lines, quiet=ruling.quiet)


async def _standings(connection: AsyncConnection, ruling: Ruling, changed: Sequence[Judged]) -> None:
    fresh: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    locks: dict[int, tuple[bool, date | None]] = {}
    if ruling.known is not None:  # a lock that came after the day made up stays
        ids = [one.member.member_id for one in changed]
        locks = await locks_since(connection, ruling.programme_id, ids, ruling.known.instant)
    for one in changed:
        state = one.outcome.state
        if one.member.member_id in locks:
            locked, until = locks[one.member.member_id]
            state = replace(state, locked=locked, locked_until=until)
        row = (
            ruling.programme_id, one.member.member_id, *kept(state),
            (one.member.changes or 0) + 1, one.member.decisions + (one.outcome.step is not None),
        )  # fmt: skip
        (fresh if one.member.changes is None else known).append(row)
    if fresh:
        await insert_rows(connection, STANDING, ("programme_id", "member_id", *PRESENT), fresh)
    await update_rows(connection, STANDING, ["programme_id", "member_id"], PRESENT, known)


async def _changes(connection: AsyncConnection, ruling: Ruling, changed: Sequence[Judged]) -> None:
    at = ruling.known.instant if ruling.known else now()
    rows = [
        (
            ruling.programme_id, one.member.member_id, (one.member.changes or 0) + 1, ruling.day, at,
            *kept(one.outcome.state),
        )
        for one in changed
    ]  # fmt: skip
    columns = ("programme_id", "member_id", "number", "day", "at", *KEPT)
    await insert_rows(connection, STANDING_CHANGE, columns, rows)


async def _decisions(connection: AsyncConnection, ruling: Ruling, stepped: Sequence[tuple[Judged, Step]]) -> None:
    at = now()
    rows = [
        (
            ruling.programme_id, one.member.member_id, one.member.decisions + 1, step.from_tier, step.to_tier,
            ruling.day, one.member.position, ruling.version, step.reasons, ruling.actor, ruling.note, at,
        )
        for one, step in stepped
    ]  # fmt: skip
    if rows:
        await insert_rows(connection, DECISION, DECIDED, rows)


def _lines(judged: Judged, ruling: Ruling) -> list[Line]:
    step = judged.outcome.step
    happened = list(judged.outcome.happened)
    if step is not None:
        verb = "tier.lost" if step.to_tier is None else "tier.gained" if step.from_tier is None else "tier.changed"
        data = {"from": step.from_tier, "to": step.to_tier, "decision": judged.member.decisions + 1}
        happened.insert(0, Happened(verb, data))
    common = {"day": ruling.day.isoformat(), "version": ruling.version}
    return [Line(one.verb, judged.member.member_id, data={**common, **one.data}) for one in happened]


def kept(state: State) -> tuple[Any, ...]:
    """A state in the order of the columns `KEPT`."""
    proposal = state.proposal
    return (
        state.tier, state.since, state.at_risk_since, state.lost_on, state.reckoned_by,
        proposal and proposal.kind, proposal and proposal.tier, proposal and proposal.made_on,
        [list(asdict(one).values()) for one in state.declined] or None, state.locked, state.locked_until,
    )  # fmt: skip
