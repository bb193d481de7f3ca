"""Reading the parts that others had in contributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, PART, PartState, State
from community.kit.bulk import among
from community.members.models import EVALUATED, MEMBER

STANDING = (State.SUBMITTED.value, State.RETURNED.value, State.APPROVED.value)
"""Only what stands offers parts."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """Whose part it is said to be, and what became of that."""

    member_id: int
    handle: str
    state: str


async def of(connection: AsyncConnection, programme_id: int, contribution_id: UUID) -> list[PartRow]:
    """The parts of others in a contribution."""
    rows = await connection.execute(
        select(PART.c.member_id, MEMBER.c.handle, PART.c.state)
        .join(MEMBER, (MEMBER.c.programme_id == PART.c.programme_id) & (MEMBER.c.id == PART.c.member_id))
        .where(PART.c.programme_id == programme_id, PART.c.contribution_id == contribution_id)
        .order_by(MEMBER.c.folded)
    )
    return [PartRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Offered:
    """A part that a member is said to have had, in what, and who says so."""

    contribution_id: UUID
    state: str
    offered_at: datetime
    handle: str
    type: str
    title: str
    url: str | None
    occurred_on: date
    language: str | None
    fields: dict[str, Any]


def _offered(programme_id: int, member_id: int) -> Select[Any]:
    c, p = CONTRIBUTION.c, PART.c
    return (
        select(
            p.contribution_id, p.state, p.offered_at, MEMBER.c.handle, c.type, c.title, c.url, c.occurred_on,
            c.language, c.fields,
        )
        .select_from(PART)
        .join(CONTRIBUTION, (c.programme_id == p.programme_id) & (c.id == p.contribution_id))
        .join(MEMBER, (MEMBER.c.programme_id == c.programme_id) & (MEMBER.c.id == c.member_id))
        .where(p.programme_id == programme_id, p.member_id == member_id, c.state.in_(STANDING))
    )  # fmt: skip


async def offers(connection: AsyncConnection, programme_id: int, member_id: int) -> list[Offered]:
    """The parts that wait for a member's answer, the first offered first."""
    waiting = PART.c.state == PartState.OFFERED.value
    statement = _offered(programme_id, member_id).where(waiting).order_by(PART.c.offered_at, PART.c.contribution_id)
    return [Offered(*row) for row in await connection.execute(statement)]


async def offered(
    connection: AsyncConnection, programme_id: int, member_id: int, contribution_id: UUID
) -> Offered | None:
    """A member's part in a contribution; None where they have none in it, or it does not stand any more."""
    statement = _offered(programme_id, member_id).where(PART.c.contribution_id == contribution_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Offered(*row)


async def told_by(connection: AsyncConnection, programme_id: int, made_id: UUID) -> str | None:
    """The handle of the member under whose work a confirmed part stands; None for what is no such part."""
    found: str | None = await connection.scalar(
        select(MEMBER.c.handle)
        .select_from(PART)
        .join(
            CONTRIBUTION,
            (CONTRIBUTION.c.programme_id == PART.c.programme_id) & (CONTRIBUTION.c.id == PART.c.contribution_id),
        )
        .join(
            MEMBER,
            (MEMBER.c.programme_id == CONTRIBUTION.c.programme_id) & (MEMBER.c.id == CONTRIBUTION.c.member_id),
        )
        .where(PART.c.programme_id == programme_id, PART.c.made_id == made_id)
    )
    return found


async def by_handle(connection: AsyncConnection, programme_id: int, folded: Sequence[str]) -> dict[str, int]:
    """The ids of members who may report, by their folded handles."""
    rows = await connection.execute(
        select(MEMBER.c.folded, MEMBER.c.id).where(
            MEMBER.c.programme_id == programme_id,
            among(connection, MEMBER.c.folded, list(folded)),
            MEMBER.c.status.in_(EVALUATED),
        )
    )
    return {row.folded: row.id for row in rows}
