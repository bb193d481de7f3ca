"""The verbs on mails: queue, claim, settle, put off, clean up.

A claim moves `due_at` ahead and counts a try: whoever dies with a mail in hand loses it to the next look, and whoever
comes back from the dead settles nothing, for the tries have gone on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import now
from community.kit.db import is_sqlite, note
from community.kit.ids import new_id
from community.kit.mail.models import MAIL, MailState

QUEUED = "mail.queued"
"""What happened, for the page of what follows what."""
LEASE = timedelta(minutes=5)
GIVEN_UP = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be sent: who writes it (`kind`), why (`cause`) and to whom (`recipient`), with ids and codes.

    After `lives` there is no point in sending it any more.
    """

    kind: str
    cause: str
    recipient: str
    data: dict[str, Any] = field(default_factory=dict)
    address: str | None = None
    lives: timedelta = GIVEN_UP
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail in hand."""

    id: UUID
    kind: str
    cause: str
    recipient: str
    address: str | None
    data: dict[str, Any]
    tries: int
    ends_at: datetime


_COLUMNS = tuple(MAIL.c[name] for name in Claimed.__slots__)


async def queue(connection: AsyncConnection, mails: Sequence[NewMail]) -> None:
    """Queues mails in the transaction of their cause; one that tells a recipient of the same cause again is not."""
    if not mails:
        return
    at = now()
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    rows = [
        {
            "id": one.id, "kind": one.kind, "cause": one.cause, "recipient": one.recipient, "address": one.address,
            "data": one.data, "state": MailState.WAITING.value, "tries": 0, "due_at": at, "ends_at": at + one.lives,
            "created_at": at,
        }
        for one in mails
    ]  # fmt: skip
    await connection.execute(insert(MAIL).on_conflict_do_nothing(index_elements=["cause", "recipient"]), rows)
    note(connection, QUEUED, None)


async def claim(connection: AsyncConnection, kinds: Iterable[str], most: int) -> list[Claimed]:
    """Takes at most so many mails of these kinds that are due in hand; two processes never take the same."""
    at = now()
    due = (
        select(MAIL.c.id)
        .where(MAIL.c.state == MailState.WAITING.value, MAIL.c.due_at <= at, MAIL.c.kind.in_(list(kinds)))
        .order_by(MAIL.c.due_at, MAIL.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = update(MAIL).where(MAIL.c.id.in_(due)).values(due_at=at + LEASE, tries=MAIL.c.tries + 1)
    rows = [Claimed(*row) for row in await connection.execute(taken.returning(*_COLUMNS))]
    return sorted(rows, key=lambda one: one.id)


async def settle(connection: AsyncConnection, claimed: Claimed, state: MailState, error: str | None = None) -> bool:
    """The mail is done with; False where the claim was lost meanwhile. What was known of the recipient goes."""
    done = {"state": state.value, "error": error, "settled_at": now(), "address": None}
    return await _change(connection, claimed, done)


async def put_off(connection: AsyncConnection, claimed: Claimed, wait: timedelta, error: str) -> bool:
    """The mail is tried again later; False where the claim was lost meanwhile."""
    return await _change(connection, claimed, {"due_at": now() + wait, "error": error})


async def _change(connection: AsyncConnection, claimed: Claimed, values: dict[str, Any]) -> bool:
    mine = (
        MAIL.c.id == claimed.id,
        MAIL.c.state == MailState.WAITING.value,
        MAIL.c.tries == claimed.tries,
    )
    return (await connection.execute(update(MAIL).where(*mine).values(values))).rowcount == 1


async def clean_up(connection: AsyncConnection, *, settled_before: datetime) -> int:
    """Deletes mails that were done with before an instant; answers how many."""
    found = await connection.execute(delete(MAIL).where(MAIL.c.settled_at < settled_before))
    return found.rowcount
