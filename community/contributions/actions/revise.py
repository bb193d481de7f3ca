"""Keeping what contributions said: every edit leaves a revision, by whatever way it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.held import Content
from community.contributions.models import REVISION
from community.kit.bulk import among
from community.kit.clock import now
from community.kit.rows import insert_rows

COLUMNS = ("programme_id", "contribution_id", "number", "content", "state", "taken_at", "at", "by")


class Edit(NamedTuple):
    """What a contribution said, and what it says after an edit."""

    id: UUID
    before: Content
    after: Content


async def keep_edits(
    connection: AsyncConnection, programme_id: int, edits: Sequence[Edit], actor: str, *, taken: bool = True
) -> None:
    """Keeps the edits as revisions, `taken` or proposed; the first edit also keeps what stood before."""
    if not edits:
        return
    c = REVISION.c
    found = await connection.execute(
        select(c.contribution_id, func.max(c.number))
        .where(c.programme_id == programme_id, among(connection, c.contribution_id, [one.id for one in edits]))
        .group_by(c.contribution_id)
    )
    last: dict[UUID, int] = {row[0]: row[1] for row in found}
    at = now()
    rows: list[tuple[Any, ...]] = []
    for one in edits:
        number = last.get(one.id)
        if number is None:
            number = 1
            rows.append((programme_id, one.id, number, one.before.plain(), "taken", None, at, actor))
        state, taken_at = ("taken", at) if taken else ("proposed", None)
        rows.append((programme_id, one.id, number + 1, one.after.plain(), state, taken_at, at, actor))
    await insert_rows(connection, REVISION, COLUMNS, rows)
