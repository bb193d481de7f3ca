"""Reading messages: those of a member, and those that the managers of a programme share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.models import RECORD
from community.members.models import MEMBER
from community.notices.models import MESSAGE
from community.notices.rules import Recipient

MOST_COUNTED = 100
"""Beyond that an inbox shows "more than"; counting on would cost more the less anybody reads."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """A member's messages, or with no member those that the managers of the programme share."""

    programme_id: int
    member_id: int | None = None

    def holds(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions by which a message lies in this inbox."""
        c = MESSAGE.c
        if self.member_id is None:
            return c.programme_id == self.programme_id, c.recipient == Recipient.MANAGERS.value
        mine = c.programme_id == self.programme_id, c.recipient == Recipient.MEMBER.value
        return *mine, c.member_id == self.member_id


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page of an inbox ends: after the message of that record, among the unread ones or those read."""

    record_id: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as lists show it, with the handle and name of the member whom it is about, and the record's subject."""

    record_id: int
    member_id: int
    handle: str
    name: str
    verb: str
    data: Mapping[str, Any]
    created_at: datetime
    read_at: datetime | None
    subject: str | None = None


_COLUMNS = (
    MESSAGE.c.record_id, MESSAGE.c.member_id, MEMBER.c.handle, MEMBER.c.name, MESSAGE.c.verb, MESSAGE.c.data,
    MESSAGE.c.created_at, MESSAGE.c.read_at, RECORD.c.subject,
)  # fmt: skip


_OF_RECORD = RECORD.c.id == MESSAGE.c.record_id


async def message(connection: AsyncConnection, inbox: Inbox, record_id: int) -> MessageRow | None:
    """The message of a record in an inbox, if it is there."""
    about = and_(MEMBER.c.programme_id == MESSAGE.c.programme_id, MEMBER.c.id == MESSAGE.c.member_id)
    asked = select(*_COLUMNS).join_from(MESSAGE, MEMBER, about).join(RECORD, _OF_RECORD)
    row = (await connection.execute(asked.where(*inbox.holds(), MESSAGE.c.record_id == record_id))).one_or_none()
    return None if row is None else MessageRow(*row)


async def messages(
    connection: AsyncConnection, inbox: Inbox, *, after: MessageRow | Key | None = None, most: int = 50
) -> Sequence[MessageRow]:
    """The messages of an inbox, unread ones first, each kind the newest first; at most `most`, those after `after`."""
    c = MESSAGE.c
    kinds = []
    for place, unread in enumerate((c.read_at.is_(None), c.read_at.is_not(None))):
        if after is not None and place < (after.read_at is not None):
            continue
        at = [*inbox.holds(), unread]
        if after is not None and place == (after.read_at is not None):
            at.append(c.record_id < after.record_id)
        about = and_(MEMBER.c.programme_id == c.programme_id, MEMBER.c.id == c.member_id)
        kind = select(literal(place).label("place"), *_COLUMNS).join(MEMBER, about).join(RECORD, _OF_RECORD).where(*at)
        kinds.append(select(kind.order_by(c.record_id.desc()).limit(most).subquery()))
    found = union_all(*kinds).subquery("found")
    columns = [found.c[name] for name in MessageRow.__slots__]
    rows = await connection.execute(select(*columns).order_by(found.c.place, found.c.record_id.desc()).limit(most))
    return [MessageRow(*row) for row in rows]


async def count_unread(connection: AsyncConnection, inbox: Inbox) -> int:
    """How many messages of an inbox nobody has read; more than `MOST_COUNTED` count as one more than that."""
    unread = select(MESSAGE.c.record_id).where(*inbox.holds(), MESSAGE.c.read_at.is_(None)).limit(MOST_COUNTED + 1)
    return int(await connection.scalar(select(func.count()).select_from(unread.subquery())) or 0)
