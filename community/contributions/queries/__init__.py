"""Reading contributions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, State
from community.kit.errors import NotFound
from community.ledger.models import ENTRY
from community.members.models import MEMBER


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """A contribution as lists show it; `points` are those of the award in force, None where there is none."""

    id: UUID
    handle: str
    source: str
    external_id: str
    type: str
    title: str
    url: str | None
    occurred_on: date
    language: str | None
    description: str | None
    fields: dict[str, Any]
    state: str
    submitted_at: datetime
    note: str | None
    price: int | None
    priced_by: int | None
    override: int | None
    points: int | None


_OWN = [name for name in ContributionRow.__slots__ if name not in ("handle", "points")]
_SELECTED = (
    CONTRIBUTION.c.id, MEMBER.c.handle, *(CONTRIBUTION.c[name] for name in _OWN if name != "id"), ENTRY.c.points,
)  # fmt: skip
_SOURCE = CONTRIBUTION.join(
    MEMBER, (MEMBER.c.programme_id == CONTRIBUTION.c.programme_id) & (MEMBER.c.id == CONTRIBUTION.c.member_id)
).outerjoin(
    ENTRY, (ENTRY.c.programme_id == CONTRIBUTION.c.programme_id) & (ENTRY.c.number == CONTRIBUTION.c.award_number)
)


async def contributions(
    connection: AsyncConnection,
    programme_id: int,
    *,
    state: str | None = None,
    member_id: int | None = None,
    type_key: str | None = None,
) -> AsyncIterator[ContributionRow]:
    """A programme's contributions in the order in which they came in, streamed; only those asked for."""
    statement = (
        select(*_SELECTED)
        .select_from(_SOURCE)
        .where(CONTRIBUTION.c.programme_id == programme_id)
        .order_by(CONTRIBUTION.c.arrival)
    )
    for column, value in (("state", state), ("member_id", member_id), ("type", type_key)):
        if value is not None:
            statement = statement.where(CONTRIBUTION.c[column] == value)
    async for row in await connection.stream(statement):
        yield ContributionRow(*row)


async def contribution(connection: AsyncConnection, programme_id: int, contribution_id: UUID) -> ContributionRow:
    """One contribution. Raises NotFound."""
    found = (
        await connection.execute(
            select(*_SELECTED)
            .select_from(_SOURCE)
            .where(CONTRIBUTION.c.programme_id == programme_id, CONTRIBUTION.c.id == contribution_id)
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"no contribution of the programme has the id {contribution_id}")
    return ContributionRow(*found)


async def waiting(
    connection: AsyncConnection, programme_id: int, most: int, *, up_to: date | None = None
) -> list[UUID]:
    """Contributions that wait for review, those of one member together, at most `most`; of days up to `up_to`."""
    statement = (
        select(CONTRIBUTION.c.id)
        .where(CONTRIBUTION.c.programme_id == programme_id, CONTRIBUTION.c.state == State.SUBMITTED.value)
        .order_by(CONTRIBUTION.c.member_id, CONTRIBUTION.c.arrival)
        .limit(most)
    )
    if up_to is not None:
        statement = statement.where(CONTRIBUTION.c.occurred_on <= up_to)
    return list(await connection.scalars(statement))


async def count_in_state(connection: AsyncConnection, programme_id: int, state: State) -> int:
    """How many contributions of a programme are in a state."""
    found = await connection.scalar(
        select(func.count()).where(CONTRIBUTION.c.programme_id == programme_id, CONTRIBUTION.c.state == state.value)
    )
    return int(found or 0)
