"""The verbs on messages: tell, and mark as read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, case, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.models import RECORD
from community.kit.bulk import among
from community.kit.clock import now
from community.kit.db import Instant, is_sqlite
from community.kit.mail.actions import NewMail, queue
from community.members.models import MEMBER
from community.notices.models import MAIL_CHOICE, MESSAGE
from community.notices.queries import Inbox
from community.notices.queries.readers import mailed
from community.notices.rules import TOLD, Recipient

MESSAGE_MAIL = "notices.message"
"""The kind of the mails that bring a message."""
COLUMNS = ("programme_id", "recipient", "record_id", "member_id", "verb", "data", "created_at")


async def tell(connection: AsyncConnection, programme_id: int, record_ids: Collection[int]) -> int:
    """Makes the messages that records of a programme ask for; answers how many are new.

    Quiet records tell nobody, and neither do those about nobody who is a member. What is new and matters is queued as
    mail in the same transaction. One statement for all of them; the
    records in the order of their ids, so that two who tell the same at once wait for each other and never both.
    """
    if not record_ids:
        return 0
    c = RECORD.c
    managers = [verb for verb, recipient in TOLD.items() if recipient is Recipient.MANAGERS]
    recipient = case((c.verb.in_(managers), Recipient.MANAGERS.value), else_=Recipient.MEMBER.value)
    asked = (
        select(c.programme_id, recipient, c.id, c.member_id, c.verb, c.data, literal(now(), Instant))
        .join(MEMBER, and_(MEMBER.c.programme_id == c.programme_id, MEMBER.c.id == c.member_id))
        .where(
            c.programme_id == programme_id, among(connection, c.id, sorted(record_ids)), c.verb.in_(list(TOLD)),
            c.quiet.is_(False),
        )
        .order_by(c.id)
    )  # fmt: skip
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    done = await connection.execute(
        insert(MESSAGE)
        .from_select(COLUMNS, asked)
        .on_conflict_do_nothing(index_elements=["programme_id", "recipient", "record_id"])
        .returning(MESSAGE.c.record_id, MESSAGE.c.recipient)
    )
    made = done.all()
    mine = [row.record_id for row in made if row.recipient == Recipient.MEMBER]
    await queue_mails(connection, programme_id, mine)
    return len(made)


async def queue_mails(connection: AsyncConnection, programme_id: int, record_ids: Sequence[int]) -> None:
    """Queues a mail for each of these messages to members, where they want one of its kind."""
    found = await mailed(connection, programme_id, record_ids) if record_ids else []
    await queue(
        connection,
        [
            NewMail(
                MESSAGE_MAIL, f"message:{programme_id}:{one.record_id}", f"person:{one.person_id}",
                {"programme": programme_id, "member": one.member_id, "record": one.record_id},
            )
            for one in found
        ],
    )  # fmt: skip


async def mark_read(connection: AsyncConnection, inbox: Inbox, record_ids: Collection[int]) -> int:
    """Marks messages of an inbox as read, now; answers how many were not. Other inboxes' messages are left alone."""
    done = await connection.execute(
        update(MESSAGE)
        .where(*inbox.holds(), MESSAGE.c.read_at.is_(None), among(connection, MESSAGE.c.record_id, sorted(record_ids)))
        .values(read_at=now())
    )
    return done.rowcount


async def forget(connection: AsyncConnection, programme_id: int, member_id: int) -> None:
    """Deletes the messages of a member who was erased, those about them, and which mails they wanted."""
    for table in (MESSAGE, MAIL_CHOICE):
        await connection.execute(
            delete(table).where(table.c.programme_id == programme_id, table.c.member_id == member_id)
        )


async def mark_all_read(connection: AsyncConnection, inbox: Inbox, up_to: int) -> int:
    """Marks the messages of an inbox as read up to that of a record; what came later stays as it is."""
    done = await connection.execute(
        update(MESSAGE)
        .where(*inbox.holds(), MESSAGE.c.read_at.is_(None), MESSAGE.c.record_id <= up_to)
        .values(read_at=now())
    )
    return done.rowcount
