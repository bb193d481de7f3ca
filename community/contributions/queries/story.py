"""Reading the whole story of one contribution: its revisions, what was done with it, its entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import REVISION
from community.history.models import RECORD
from community.kit.bulk import among
from community.ledger.models import ENTRY


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """What a contribution said after one edit."""

    number: int
    content: dict[str, Any]
    state: str
    at: datetime
    by: str


async def revisions(connection: AsyncConnection, programme_id: int, contribution_id: UUID) -> list[RevisionRow]:
    """The revisions of a contribution, the first first; none where it was never edited."""
    c = REVISION.c
    rows = await connection.execute(
        select(c.number, c.content, c.state, c.at, c.by)
        .where(c.programme_id == programme_id, c.contribution_id == contribution_id)
        .order_by(c.number)
    )
    return [RevisionRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Told:
    """A line of history about a contribution."""

    at: datetime
    actor: str
    verb: str
    data: dict[str, Any]


async def told(connection: AsyncConnection, programme_id: int, member_id: int, contribution_id: UUID) -> list[Told]:
    """What history tells of a member's contribution, in order; what was done in bulk left no line of its own."""
    c = RECORD.c
    rows = await connection.execute(
        select(c.at, c.actor, c.verb, c.data)
        .where(c.programme_id == programme_id, c.member_id == member_id, c.subject == str(contribution_id))
        .order_by(c.id)
    )
    return [Told(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class AwardRow:
    """An entry of a contribution: an award, or what took one back."""

    number: int
    kind: str
    effective_on: date
    points: int
    version: int
    recorded_at: datetime
    reverses: int | None


async def entries_of(
    connection: AsyncConnection, programme_id: int, contribution_id: UUID, awards: int
) -> list[AwardRow]:
    """The entries of a contribution of which there were so many awards, in the order in which they were posted."""
    causes = [f"contribution:{contribution_id}:{number}" for number in range(1, awards + 1)]
    back = ENTRY.alias("back")
    first, second = ([one.c[name] for name in AwardRow.__slots__] for one in (ENTRY, back))
    rows = await connection.execute(
        select(*first, *(column.label(f"back_{column.name}") for column in second))
        .select_from(
            ENTRY.outerjoin(back, and_(back.c.programme_id == ENTRY.c.programme_id, back.c.reverses == ENTRY.c.number))
        )
        .where(ENTRY.c.programme_id == programme_id, among(connection, ENTRY.c.cause, causes))
    )
    width = len(AwardRow.__slots__)
    found = [AwardRow(*row[start : start + width]) for row in rows for start in (0, width) if row[start] is not None]
    return sorted(found, key=lambda one: one.number)
