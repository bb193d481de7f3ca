"""The verbs on jobs: add, claim, finish, split, fail, hand back, retry, discard; and the slots of the timetable.

A job's effects and its end are one transaction, fenced by the claim: whoever lost the claim meanwhile writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import random
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.jobs import queries
from community.jobs.models import HEARTBEAT, JOB, SLOT, State
from community.jobs.rules import LEASE, Recurring, Tally, backoff
from community.kit import log
from community.kit.bulk import among
from community.kit.clock import now
from community.kit.db import happened, is_sqlite
from community.kit.errors import Conflict
from community.kit.ids import new_id
from community.kit.rows import insert_rows

FEW = 20
"""Up to so many rows go in by an INSERT; more by COPY."""
ERROR_CHARACTERS = 4_000
COLUMNS = (
    "id", "programme_id", "kind", "arguments", "key", "state", "run_at", "tries", "parent_id", "parts", "parts_done",
    "cause", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be added. Those with the same `key` that wait are taken together by one run."""

    kind: str
    programme_id: int | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    after: timedelta = timedelta(0)
    parent_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Told:
    """A job of which those who run jobs are told after the commit."""

    id: UUID
    kind: str


@dataclass(slots=True)
class Claim:
    """Jobs with one key (or one without) that this process runs as one, until the lease runs out.

    `parts` > 0: it was split, and all its parts are done.
    """

    ids: list[UUID]
    token: UUID
    kind: str
    programme_id: int | None
    arguments: dict[str, Any]
    tries: int
    parent_id: UUID | None
    parts: int
    cause: str | None


class LostError(Exception):
    """The claim was lost meanwhile: the lease ran out, and somebody else does or did the work. Nothing is written."""


