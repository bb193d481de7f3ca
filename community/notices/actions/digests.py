"""Queueing the weekly digests."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.mail.actions import NewMail, queue
from community.notices.queries.readers import weeks

DIGEST_MAIL = "notices.digest"
"""The kind of the mails that bring a digest."""


async def queue_digests(
    connection: AsyncConnection, programme_id: int, first: int, last: int, days: tuple[date, date]
) -> int:
    """Queues the digests of a week for the members from id `first` to `last` who want one and have something in it.

    Answers how many those are. A week's digest reaches a member once, however often this is done.
    """
    found = await weeks(connection, programme_id, first, last, days)
    span = {"first": days[0].isoformat(), "last": days[1].isoformat()}
    mails = [
        NewMail(
            DIGEST_MAIL, f"digest:{programme_id}:{days[0]}", f"person:{one.person_id}",
            {
                "programme": programme_id, "member": one.member_id, "points": one.points,
                "contributions": one.contributions, "unread": one.unread, **span,
            },
        )
        for one in found
    ]  # fmt: skip
    await queue(connection, mails)
    return len(mails)
