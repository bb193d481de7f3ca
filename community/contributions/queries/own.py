"""Reading what is a member's own: contributions, drafts, and what a report is helped by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, DRAFT
from community.kit.bulk import by_key
from community.ledger.models import ENTRY
from community.members.models import EVALUATED, MEMBER

AWARDED = CONTRIBUTION.outerjoin(
    ENTRY, (ENTRY.c.programme_id == CONTRIBUTION.c.programme_id) & (ENTRY.c.number == CONTRIBUTION.c.award_number)
)
"""Contributions with their awards in force."""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A contribution as its member sees it: with its place in line, its decision, its award in force."""

    id: UUID
    source: str
    arrival: int
    type: str
    title: str
    url: str | None
    occurred_on: date
    language: str | None
    description: str | None
    fields: dict[str, Any]
    state: str
    submitted_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str | None
    price: int | None
    priced_by: int | None
    override: int | None
    override_note: str | None
    past_caps: bool
    awards: int
    points: int | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of a member's contributions are asked for: by state, by type, by a text of title or link."""

    state: str = ""
    type: str = ""
    text: str = ""


def _own(programme_id: int, member_id: int) -> Select[Any]:
    columns = (CONTRIBUTION.c[name] for name in OwnRow.__slots__ if name != "points")
    return (
        select(*columns, ENTRY.c.points)
        .select_from(AWARDED)
        .where(CONTRIBUTION.c.programme_id == programme_id, CONTRIBUTION.c.member_id == member_id)
    )


async def own(
    connection: AsyncConnection,
    programme_id: int,
    member_id: int,
    chosen: Chosen,
    *,
    before: tuple[date, int] | None = None,
    most: int,
) -> list[OwnRow]:
    """A member's contributions, the latest day first, at most `most`; only those `before` a place (day, arrival)."""
    c = CONTRIBUTION.c
    statement = _own(programme_id, member_id).order_by(c.occurred_on.desc(), c.arrival.desc()).limit(most)
    if chosen.state:
        statement = statement.where(c.state == chosen.state)
    if chosen.type:
        statement = statement.where(c.type == chosen.type)
    if chosen.text:
        statement = statement.where(
            or_(c.title.icontains(chosen.text, autoescape=True), c.url.icontains(chosen.text, autoescape=True))
        )
    if before is not None:
        day, arrival = before
        statement = statement.where(or_(c.occurred_on < day, and_(c.occurred_on == day, c.arrival < arrival)))
    return [OwnRow(*row) for row in await connection.execute(statement)]


async def own_one(
    connection: AsyncConnection, programme_id: int, member_id: int, contribution_id: UUID
) -> OwnRow | None:
    """One of a member's contributions; None for an id that none of theirs has."""
    found = (
        await connection.execute(_own(programme_id, member_id).where(CONTRIBUTION.c.id == contribution_id))
    ).one_or_none()
    return None if found is None else OwnRow(*found)


async def own_sums(connection: AsyncConnection, programme_id: int, member_id: int) -> dict[str, tuple[int, int]]:
    """How many contributions a member has in each state, and the points of their awards in force."""
    rows = await connection.execute(
        select(CONTRIBUTION.c.state, func.count(), func.coalesce(func.sum(ENTRY.c.points), 0))
        .select_from(AWARDED)
        .where(CONTRIBUTION.c.programme_id == programme_id, CONTRIBUTION.c.member_id == member_id)
        .group_by(CONTRIBUTION.c.state)
    )
    return {state: (int(count), int(points)) for state, count, points in rows}


async def own_by_keys(
    connection: AsyncConnection, programme_id: int, source: str, external_ids: Sequence[str]
) -> dict[str, tuple[UUID, str]]:
    """The contributions that a source knows by those ids: id and state, by the id there."""
    c = CONTRIBUTION.c
    mine = select(c.external_id, c.id, c.state).where(c.programme_id == programme_id, c.source == source)
    rows = await connection.execute(by_key(connection, mine, c.external_id, external_ids))
    return {row[0]: (row[1], row[2]) for row in rows}


async def may_report(connection: AsyncConnection, programme_id: int, member_id: int) -> bool:
    """Whether a member may report: those who are evaluated may (rulebook, section 6, Status)."""
    status = await connection.scalar(
        select(MEMBER.c.status).where(MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
    )
    return status in EVALUATED


@dataclass(frozen=True, slots=True)
class Before:
    """A contribution with the same link: whose it is, its state and since when it is there."""

    id: UUID
    member_id: int
    state: str
    submitted_at: datetime


async def with_link(connection: AsyncConnection, programme_id: int, links: Sequence[str], most: int) -> list[Before]:
    """The programme's contributions with one of the links, the first reported first, at most `most`."""
    c = CONTRIBUTION.c
    rows = await connection.execute(
        select(c.id, c.member_id, c.state, c.submitted_at)
        .where(c.url.in_(links), c.programme_id == programme_id)
        .order_by(c.arrival)
        .limit(most)
    )
    return [Before(*row) for row in rows]


async def habits(connection: AsyncConnection, programme_id: int, member_id: int, host: str) -> str | None:
    """The type of a member's last contribution with a link of that host."""
    c = CONTRIBUTION.c
    starts = [f"{scheme}://{www}{host}/" for scheme in ("https", "http") for www in ("", "www.")]
    found: str | None = await connection.scalar(
        select(c.type)
        .where(
            c.programme_id == programme_id,
            c.member_id == member_id,
            or_(*(c.url.istartswith(start, autoescape=True) for start in starts)),
        )
        .order_by(c.occurred_on.desc(), c.arrival.desc())
        .limit(1)
    )
    return found


async def last_language(connection: AsyncConnection, programme_id: int, member_id: int) -> str | None:
    """The language of a member's last contribution."""
    c = CONTRIBUTION.c
    found: str | None = await connection.scalar(
        select(c.language)
        .where(c.programme_id == programme_id, c.member_id == member_id)
        .order_by(c.occurred_on.desc(), c.arrival.desc())
        .limit(1)
    )
    return found


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as it was typed."""

    key: UUID
    fields: dict[str, Any]
    saved_at: datetime


async def drafts(connection: AsyncConnection, programme_id: int, member_id: int) -> list[DraftRow]:
    """A member's drafts, the last saved first."""
    d = DRAFT.c
    rows = await connection.execute(
        select(d.key, d.fields, d.saved_at)
        .where(d.programme_id == programme_id, d.member_id == member_id)
        .order_by(d.saved_at.desc(), d.key)
    )
    return [DraftRow(*row) for row in rows]


async def draft(connection: AsyncConnection, programme_id: int, member_id: int, key: UUID) -> DraftRow | None:
    """One of a member's drafts; None where there is none of that key."""
    d = DRAFT.c
    row = (
        await connection.execute(
            select(d.key, d.fields, d.saved_at).where(
                d.programme_id == programme_id, d.member_id == member_id, d.key == key
            )
        )
    ).one_or_none()
    return None if row is None else DraftRow(*row)
