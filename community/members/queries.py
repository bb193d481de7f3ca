"""Reading members, leaves and marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among
from community.kit.clock import now, today
from community.kit.errors import NotFound
from community.kit.text import fold
from community.members.models import APPLICATION, EXPERTISE, LEAVE, MEMBER, PICTURE, PROFILE, TOUCHED, Reader, Status
from community.members.rules import FIELDS, USUAL, ApplicationState, Audience
from community.members.saying import Said
from community.people.models import HELD_ROLE, PERSON, SESSION
from community.people.rules import Role, State, Visitor, alive, allowed
from community.programmes.models import PROGRAMME, UNIT


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as lists and pages show them."""

    id: int
    handle: str
    folded: str
    name: str
    email: str | None
    country: str | None
    joined_on: date
    status: str
    return_on: date | None
    left_on: date | None
    on_boards: bool
    attributes: Mapping[str, Any]


_COLUMNS = tuple(MEMBER.c[name] for name in MemberRow.__slots__)


async def member(connection: AsyncConnection, programme_id: int, handle: str) -> MemberRow:
    """The member of that handle, folded. Raises NotFound."""
    found = (
        await connection.execute(
            select(*_COLUMNS).where(MEMBER.c.programme_id == programme_id, MEMBER.c.folded == fold(handle))
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"no member of the programme has the handle {handle!r}")
    return MemberRow(*found)


async def unbound_by_email(connection: AsyncConnection, programme_id: int, email: str) -> int | None:
    """The only member whom the programme knows by an address and who is no person yet; None for none or several."""
    asked = select(MEMBER.c.id).where(
        MEMBER.c.programme_id == programme_id, MEMBER.c.person_id.is_(None), func.lower(MEMBER.c.email) == email.lower()
    )
    found = list(await connection.scalars(asked.limit(2)))
    return found[0] if len(found) == 1 else None


async def members(
    connection: AsyncConnection, programme_id: int, status: str | None = None
) -> AsyncIterator[MemberRow]:
    """All members in the order of their folded handles, streamed."""
    statement = select(*_COLUMNS).where(MEMBER.c.programme_id == programme_id).order_by(MEMBER.c.folded)
    if status is not None:
        statement = statement.where(MEMBER.c.status == status)
    async for row in await connection.stream(statement):
        yield MemberRow(*row)


async def count(connection: AsyncConnection, programme_id: int) -> int:
    """How many members a programme has, in every status."""
    found = await connection.scalar(select(func.count()).where(MEMBER.c.programme_id == programme_id))
    return int(found or 0)


async def ranges(connection: AsyncConnection, programme_id: int, size: int) -> list[tuple[int, int]]:
    """The programme's member ids cut into ranges (first, last) of `size` members, in id order."""
    number = func.row_number().over(order_by=MEMBER.c.id).label("number")
    numbered = select(MEMBER.c.id, number).where(MEMBER.c.programme_id == programme_id).subquery()
    bucket = (numbered.c.number - 1) // size
    rows = await connection.execute(
        select(func.min(numbered.c.id), func.max(numbered.c.id)).group_by(bucket).order_by(bucket)
    )
    return [(first, last) for first, last in rows]


async def leaves(
    connection: AsyncConnection, programme_id: int, member_ids: Sequence[int]
) -> dict[int, list[tuple[date, date]]]:
    """The leaves (first day, day of return) of members, by member id."""
    rows = await connection.execute(
        select(LEAVE.c.member_id, LEAVE.c.first_on, LEAVE.c.return_on)
        .where(LEAVE.c.programme_id == programme_id, among(connection, LEAVE.c.member_id, member_ids))
        .order_by(LEAVE.c.member_id, LEAVE.c.first_on)
    )
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for member_id, first_on, return_on in rows:
        found[member_id].append((first_on, return_on))
    return found


async def touched(
    connection: AsyncConnection,
    programme_id: int,
    reader: Reader,
    *,
    first: int = 0,
    last: int | None = None,
    most: int,
) -> list[int]:
    """The members that a reader must look at again, from id `first` to `last`, at most `most`, in id order."""
    statement = (
        select(TOUCHED.c.member_id)
        .where(TOUCHED.c.programme_id == programme_id, TOUCHED.c.reader == reader.value, TOUCHED.c.member_id >= first)
        .order_by(TOUCHED.c.member_id)
        .limit(most)
    )
    if last is not None:
        statement = statement.where(TOUCHED.c.member_id <= last)
    return list((await connection.scalars(statement)).all())


async def any_touched(connection: AsyncConnection, programme_id: int, reader: Reader) -> bool:
    """Whether there is a member that a reader must look at again."""
    marks = select(TOUCHED.c.member_id).where(TOUCHED.c.programme_id == programme_id, TOUCHED.c.reader == reader.value)
    return bool(await connection.scalar(select(marks.exists())))


async def count_touched(connection: AsyncConnection, programme_id: int, reader: Reader) -> int:
    """How many members a reader must look at again."""
    found = await connection.scalar(
        select(func.count()).where(TOUCHED.c.programme_id == programme_id, TOUCHED.c.reader == reader.value)
    )
    return int(found or 0)


async def said_by(connection: AsyncConnection, programme_id: int, member_id: int) -> Said:
    """What a member says of themselves, and to whom."""
    columns = (MEMBER.c.name, MEMBER.c.country, *(PROFILE.c[name] for name in ("biography", "languages", "links")))
    of_member = and_(PROFILE.c.programme_id == MEMBER.c.programme_id, PROFILE.c.member_id == MEMBER.c.id)
    found = (
        await connection.execute(
            select(*columns, *(PROFILE.c[f"{field}_to"] for field in FIELDS))
            .outerjoin_from(MEMBER, PROFILE, of_member)
            .where(MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
        )
    ).one()
    to = {field: Audience(found[5 + place] or USUAL) for place, field in enumerate(FIELDS)}
    known = (await expertise_of(connection, programme_id, [member_id])).get(member_id, ())
    return Said(
        found.name, found.biography, found.country, tuple(found.languages or ()), tuple(found.links or ()), known, to
    )


async def expertise_of(
    connection: AsyncConnection, programme_id: int, member_ids: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """What members know well, by member id, whoever may read it."""
    rows = await connection.execute(
        select(EXPERTISE.c.member_id, EXPERTISE.c.label)
        .where(EXPERTISE.c.programme_id == programme_id, among(connection, EXPERTISE.c.member_id, member_ids))
        .order_by(EXPERTISE.c.member_id, EXPERTISE.c.place)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for member_id, label in rows:
        found[member_id].append(label)
    return {member_id: tuple(labels) for member_id, labels in found.items()}


async def picture(connection: AsyncConnection, programme_id: int, member_id: int) -> tuple[str, bytes] | None:
    """Digest and bytes of a member's picture."""
    mine = (PICTURE.c.programme_id == programme_id, PICTURE.c.member_id == member_id)
    found = (await connection.execute(select(PICTURE.c.digest, PICTURE.c.data).where(*mine))).one_or_none()
    return None if found is None else (found.digest, found.data)


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application that waits, as managers see it."""

    id: UUID
    email: str
    folded: str
    name: str
    locale: str | None
    words: str
    created_at: datetime


_APPLICATION = tuple(APPLICATION.c[name] for name in ApplicationRow.__slots__)


async def applications(
    connection: AsyncConnection, programme_id: int, *, after: UUID | None = None, most: int
) -> list[ApplicationRow]:
    """The applications that wait, the oldest first; at most `most`, those after `after`."""
    asked = select(*_APPLICATION).where(*_waiting(programme_id)).order_by(APPLICATION.c.id).limit(most)
    if after is not None:
        asked = asked.where(APPLICATION.c.id > after)
    return [ApplicationRow(*row) for row in await connection.execute(asked)]


async def application(connection: AsyncConnection, programme_id: int, application_id: UUID) -> ApplicationRow:
    """One of them. Raises NotFound for one that is decided, too."""
    asked = select(*_APPLICATION).where(*_waiting(programme_id), APPLICATION.c.id == application_id)
    found = (await connection.execute(asked)).one_or_none()
    if found is None:
        raise NotFound(f"no application {application_id} waits")
    return ApplicationRow(*found)


def _waiting(programme_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return APPLICATION.c.programme_id == programme_id, APPLICATION.c.state == ApplicationState.OPEN.value


ANY_ROLE = HELD_ROLE.alias("any_role")
TAKING_PART = (Status.ACTIVE, Status.ON_LEAVE, Status.ALUMNI)
"""The statuses in which a member may enter the portal of their programme."""


async def visitor(
    connection: AsyncConnection, digest: str, *, programme: str | None = None, unit: str | None = None
) -> Visitor | None:
    """Whose session this is, by the digest of its secret, and what they are now at a programme or a unit, by slug.

    One statement, asked at each request, so that nothing is remembered that was taken meanwhile. None for a session
    that is over, or of somebody who is deactivated.
    """
    start = select(PROGRAMME.c.unit_id).where(PROGRAMME.c.slug == programme) if unit is None else None
    first = UNIT.c.slug == unit if start is None else UNIT.c.id == start.scalar_subquery()
    above = select(UNIT.c.id, UNIT.c.parent_id).where(first).cte("above", recursive=True)
    above = above.union(select(UNIT.c.id, UNIT.c.parent_id).where(UNIT.c.id == above.c.parent_id))
    held, any_role = (
        and_(role.c.person_id == PERSON.c.id, or_(role.c.until.is_(None), role.c.until >= today("UTC")))
        for role in (HELD_ROLE, ANY_ROLE)
    )
    topmost = select(UNIT.c.id).where(UNIT.c.parent_id.is_(None)).correlate(None)
    leads = and_(any_role, ANY_ROLE.c.role == Role.LEAD.value, ANY_ROLE.c.unit_id.in_(topmost))
    here = or_(HELD_ROLE.c.programme_id == PROGRAMME.c.id, HELD_ROLE.c.unit_id.in_(select(above.c.id)))
    taking_part = MEMBER.c.status.in_([status.value for status in TAKING_PART])
    asked = (
        select(
            PERSON.c.id.label("person_id"), SESSION.c.id.label("session_id"), PERSON.c.name, PERSON.c.email,
            PERSON.c.locale, PERSON.c.timezone, SESSION.c.seen_at, SESSION.c.confirmed_at, SESSION.c.created_at,
            PROGRAMME.c.id.label("programme_id"), UNIT.c.id.label("unit_id"), MEMBER.c.id.label("member_id"),
            MEMBER.c.handle, HELD_ROLE.c.role, exists(select(ANY_ROLE.c.id).where(any_role)).label("staff"),
            exists(select(ANY_ROLE.c.id).where(leads)).label("leads_all"),
        )
        .select_from(SESSION)
        .join(PERSON, PERSON.c.id == SESSION.c.person_id)
        .outerjoin(PROGRAMME, PROGRAMME.c.slug == programme if programme is not None else false())
        .outerjoin(UNIT, UNIT.c.slug == unit if unit is not None else false())
        .outerjoin(
            MEMBER,
            and_(MEMBER.c.programme_id == PROGRAMME.c.id, MEMBER.c.person_id == PERSON.c.id, taking_part),
        )
        .outerjoin(HELD_ROLE, and_(held, here))
        .where(SESSION.c.digest == digest, PERSON.c.state == State.ACTIVE.value)
    )  # fmt: skip
    rows = (await connection.execute(asked)).all()
    if not rows or not alive(rows[0].created_at, rows[0].seen_at, now(), staff=rows[0].staff):
        return None
    roles = allowed(Role(row.role) for row in rows if row.role is not None)
    named = {name: getattr(rows[0], name) for name in Visitor.__slots__ if name != "roles"}
    return Visitor(**named, roles=roles)