async def add(connection: AsyncConnection, jobs: Sequence[NewJob]) -> list[UUID]:
    """Adds jobs in the transaction of what they follow from; answers their ids."""
    if not jobs:
        return []
    at, cause = now(), log.request_id.get() or log.job_id.get()
    rows = [
        (one.id, one.programme_id, one.kind, one.arguments, one.key, State.WAITING.value, at + one.after, 0,
         one.parent_id, 0, 0, cause, at)
        for one in jobs
    ]  # fmt: skip
    if len(rows) <= FEW:
        await connection.execute(insert(JOB), [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        await insert_rows(connection, JOB, COLUMNS, rows)
    _tell(connection, [Told(row[0], row[2]) for row, one in zip(rows, jobs, strict=True) if not one.after])
    return [row[0] for row in rows]


def _tell(connection: AsyncConnection, told: Sequence[Told]) -> None:
    so_far = happened(connection)
    if so_far is not None:
        so_far.told += told


async def claim(
    connection: AsyncConnection,
    worker: str,
    kinds: Sequence[str],
    most: int,
    *,
    ids: Sequence[UUID] | None = None,
    tried: bool = False,
) -> list[Claim]:
    """Claims at most `most` jobs of some kinds that are due (of `ids`, if given), and with each those of its key.

    A job whose parts are done is claimed alone: what it has begun says nothing of those that were asked for since.
    """
    present, token = now(), new_id()
    chosen = queries.claimable(kinds, present, most, tried=tried)
    if ids is not None:
        chosen = chosen.where(among(connection, JOB.c.id, list(ids)))
    taken = {
        "state": State.RUNNING.value, "claim": token, "worker": worker, "lease_until": present + LEASE,
        "started_at": present, "tries": JOB.c.tries + 1,
    }  # fmt: skip
    columns = (
        JOB.c.id, JOB.c.kind, JOB.c.programme_id, JOB.c.arguments, JOB.c.tries, JOB.c.parent_id, JOB.c.parts,
        JOB.c.cause, JOB.c.key,
    )  # fmt: skip
    first = update(JOB).where(JOB.c.id.in_(chosen.with_for_update(skip_locked=True))).values(taken).returning(*columns)
    rows = list((await connection.execute(first)).all())
    keys = sorted({row.key for row in rows if row.key is not None and not row.parts})
    if keys:
        alike = select(JOB.c.id).where(
            JOB.c.key.in_(keys), JOB.c.state == State.WAITING.value, JOB.c.run_at <= present, JOB.c.parts == 0
        )
        same = update(JOB).where(JOB.c.id.in_(alike.with_for_update(skip_locked=True))).values(taken)
        rows += (await connection.execute(same.returning(*columns))).all()
    return _together(sorted(rows, key=lambda row: row.id), token)


def _together(rows: Sequence[Any], token: UUID) -> list[Claim]:
    claims: dict[Any, Claim] = {}
    for row in rows:
        alike = row.id if row.key is None or row.parts else row.key
        known = claims.get(alike)
        if known is not None:
            known.ids.append(row.id)
            known.tries = max(known.tries, row.tries)
            continue
        claims[alike] = Claim(
            [row.id], token, row.kind, row.programme_id, row.arguments, row.tries, row.parent_id, row.parts, row.cause
        )
    return list(claims.values())


async def renew(connection: AsyncConnection, claims: Sequence[Claim]) -> None:
    """Keeps these claims for another lease. What a process claimed without learning of it is not among them."""
    ids = [id_ for one in claims for id_ in one.ids]
    mine = JOB.c.claim.in_({one.token for one in claims})
    await connection.execute(
        update(JOB)
        .where(among(connection, JOB.c.id, ids), mine, JOB.c.state == State.RUNNING.value)
        .values(lease_until=now() + LEASE)
    )


async def hold(connection: AsyncConnection, claimed: Claim) -> None:
    """Makes sure, at the end of a transaction that is not the last, that the claim still stands. Raises LostError."""
    await _fenced(connection, claimed, {"lease_until": now() + LEASE})


async def finish(connection: AsyncConnection, claimed: Claim) -> None:
    """The end of a job, in the transaction of its effects. Raises LostError where the claim was lost."""
    await _fenced(connection, claimed, _ended(State.DONE))
    if claimed.parent_id is not None:
        await _part_done(connection, claimed.parent_id)


async def split(
    connection: AsyncConnection, claimed: Claim, parts: Sequence[NewJob], arguments: dict[str, Any]
) -> None:
    """The job goes on, with these arguments, when all its parts are done; others that were claimed with it have ended.

    Raises LostError where the claim was lost.
    """
    first, *others = claimed.ids
    if others:
        await _fenced(connection, replace(claimed, ids=others), _ended(State.DONE))
    values = {
        "state": State.SPLIT.value, "claim": None, "lease_until": None, "parts": len(parts), "parts_done": 0,
        "arguments": arguments,
    }  # fmt: skip
    await _fenced(connection, replace(claimed, ids=[first]), values)
    await add(connection, parts)


async def _part_done(connection: AsyncConnection, parent_id: UUID) -> None:
    """Counts a part; the last one wakes the job that was split."""
    done = JOB.c.parts_done + 1
    ready = done >= JOB.c.parts
    row = (
        await connection.execute(
            update(JOB)
            .where(JOB.c.id == parent_id)
            .values(
                parts_done=done,
                state=case((ready & (JOB.c.state == State.SPLIT.value), State.WAITING.value), else_=JOB.c.state),
                tries=case((ready, 0), else_=JOB.c.tries),
                run_at=case((ready, now()), else_=JOB.c.run_at),
            )
            .returning(JOB.c.state, JOB.c.kind)
        )
    ).one()
    if row.state == State.WAITING.value:
        _tell(connection, [Told(parent_id, row.kind)])


async def _fenced(connection: AsyncConnection, claimed: Claim, values: dict[str, Any]) -> None:
    found: CursorResult[Any] = await connection.execute(
        update(JOB)
        .where(
            among(connection, JOB.c.id, claimed.ids),
            JOB.c.claim == claimed.token,
            JOB.c.state == State.RUNNING.value,
        )
        .values(values)
    )
    if found.rowcount != len(claimed.ids):
        raise LostError(claimed.kind)


def _ended(state: State) -> dict[str, Any]:
    return {"state": state.value, "claim": None, "lease_until": None, "finished_at": now()}


async def fail(connection: AsyncConnection, claimed: Claim, error: str, tries_at_most: int) -> bool:
    """Notes why a job failed: it is tried again later, or is dead now; answers whether it is dead."""
    dead = claimed.tries >= tries_at_most
    again = {
        "state": State.WAITING.value, "claim": None, "lease_until": None,
        "run_at": now() + backoff(claimed.tries, random()),  # noqa: S311 - to spread, not to hide
    }  # fmt: skip
    values = _ended(State.DEAD) if dead else again
    await _fenced(connection, claimed, {**values, "error": error[:ERROR_CHARACTERS]})
    if dead:
        await _bury(connection, claimed, error)
    return dead


async def _bury(connection: AsyncConnection, claimed: Claim, error: str) -> None:
    """A dead job is told of in history; the one that it is a part of cannot end, and is dead with it."""
    lines = [Line("job.dead", subject=str(id_), data={"kind": claimed.kind}) for id_ in claimed.ids]
    await write(connection, claimed.programme_id, "jobs", lines)
    if claimed.parent_id is not None:
        reason = f"its part {claimed.ids[0]} is dead: {error}"[:ERROR_CHARACTERS]
        await connection.execute(
            update(JOB)
            .where(JOB.c.id == claimed.parent_id, JOB.c.state == State.SPLIT.value)
            .values(**_ended(State.DEAD), error=reason)
        )


async def hand_back(connection: AsyncConnection, claims: Sequence[Claim]) -> None:
    """Gives back what was claimed and not finished, for others to take at once; it does not count as a try."""
    for claimed in claims:
        await connection.execute(
            update(JOB)
            .where(
                among(connection, JOB.c.id, claimed.ids),
                JOB.c.claim == claimed.token,
                JOB.c.state == State.RUNNING.value,
            )
            .values(state=State.WAITING.value, claim=None, lease_until=None, tries=JOB.c.tries - 1)
        )
        _tell(connection, [Told(id_, claimed.kind) for id_ in claimed.ids])


async def retry(connection: AsyncConnection, job_id: UUID, *, actor: str) -> None:
    """Lets a dead or discarded job wait again, with fresh tries. Raises NotFound, and Conflict in another state."""
    found = await queries.job(connection, job_id)
    if found.state not in (State.DEAD.value, State.DISCARDED.value):
        raise Conflict(f"the job is {found.state}; only a dead or discarded one can be tried again")
    children = found.parts > found.parts_done
    waits = State.SPLIT if children else State.WAITING
    await connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id, JOB.c.state == found.state)
        .values(state=waits.value, tries=0, run_at=now(), finished_at=None, error=None)
    )
    if children:
        await _revive(connection, job_id)
    if found.parent_id is not None:
        await connection.execute(
            update(JOB)
            .where(JOB.c.id == found.parent_id, JOB.c.state == State.DEAD.value)
            .values(state=State.SPLIT.value, finished_at=None, error=None)
        )
    await write(connection, found.programme_id, actor, [Line("job.retried", subject=str(job_id))])
    _tell(connection, [Told(job_id, found.kind)])


