"""Adding jobs, in the transaction of what they follow from; and the slots of the timetable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs.models import JOB, SLOT, State
from community.jobs.rules import Recurring
from community.kit import log
from community.kit.clock import now
from community.kit.db import happened, is_sqlite
from community.kit.ids import new_id
from community.kit.rows import insert_rows

FEW = 20
"""Up to so many rows go in by an INSERT; more by COPY."""
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
    tell(connection, [Told(row[0], row[2]) for row, one in zip(rows, jobs, strict=True) if not one.after])
    return [row[0] for row in rows]


def tell(connection: AsyncConnection, told: Sequence[Told]) -> None:
    """Those who run jobs are told of these after the commit."""
    so_far = happened(connection)
    if so_far is not None:
        so_far.told += told


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
