"""A member's last contributions, the statement of their points, and the programmes that somebody has to do with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, extract, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, State
from community.history.models import RECORD
from community.kit.clock import today
from community.ledger.models import ENTRY, Kind
from community.members.models import MEMBER
from community.members.queries import TAKING_PART, MemberRow
from community.people.models import HELD_ROLE
from community.people.rules import Role
from community.programmes.models import PROGRAMME, UNIT
from community.standings.models import STANDING


@dataclass(frozen=True, slots=True)
class DeedRow:
    """One of a member's contributions as the home page shows it; `points` are those of the award in force."""

    id: UUID
    type: str
    title: str
    occurred_on: date
    state: str
    note: str | None
    price: int | None
    override: int | None
    points: int | None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A programme of which somebody is a member, with the tier that they hold there."""

    slug: str
    handle: str
    status: str
    tier: str | None
    at_risk: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """An entry of a statement. `after` is the balance once it was posted, `of` the cause of what it takes back."""

    number: int
    kind: str
    effective_on: date
    type: str | None
    points: int
    balance: int
    cause: str
    of: str | None
    version: int
    recorded_at: datetime
    after: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What a statement is narrowed to: kind, year, days on which entries count, contribution types."""

    kind: str | None = None
    year: int | None = None
    first: date | None = None
    last: date | None = None
    types: tuple[str, ...] = ()


