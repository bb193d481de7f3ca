"""What processes note of themselves, and what is cleared away in the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs.models import HEARTBEAT, JOB, State
from community.jobs.rules import Tally
from community.kit.clock import now
from community.kit.db import is_sqlite


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
