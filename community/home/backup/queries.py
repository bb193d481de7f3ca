"""What a database holds, in one number a programme."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.ledger.models import LEDGER_HEAD
from community.programmes.models import PROGRAMME


async def positions(connection: AsyncConnection) -> dict[str, int]:
    """The ledger position of each programme, by slug; in databases of older versions too."""
    found = await connection.execute(
        select(PROGRAMME.c.slug, func.coalesce(LEDGER_HEAD.c.number, 0).label("number"))
        .join(LEDGER_HEAD, LEDGER_HEAD.c.programme_id == PROGRAMME.c.id, isouter=True)
        .order_by(PROGRAMME.c.slug)
    )
    return {row.slug: row.number for row in found}