async def own_member(connection: AsyncConnection, programme_id: int, member_id: int) -> MemberRow:
    """A member by id."""
    columns = (MEMBER.c[name] for name in MemberRow.__slots__)
    row = await connection.execute(
        select(*columns).where(MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
    )
    return MemberRow(*row.one())


async def last_deeds(
    connection: AsyncConnection, programme_id: int, member_id: int, most: int
) -> tuple[list[DeedRow], list[DeedRow], int]:
    """A member's last contributions by day, those that were returned to them, and how many they have in all."""
    c = CONTRIBUTION.c
    asked = (
        select(*(ENTRY.c.points if name == "points" else c[name] for name in DeedRow.__slots__))
        .outerjoin(ENTRY, and_(ENTRY.c.programme_id == c.programme_id, ENTRY.c.number == c.award_number))
        .where(c.programme_id == programme_id, c.member_id == member_id)
        .order_by(c.occurred_on.desc(), c.arrival.desc())
        .limit(most)
    )
    last = [DeedRow(*row) for row in await connection.execute(asked.where(c.state != State.WITHDRAWN.value))]
    returned = asked.where(c.state == State.RETURNED.value)
    mine = select(func.count()).where(
        c.programme_id == programme_id, c.member_id == member_id, c.state != State.WITHDRAWN.value
    )
    count = int(await connection.scalar(mine) or 0)
    return last, [DeedRow(*row) for row in await connection.execute(returned)], count


async def memberships(connection: AsyncConnection, person_id: UUID) -> list[MembershipRow]:
    """The programmes of which a person is a member and may enter, by slug."""
    standing = and_(STANDING.c.programme_id == MEMBER.c.programme_id, STANDING.c.member_id == MEMBER.c.id)
    rows = await connection.execute(
        select(
            PROGRAMME.c.slug, MEMBER.c.handle, MEMBER.c.status, STANDING.c.tier, STANDING.c.at_risk_since.is_not(None)
        )
        .select_from(MEMBER)
        .join(PROGRAMME, PROGRAMME.c.id == MEMBER.c.programme_id)
        .outerjoin(STANDING, standing)
        .where(MEMBER.c.person_id == person_id, MEMBER.c.status.in_([status.value for status in TAKING_PART]))
        .order_by(PROGRAMME.c.slug)
    )
    return [MembershipRow(*row) for row in rows]


async def overseen(connection: AsyncConnection, person_id: UUID) -> list[tuple[str, Role]]:
    """The slugs of the programmes on which a person holds a role, also by a unit above, with the highest: by slug."""
    held = and_(HELD_ROLE.c.person_id == person_id, or_(HELD_ROLE.c.until.is_(None), HELD_ROLE.c.until >= today("UTC")))
    below = (select(UNIT.c.id, HELD_ROLE.c.role).join(HELD_ROLE, HELD_ROLE.c.unit_id == UNIT.c.id).where(held)).cte(
        "below", recursive=True
    )
    below = below.union(select(UNIT.c.id, below.c.role).where(UNIT.c.parent_id == below.c.id))
    by_unit = select(PROGRAMME.c.slug, below.c.role).join(below, below.c.id == PROGRAMME.c.unit_id)
    by_name = select(PROGRAMME.c.slug, HELD_ROLE.c.role).join(HELD_ROLE, HELD_ROLE.c.programme_id == PROGRAMME.c.id)
    highest: dict[str, Role] = {}
    order = list(Role)
    for slug, role in await connection.execute(by_unit.union(by_name.where(held))):
        known = highest.get(slug)
        if known is None or order.index(Role(role)) < order.index(known):
            highest[slug] = Role(role)
    return sorted(highest.items())


async def lines(
    connection: AsyncConnection,
    programme_id: int,
    member_id: int,
    asked: Filter,
    *,
    before: int | None = None,
    most: int | None = None,
) -> list[LineRow]:
    """The entries of a member, the newest first, each with the balance after it; those numbered below `before`."""
    statement = _lines(programme_id, member_id)
    listed = statement.subquery("line")
    narrowed = select(listed).where(*_narrowed(listed.c, asked)).order_by(listed.c.number.desc())
    if before is not None:
        narrowed = narrowed.where(listed.c.number < before)
    if most is not None:
        narrowed = narrowed.limit(most)
    return [LineRow(*row) for row in await connection.execute(narrowed)]


def _lines(programme_id: int, member_id: int) -> Select[Any]:
    """All entries of a member with the running balance, which no filter changes."""
    e, back = ENTRY.c, ENTRY.alias("back")
    columns: list[ColumnElement[Any]] = [e[name] for name in LineRow.__slots__ if name not in ("of", "after")]
    columns.insert(7, back.c.cause.label("of"))
    return (
        select(*columns, func.sum(e.balance).over(order_by=e.number).label("after"))
        .select_from(ENTRY)
        .outerjoin(back, and_(back.c.programme_id == e.programme_id, back.c.number == e.reverses))
        .where(e.programme_id == programme_id, e.member_id == member_id)
    )


def _narrowed(c: Any, asked: Filter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if asked.kind is not None:
        clauses.append(c.kind == asked.kind)
    first, last = asked.first, asked.last
    if asked.year is not None:
        first = max(filter(None, (first, date(asked.year, 1, 1))))
        last = min(filter(None, (last, date(asked.year, 12, 31))))
    if first is not None:
        clauses.append(c.effective_on >= first)
    if last is not None:
        clauses.append(c.effective_on <= last)
    if asked.types:
        clauses.append(c.type.in_(asked.types))
    return clauses


@dataclass(frozen=True, slots=True)
class CauseRow:
    """The contribution behind an award, as a statement explains it."""

    title: str
    url: str | None
    state: str
    price: int | None
    override: int | None
    award_number: int | None


async def causes(connection: AsyncConnection, programme_id: int, ids: list[UUID]) -> dict[UUID, CauseRow]:
    """The contributions of these ids: one statement, however many they are."""
    c = CONTRIBUTION.c
    rows = await connection.execute(
        select(c.id, *(c[name] for name in CauseRow.__slots__)).where(
            c.programme_id == programme_id, c.id.in_(ids) if ids else false()
        )
    )
    return {row[0]: CauseRow(*row[1:]) for row in rows}


async def notes(connection: AsyncConnection, programme_id: int, member_id: int, subjects: list[str]) -> dict[str, str]:
    """The reasons that were given with adjustments, by their causes."""
    rows = await connection.execute(
        select(RECORD.c.subject, RECORD.c.data).where(
            RECORD.c.programme_id == programme_id,
            RECORD.c.member_id == member_id,
            RECORD.c.verb == "points.adjusted",
            RECORD.c.subject.in_(subjects) if subjects else false(),
        )
    )
    return {row.subject: str(row.data.get("note", "")) for row in rows}


async def years(connection: AsyncConnection, programme_id: int, member_id: int) -> list[int]:
    """The years in which entries of a member count, the last one first."""
    e, year = ENTRY.c, extract("year", ENTRY.c.effective_on)
    mine = (e.programme_id == programme_id, e.member_id == member_id)
    return sorted({int(one) for one in await connection.scalars(select(year).where(*mine).distinct())}, reverse=True)


KINDS = tuple(kind.value for kind in Kind)
