"""Reading the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.digests import digest
from community.ledger.models import ENTRY, LEDGER_HEAD

DIGESTED = (
    "number", "member_id", "kind", "effective_on", "type", "points", "balance", "contributions", "reach", "reverses",
    "version", "recorded_at", "cause",
)  # fmt: skip
"""What a digest of entries covers: all of an entry but its programme, whose ledger it is."""


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


OVERTAKEN_AT_MOST = 100_000
"""Entries by which one transaction may overtake another between drafting its entries and numbering them."""


async def position_at(connection: AsyncConnection, programme_id: int, instant: datetime) -> int:
    """The ledger position at an instant: the number up to which all entries were recorded by then.

    Numbers follow the commits, and instants nearly so: whoever takes more time between drafting and numbering is
    overtaken. What was overtaken by something recorded later is not part of it, as a run at that instant would not
    have seen it.
    """
    mine = ENTRY.c.programme_id == programme_id
    newest = await connection.scalar(
        select(ENTRY.c.number).where(mine, ENTRY.c.recorded_at <= instant).order_by(ENTRY.c.number.desc()).limit(1)
    )
    if newest is None:
        return 0
    overtaking = await connection.scalar(
        select(func.min(ENTRY.c.number)).where(
            mine, ENTRY.c.number.between(newest - OVERTAKEN_AT_MOST, newest), ENTRY.c.recorded_at > instant
        )
    )
    return int(newest if overtaking is None else overtaking - 1)


async def entries_digest(
    connection: AsyncConnection, programme_id: int, before: str, *, after: int = 0, last: int
) -> str:
    """A digest over the entries numbered from `after` + 1 to `last`, and over that of the ones `before` them.

    So one that was kept at an earlier position leads to a later one by reading only what came since.
    """
    columns = [ENTRY.c[name] for name in DIGESTED]
    mine = (ENTRY.c.programme_id == programme_id,)
    return await digest(connection, before, columns, where=mine, number=ENTRY.c.number, first=after + 1, last=last)
