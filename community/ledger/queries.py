"""Reading the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.ledger.models import ENTRY, LEDGER_HEAD


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums over all entries of a member."""

    points: int
    balance: int
    contributions: int
    reach: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as a statement shows it."""

    number: int
    kind: str
    effective_on: date
    type: str | None
    points: int
    balance: int
    contributions: int
    reach: int
    cause: str
    reverses: int | None
    version: int
    recorded_at: datetime


async def balance(connection: AsyncConnection, programme_id: int, member_id: int) -> Balance:
    """What a member has earned and can spend, from the entries."""
    sums = (func.coalesce(func.sum(ENTRY.c[name]), 0) for name in Balance.__slots__)
    row = (
        await connection.execute(
            select(*sums).where(ENTRY.c.programme_id == programme_id, ENTRY.c.member_id == member_id)
        )
    ).one()
    return Balance(*(int(value) for value in row))


async def entries(connection: AsyncConnection, programme_id: int, member_id: int) -> AsyncIterator[EntryRow]:
    """A member's entries in the order in which they were posted, streamed."""
    columns = (ENTRY.c[name] for name in EntryRow.__slots__)
    statement = (
        select(*columns)
        .where(ENTRY.c.programme_id == programme_id, ENTRY.c.member_id == member_id)
        .order_by(ENTRY.c.number)
    )
    async for row in await connection.stream(statement):
        yield EntryRow(*row)


async def position(connection: AsyncConnection, programme_id: int) -> int:
    """The ledger position: the number of the last entry committed."""
    found = await connection.scalar(select(LEDGER_HEAD.c.number).where(LEDGER_HEAD.c.programme_id == programme_id))
    return int(found or 0)
