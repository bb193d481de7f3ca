"""Reading mails."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.mail.models import MAIL, MailState


async def next_due(connection: AsyncConnection) -> datetime | None:
    """When the next mail that waits is due; None where none waits."""
    found: datetime | None = await connection.scalar(
        select(func.min(MAIL.c.due_at)).where(MAIL.c.state == MailState.WAITING.value)
    )
    return found


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """How many mails there are, by state."""
    rows = await connection.execute(select(MAIL.c.state, func.count().label("mails")).group_by(MAIL.c.state))
    return {row.state: row.mails for row in rows}
