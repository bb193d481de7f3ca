"""Every recurring job of the product, on one page.

Times are those of each programme's zone, or UTC for the whole installation. A slot that was missed is caught up once,
by the latest one; the daily run itself makes up every day that was missed, in order.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs.rules import Recurring
from community.programmes import queries as programmes

SCHEDULE = (
    Recurring("standings.daily", "0 0 * * *", "standings.daily"),
    Recurring("ledger.verify", "30 3 * * *", "ledger.verify"),
    Recurring("notices.digest", "0 8 * * 1", "notices.digest"),
    Recurring("people.clean", "45 * * * *", "people.clean", each_programme=False),
    Recurring("jobs.clean", "15 * * * *", "jobs.clean", each_programme=False),
)


async def places(connection: AsyncConnection) -> list[tuple[int, str]]:
    """The programmes, each with its zone."""
    return [(one.id, one.book.programme.timezone) for one in await programmes.programmes(connection)]
