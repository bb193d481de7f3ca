"""Who gets which mails: members who are somebody with an address, by what they chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION
from community.kit.bulk import among
from community.ledger.models import ENTRY
from community.members.models import MEMBER
from community.members.queries import TAKING_PART
from community.notices.models import MAIL_CHOICE, MESSAGE
from community.notices.rules import MAILED, WANTED, MailKind, Recipient
from community.people.models import PERSON
from community.people.rules import State


@dataclass(frozen=True, slots=True)
class Mailed:
    """A message that is to come by mail, too."""

    record_id: int
    member_id: int
    person_id: UUID


@dataclass(frozen=True, slots=True)
class Reader:
    """A member as mails address them."""

    member_id: int
    person_id: UUID
    name: str
    email: str
    locale: str | None


@dataclass(frozen=True, slots=True)
class Week:
    """What happened to a member in a week, and how many messages wait."""

    member_id: int
    person_id: UUID
    points: int
    contributions: int
    unread: int


async def choices(connection: AsyncConnection, programme_id: int, member_id: int) -> dict[MailKind, bool]:
    """Which mails a member wants, by kind; all of them."""
    c = MAIL_CHOICE.c
    asked = select(c.kind, c.wanted).where(c.programme_id == programme_id, c.member_id == member_id)
    return {**WANTED, **{MailKind(row.kind): row.wanted for row in await connection.execute(asked)}}


async def mailed(connection: AsyncConnection, programme_id: int, record_ids: Sequence[int]) -> list[Mailed]:
    """Those of these messages that their members want by mail."""
    kind = case({verb: str(kind) for verb, kind in MAILED.items()}, value=MESSAGE.c.verb)
    wanted = _wanted(kind)
    asked = _members(
        select(MESSAGE.c.record_id, MEMBER.c.id, PERSON.c.id), programme_id, kind,
        MESSAGE, and_(MESSAGE.c.programme_id == MEMBER.c.programme_id, MESSAGE.c.member_id == MEMBER.c.id),
    ).where(
        MESSAGE.c.recipient == Recipient.MEMBER.value, wanted,
        among(connection, MESSAGE.c.record_id, sorted(record_ids)),
    )  # fmt: skip
    return [Mailed(*row) for row in await connection.execute(asked.order_by(MESSAGE.c.record_id))]


async def reader(
    connection: AsyncConnection, programme_id: int, member_id: int, person_id: UUID, kind: MailKind
) -> Reader | None:
    """The member to whom a mail of a kind goes; None where they are not that person any more, left, or want none."""
    asked = _members(
        select(MEMBER.c.id, PERSON.c.id, PERSON.c.name, PERSON.c.email, PERSON.c.locale), programme_id, kind.value
    ).where(MEMBER.c.id == member_id, PERSON.c.id == person_id, _wanted(kind.value))
    row = (await connection.execute(asked)).one_or_none()
    return None if row is None else Reader(*row)


async def is_member(connection: AsyncConnection, programme_id: int, member_id: int, person_id: UUID) -> bool:
    """Whether a member is that person still."""
    mine = (MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id, MEMBER.c.person_id == person_id)
    return await connection.scalar(select(MEMBER.c.id).where(*mine)) is not None


async def weeks(
    connection: AsyncConnection, programme_id: int, first: int, last: int, days: tuple[date, date]
) -> list[Week]:
    """The members from id `first` to `last` who want a digest and have something in it; one statement."""
    earned = (
        select(ENTRY.c.member_id, func.sum(ENTRY.c.points).label("points"), func.sum(ENTRY.c.contributions).label("n"))
        .where(
            ENTRY.c.programme_id == programme_id,
            ENTRY.c.member_id.between(first, last),
            ENTRY.c.effective_on.between(*days),
        )
        .group_by(ENTRY.c.member_id)
        .subquery("earned")
    )
    unread = (
        select(MESSAGE.c.member_id, func.count().label("n"))
        .where(
            MESSAGE.c.programme_id == programme_id,
            MESSAGE.c.recipient == Recipient.MEMBER.value,
            MESSAGE.c.member_id.between(first, last),
            MESSAGE.c.read_at.is_(None),
        )
        .group_by(MESSAGE.c.member_id)
        .subquery("unread")
    )
    kind = MailKind.DIGEST.value
    numbers = [func.coalesce(one, 0) for one in (earned.c.points, earned.c.n, unread.c.n)]
    asked = _members(
        select(MEMBER.c.id, PERSON.c.id, *numbers), programme_id, kind,
        earned, earned.c.member_id == MEMBER.c.id, unread, unread.c.member_id == MEMBER.c.id, outer=True,
    ).where(MEMBER.c.id.between(first, last), _wanted(kind), or_(*(one != 0 for one in numbers)))  # fmt: skip
    return [
        Week(row[0], row[1], int(row[2]), int(row[3]), int(row[4]))
        for row in await connection.execute(asked.order_by(MEMBER.c.id))
    ]


async def titles(connection: AsyncConnection, programme_id: int, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The titles of contributions."""
    if not ids:
        return {}
    c = CONTRIBUTION.c
    asked = select(c.id, c.title).where(c.programme_id == programme_id, among(connection, c.id, list(ids)))
    return {row.id: row.title for row in await connection.execute(asked)}


def _members(columns: Select[Any], programme_id: int, kind: Any, *joined: Any, outer: bool = False) -> Select[Any]:
    """Members of a programme who take part and are somebody with an address, with what they chose for a kind."""
    asked = columns.select_from(MEMBER).join(PERSON, PERSON.c.id == MEMBER.c.person_id)
    for table, on in zip(joined[::2], joined[1::2], strict=True):
        asked = asked.join(table, on, isouter=outer)
    mine = and_(
        MAIL_CHOICE.c.programme_id == MEMBER.c.programme_id,
        MAIL_CHOICE.c.member_id == MEMBER.c.id,
        MAIL_CHOICE.c.kind == kind,
    )
    return asked.outerjoin(MAIL_CHOICE, mine).where(
        MEMBER.c.programme_id == programme_id,
        MEMBER.c.status.in_([one.value for one in TAKING_PART]),
        PERSON.c.state == State.ACTIVE.value,
        PERSON.c.email.is_not(None),
    )


def _wanted(kind: Any) -> ColumnElement[bool]:
    """Whether a mail of a kind, a value or a column, is wanted: as chosen, else as it is for who did not choose."""
    by_default = [str(one) for one, wanted in WANTED.items() if wanted]
    unchosen: Any = kind in by_default if isinstance(kind, str) else kind.in_(by_default)
    chosen = MAIL_CHOICE.c.wanted
    return or_(chosen.is_(True), and_(chosen.is_(None), unchosen))
