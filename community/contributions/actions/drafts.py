"""Keeping what a member began to report, and throwing it away."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import DRAFT, PART, PartState
from community.kit.clock import now
from community.kit.errors import Conflict
from community.members import actions as members

DRAFTS_AT_MOST = 50
"""Drafts that a member keeps."""


async def save_draft(
    connection: AsyncConnection, programme_id: int, member_id: int, key: UUID, fields: Mapping[str, str]
) -> None:
    """Keeps what was typed under a key, in place of what was kept there. Raises Conflict where there are too many."""
    await members.lock(connection, programme_id, [member_id])
    kept = await connection.execute(
        update(DRAFT)
        .where(DRAFT.c.programme_id == programme_id, DRAFT.c.member_id == member_id, DRAFT.c.key == key)
        .values(fields=dict(fields), saved_at=now())
    )
    if kept.rowcount:
        return
    count = await connection.scalar(
        select(func.count()).where(DRAFT.c.programme_id == programme_id, DRAFT.c.member_id == member_id)
    )
    if int(count or 0) >= DRAFTS_AT_MOST:
        raise Conflict(f"a member keeps at most {DRAFTS_AT_MOST} drafts")
    await connection.execute(
        insert(DRAFT).values(
            programme_id=programme_id, member_id=member_id, key=key, fields=dict(fields), saved_at=now()
        )
    )


async def delete_draft(connection: AsyncConnection, programme_id: int, member_id: int, key: UUID) -> None:
    """Throws a draft away; nothing happens where there is none."""
    await connection.execute(
        delete(DRAFT).where(DRAFT.c.programme_id == programme_id, DRAFT.c.member_id == member_id, DRAFT.c.key == key)
    )


async def forget_begun(connection: AsyncConnection, programme_id: int, member_id: int) -> None:
    """Throws away what a member who is erased had begun, and the parts that they were offered and never answered."""
    await connection.execute(delete(DRAFT).where(DRAFT.c.programme_id == programme_id, DRAFT.c.member_id == member_id))
    await connection.execute(
        delete(PART).where(
            PART.c.programme_id == programme_id,
            PART.c.member_id == member_id,
            PART.c.state == PartState.OFFERED.value,
        )
    )
