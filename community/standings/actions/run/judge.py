"""Evaluating members: what it comes to, and writing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from community.members import actions as members
from community.members.models import Reader
from community.programmes.queries import ProgrammeRow
from community.standings.actions.store import Judged, Ruling, store
from community.standings.queries.chosen import listed
from community.standings.queries.present import Measured, measured, states_before
from community.standings.rules.decide import Outcome, evaluate
from community.standings.rules.ladder import Ladder
from community.standings.rules.state import Known, State


async def decide_about(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    ids: Sequence[int],
    *,
    actor: str,
    quiet: bool = False,
) -> list[Judged]:
    """Locks the members, evaluates them, writes what changed and takes their marks away."""
    await members.lock(connection, programme.id, ids)
    return await decide_locked(connection, programme, ladder, day, ids, actor=actor, quiet=quiet)


async def decide_locked(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    ids: Sequence[int],
    *,
    actor: str,
    quiet: bool,
    known: Known | None = None,
) -> list[Judged]:
    """The same where the members are locked already. On a day made up (`known`) the marks stay: what touched a member
    may have come later.
    """
    if not ids:
        return []
    judged = await judge(connection, programme, ladder, day, ids, attention_only=True, known=known)
    await store(connection, Ruling(programme.id, day, ladder.version, actor, quiet, known=known), judged)
    if known is None:
        await members.untouch(connection, programme.id, Reader.STANDINGS, ids)
    return judged


async def judge(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    ids: Sequence[int],
    *,
    past: bool = False,
    attention_only: bool = False,
    known: Known | None = None,
) -> list[Judged]:
    """What an evaluation on `day` comes to, for each of the members; writes nothing.

    `past`: it starts from the standings as they were left at the end of the day before. `attention_only`: only for
    those about whom something may change, which the database finds. `known`: it sees only what was known then.
    """
    found = await measured(
        connection, programme, ladder, day, listed(connection, ids), attention_only=attention_only, known=known
    )
    if past:
        found = await as_before(connection, programme.id, day, found)
    return [Judged(one, outcome_of(ladder, one, day, programme)) for one in found]


async def as_before(
    connection: AsyncConnection, programme_id: int, day: date, found: Sequence[Measured]
) -> list[Measured]:
    """The members with the standings that they had at the end of the day before `day`."""
    states = await states_before(connection, programme_id, day, [one.member_id for one in found])
    return [replace(one, state=states.get(one.member_id, State())) for one in found]


def outcome_of(ladder: Ladder, member: Measured, day: date, programme: ProgrammeRow) -> Outcome:
    """The decision about a member as measured."""
    return evaluate(ladder, member.state, member.facts, day, programme.versions.tier_changed)