async def _revive(connection: AsyncConnection, parent_id: UUID) -> None:
    rows = await connection.execute(
        update(JOB)
        .where(JOB.c.parent_id == parent_id, JOB.c.state == State.DEAD.value)
        .values(state=State.WAITING.value, tries=0, run_at=now(), finished_at=None, error=None)
        .returning(JOB.c.id, JOB.c.kind)
    )
    _tell(connection, [Told(id_, kind) for id_, kind in rows])


async def discard(connection: AsyncConnection, job_id: UUID, *, actor: str) -> None:
    """Ends a job that waits or is dead without doing it. Raises NotFound, and Conflict in another state."""
    found = await queries.job(connection, job_id)
    ended: CursorResult[Any] = await connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id, JOB.c.state.in_((State.WAITING.value, State.DEAD.value)))
        .values(_ended(State.DISCARDED))
    )
    if not ended.rowcount:
        raise Conflict(f"the job is {found.state}; only one that waits or is dead can be discarded")
    await write(connection, found.programme_id, actor, [Line("job.discarded", subject=str(job_id))])


async def take_slot(connection: AsyncConnection, line: Recurring, programme_id: int | None, at: datetime) -> bool:
    """Takes a slot of the timetable and adds its job; answers False where it was taken already."""
    insert_slot = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(SLOT)
    due = NewJob(line.kind, programme_id, {"slot": at.isoformat()})
    taken = await connection.scalar(
        insert_slot.values(name=line.name, programme_id=programme_id or 0, at=at, job_id=due.id)
        .on_conflict_do_nothing()
        .returning(SLOT.c.job_id)
    )
    if taken is None:
        return False
    await add(connection, [due])
    return True


async def beat(connection: AsyncConnection, worker: str, started_at: datetime, tally: Tally) -> None:
    """Notes that a process that runs jobs swept just now, and how its jobs ended so far."""
    insert_beat = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(HEARTBEAT)
    await connection.execute(
        insert_beat.values(worker=worker, started_at=started_at, swept_at=now(), tally=tally).on_conflict_do_update(
            index_elements=["worker"],
            set_={name: insert_beat.excluded[name] for name in ("swept_at", "tally")},
        )
    )


async def clean(connection: AsyncConnection, *, finished_before: datetime, most: int) -> int:
    """Removes at most `most` jobs that ended before an instant, old slots, and heartbeats of processes that are gone.

    Dead jobs stay until somebody retries or discards them. Answers how many jobs went.
    """
    old = (
        select(JOB.c.id)
        .where(JOB.c.state.in_((State.DONE.value, State.DISCARDED.value)), JOB.c.finished_at < finished_before)
        .limit(most)
    )
    gone: CursorResult[Any] = await connection.execute(delete(JOB).where(JOB.c.id.in_(old)))
    await connection.execute(delete(HEARTBEAT).where(HEARTBEAT.c.swept_at < finished_before))
    return gone.rowcount
