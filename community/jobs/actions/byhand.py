"""What operators do with jobs by hand: try again, discard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.jobs import queries
from community.jobs.actions.adding import Told, tell
from community.jobs.actions.ending import ended
from community.jobs.models import JOB, State
from community.kit.clock import now
from community.kit.errors import Conflict


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
    tell(connection, [Told(job_id, found.kind)])


async def _revive(connection: AsyncConnection, parent_id: UUID) -> None:
    rows = await connection.execute(
        update(JOB)
        .where(JOB.c.parent_id == parent_id, JOB.c.state == State.DEAD.value)
        .values(state=State.WAITING.value, tries=0, run_at=now(), finished_at=None, error=None)
        .returning(JOB.c.id, JOB.c.kind)
    )
    tell(connection, [Told(id_, kind) for id_, kind in rows])


async def discard(connection: AsyncConnection, job_id: UUID, *, actor: str) -> None:
    """Ends a job that waits or is dead without doing it. Raises NotFound, and Conflict in another state."""
    found = await queries.job(connection, job_id)
    done: CursorResult[Any] = await connection.execute(
        update(JOB)
        .where(JOB.c.id == job_id, JOB.c.state.in_((State.WAITING.value, State.DEAD.value)))
        .values(ended(State.DISCARDED))
    )
    if not done.rowcount:
        raise Conflict(f"the job is {found.state}; only one that waits or is dead can be discarded")
    await write(connection, found.programme_id, actor, [Line("job.discarded", subject=str(job_id))])
