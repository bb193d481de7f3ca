"""Standings as they are, as they were, and the runs that led to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.members.models import MEMBER
from community.members.queries import leaves
from community.programmes.queries import ProgrammeRow
from community.standings.models import DECISION, RUN, STANDING, STANDING_CHANGE
from community.standings.queries.chosen import Chosen, listed
from community.standings.queries.verdict import STATE_COLUMNS, members_measured
from community.standings.rules.ladder import Ladder
from community.standings.rules.state import Declined, Facts, Known, Proposal, State

FIRST_STATE = 7
FIRST_VALUE = FIRST_STATE + len(STATE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Measured:
    """A member with the standing and the facts that an evaluation needs, as of the ledger position that was seen.

    `changes` and `decisions` number the rows so far; `changes` is None where there is no standing yet.
    """

    member_id: int
    handle: str
    status: str
    joined_on: date
    position: int
    state: State
    facts: Facts
    changes: int | None
    decisions: int


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A member's standing as `standings list` shows it."""

    handle: str
    state: State


async def measured(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    chosen: Chosen,
    *,
    position: int | None = None,
    evaluated_only: bool = True,
    attention_only: bool = False,
    known: Known | None = None,
) -> list[Measured]:
    """The chosen members with standing and facts on `day`, in id order: two statements, however many they are.

    With `known`, as they were known then: entries, fields, status and lock; leaves are by day already.
    """
    statement, parameters = members_measured(
        ladder,
        programme.versions,
        programme.id,
        day,
        chosen,
        sqlite=connection.dialect.name == "sqlite",
        position=position,
        evaluated_only=evaluated_only,
        attention_only=attention_only,
        known=known,
    )
    rows = (await connection.execute(statement, parameters)).all()
    away = [row[0] for row in rows if row[FIRST_STATE + 2] is not None or row[2] == "on_leave"]
    known_leaves = await leaves(connection, programme.id, away) if away else {}
    return [_measured(row, known_leaves.get(row[0], []), day) for row in rows]


def _measured(row: Any, known_leaves: Sequence[tuple[date, date]], day: date) -> Measured:
    member_id, handle, status, return_on, came_back, joined_on, position = row[:FIRST_STATE]
    on_leave = status == "on_leave" and day < return_on
    facts = Facts(tuple(row[FIRST_VALUE:]), on_leave, tuple(known_leaves), bool(came_back))
    state = state_of(row[FIRST_STATE:FIRST_VALUE])
    return Measured(
        member_id, handle, status, joined_on, position, state, facts, row[FIRST_VALUE - 2], row[FIRST_VALUE - 1] or 0
    )


def state_of(columns: Sequence[Any]) -> State:
    """A state from the columns of `STATE_COLUMNS` (the counts behind it are not read)."""
    tier, since, at_risk_since, lost_on, reckoned_by, kind, proposed, proposed_on, declined, locked, until = columns[
        :11
    ]
    return State(
        tier,
        since,
        at_risk_since,
        lost_on,
        reckoned_by,
        None if kind is None else Proposal(kind, proposed, proposed_on),
        tuple(Declined(*one) for one in declined or ()),
        bool(locked),
        until,
    )


async def standings(
    connection: AsyncConnection,
    programme_id: int,
    tier: str | None = None,
    *,
    at_risk: bool = False,
    proposed: bool = False,
) -> AsyncIterator[StandingRow]:
    """Every member's standing, by folded handle, streamed; of one tier, at risk or with a proposal where asked."""
    columns = (STANDING.c[name] for name in STATE_COLUMNS)
    source = MEMBER.outerjoin(
        STANDING, and_(STANDING.c.programme_id == programme_id, STANDING.c.member_id == MEMBER.c.id)
    )
    statement = (
        select(MEMBER.c.handle, *columns)
        .select_from(source)
        .where(MEMBER.c.programme_id == programme_id)
        .order_by(MEMBER.c.folded)
    )
    if tier is not None:
        statement = statement.where(STANDING.c.tier == tier)
    if at_risk:
        statement = statement.where(STANDING.c.at_risk_since.is_not(None))
    if proposed:
        statement = statement.where(STANDING.c.proposal_kind.is_not(None))
    async for row in await connection.stream(statement):
        yield StandingRow(row[0], state_of(row[1:]))


async def states_before(
    connection: AsyncConnection, programme_id: int, day: date, member_ids: Sequence[int]
) -> Mapping[int, State]:
    """The standings as they were left at the end of the day before `day`, locks too; who had none is left out."""
    c = STANDING_CHANGE.c
    chosen = listed(connection, member_ids)
    newest = (
        select(c.member_id, func.max(c.number).label("number"))
        .where(c.programme_id == programme_id, chosen.clause(c.member_id), c.day < day)
        .group_by(c.member_id)
        .subquery()
    )
    rows = await connection.execute(
        select(c.member_id, *(c[name] for name in STATE_COLUMNS if name in c))
        .join(newest, and_(newest.c.member_id == c.member_id, newest.c.number == c.number))
        .where(c.programme_id == programme_id, chosen.clause(c.member_id)),
        chosen.parameters(),
    )
    return {row[0]: state_of(row[1:]) for row in rows}


async def last_run(connection: AsyncConnection, programme_id: int) -> tuple[date, bool] | None:
    """The day of the newest run over everybody, and whether it was finished; None before the first."""
    row = (
        await connection.execute(
            select(RUN.c.day, RUN.c.finished_at.is_not(None))
            .where(RUN.c.programme_id == programme_id)
            .order_by(RUN.c.day.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else (row[0], bool(row[1]))


async def tally(connection: AsyncConnection, programme_id: int) -> dict[str | None, tuple[int, int, int]]:
    """Of each tier (None: no tier): how many members hold it, are at risk, and have a proposal waiting."""
    rows = await connection.execute(
        select(
            STANDING.c.tier,
            func.count(),
            func.count(STANDING.c.at_risk_since),
            func.count(STANDING.c.proposal_kind),
        )
        .select_from(
            MEMBER.outerjoin(
                STANDING, and_(STANDING.c.programme_id == programme_id, STANDING.c.member_id == MEMBER.c.id)
            )
        )
        .where(MEMBER.c.programme_id == programme_id)
        .group_by(STANDING.c.tier)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def decisions(connection: AsyncConnection, programme_id: int, member_id: int) -> list[Any]:
    """A member's decisions, the first one first."""
    rows = await connection.execute(
        select(DECISION)
        .where(DECISION.c.programme_id == programme_id, DECISION.c.member_id == member_id)
        .order_by(DECISION.c.number)
    )
    return list(rows.all())


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """A decision as a list of them shows it."""

    handle: str
    from_tier: str | None
    to_tier: str | None
    day: date
    reasons: list[dict[str, Any]]


async def decided_since(connection: AsyncConnection, programme_id: int, day: date) -> list[DecidedRow]:
    """The decisions taken after `day`, the newest first."""
    rows = await connection.execute(
        select(MEMBER.c.handle, *(DECISION.c[name] for name in DecidedRow.__slots__ if name != "handle"))
        .join(MEMBER, and_(MEMBER.c.programme_id == DECISION.c.programme_id, MEMBER.c.id == DECISION.c.member_id))
        .where(DECISION.c.programme_id == programme_id, DECISION.c.day > day)
        .order_by(DECISION.c.day.desc(), MEMBER.c.folded, DECISION.c.number)
    )
    return [DecidedRow(*row) for row in rows]
