"""Reading jobs: one, lists, counts, and how long the queue has been waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs.models import HEARTBEAT, JOB, State
from community.jobs.rules import CLOCKS_DIFFER_BY, Tally
from community.kit.clock import now
from community.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as lists and pages show it."""

    id: UUID
    programme_id: int | None
    kind: str
    arguments: dict[str, Any]
    state: str
    run_at: datetime
    tries: int
    worker: str | None
    lease_until: datetime | None
    parent_id: UUID | None
    parts: int
    parts_done: int
    cause: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


_COLUMNS = tuple(JOB.c[name] for name in JobRow.__slots__)


async def job(connection: AsyncConnection, job_id: UUID) -> JobRow:
    """The job of that id. Raises NotFound."""
    found = (await connection.execute(select(*_COLUMNS).where(JOB.c.id == job_id))).one_or_none()
    if found is None:
        raise NotFound(f"there is no job {job_id}")
    return JobRow(*found)


async def jobs(
    connection: AsyncConnection,
    *,
    state: str | None = None,
    kind: str | None = None,
    programme_id: int | None = None,
    before: UUID | None = None,
    most: int = 100,
) -> list[JobRow]:
    """Jobs, the newest first, at most `most`; the next page begins `before` the last id of this one."""
    statement = select(*_COLUMNS).order_by(JOB.c.id.desc()).limit(most)
    for column, value in ((JOB.c.state, state), (JOB.c.kind, kind), (JOB.c.programme_id, programme_id)):
        if value is not None:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(JOB.c.id < before)
    return [JobRow(*row) for row in await connection.execute(statement)]


async def counts(connection: AsyncConnection) -> list[tuple[str, str, int]]:
    """How many jobs of each kind are in each state: (kind, state, count)."""
    rows = await connection.execute(
        select(JOB.c.kind, JOB.c.state, func.count())
        .group_by(JOB.c.kind, JOB.c.state)
        .order_by(JOB.c.kind, JOB.c.state)
    )
    return [(kind, state, count) for kind, state, count in rows]


async def by_programme(connection: AsyncConnection) -> dict[tuple[int | None, str], int]:
    """How many jobs of each programme are in each state, by (programme id, state); those that ended are left out."""
    by = (JOB.c.programme_id, JOB.c.state)
    unended = JOB.c.state.not_in((State.DONE.value, State.DISCARDED.value))
    rows = await connection.execute(select(*by, func.count()).where(unended).group_by(*by))
    return {(programme_id, state): count for programme_id, state, count in rows}


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the queue stands: jobs that wait and are due, seconds since the oldest of them was due, jobs that are dead,
    and when a process that runs jobs last swept (None: none did yet).
    """

    waiting: dict[str, int]
    oldest_seconds: float
    dead: int
    swept_at: datetime | None


async def queue_state(connection: AsyncConnection) -> QueueState:
    """How the queue stands now."""
    present = now()
    rows = await connection.execute(
        select(JOB.c.kind, func.count(), func.min(JOB.c.run_at))
        .where(JOB.c.state == State.WAITING.value, JOB.c.run_at <= present)
        .group_by(JOB.c.kind)
    )
    waiting, oldest = {}, present
    for kind, count, first in rows:
        waiting[kind] = count
        oldest = min(oldest, first)
    dead = await connection.scalar(select(func.count()).where(JOB.c.state == State.DEAD.value))
    swept_at = await connection.scalar(select(func.max(HEARTBEAT.c.swept_at)))
    return QueueState(waiting, (present - oldest).total_seconds(), int(dead or 0), swept_at)


async def tallies(connection: AsyncConnection) -> list[Tally]:
    """How the jobs of each process ended, as long as its heartbeat is kept."""
    return list((await connection.scalars(select(HEARTBEAT.c.tally))).all())


def claimable(kinds: Sequence[str], present: datetime, most: int, *, tried: bool) -> Select[tuple[UUID]]:
    """Ids of jobs of some kinds that may be claimed: due, or left behind by whoever lost the lease.

    `tried`: those that were tried before, else those that were not.
    """
    c = JOB.c
    due = and_(c.state == State.WAITING.value, c.run_at <= present + CLOCKS_DIFFER_BY)
    left = and_(c.state == State.RUNNING.value, c.lease_until < present)
    return (
        select(c.id)
        .where(c.kind.in_(kinds), or_(due, left), c.tries > 0 if tried else c.tries == 0)
        .order_by(c.run_at, c.id)
        .limit(most)
    )


async def due(connection: AsyncConnection, short: Sequence[str], heavy: Sequence[str]) -> tuple[bool, bool, bool]:
    """Whether anything may be claimed: short jobs, jobs that were tried before, heavy ones. One statement."""
    present = now()
    row = (
        await connection.execute(
            select(
                claimable(short, present, 1, tried=False).exists(),
                claimable([*short, *heavy], present, 1, tried=True).exists(),
                claimable(heavy, present, 1, tried=False).exists(),
            )
        )
    ).one()
    return bool(row[0]), bool(row[1]), bool(row[2])


async def under_way(connection: AsyncConnection, programme_id: int, kinds: Sequence[str]) -> list[JobRow]:
    """Jobs of a programme that wait, run or are split, the oldest first."""
    rows = await connection.execute(
        select(*_COLUMNS)
        .where(
            JOB.c.programme_id == programme_id,
            JOB.c.kind.in_(kinds),
            JOB.c.state.in_((State.WAITING.value, State.RUNNING.value, State.SPLIT.value)),
        )
        .order_by(JOB.c.id)
    )
    return [JobRow(*row) for row in rows]


async def instant(connection: AsyncConnection) -> datetime:
    """The present instant by the clock of the database (PostgreSQL)."""
    found: datetime | None = await connection.scalar(select(func.clock_timestamp()))
    assert found is not None
    return found
