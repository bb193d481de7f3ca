"""Proving a programme: awards, balances, the chain of decisions and the board values, recomputed and compared.

A check yields differences; each room lists its own as `CHECKS`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from community.contributions import checks as contributions
from community.kit.db import reading
from community.leaderboards import checks as leaderboards
from community.ledger import checks as ledger
from community.programmes import queries as programmes
from community.standings import checks as standings

CHECKS = (*ledger.CHECKS, *contributions.CHECKS, *standings.CHECKS, *leaderboards.CHECKS)
KEPT = 1_000
"""Differences that are kept to be shown; all are counted."""


@dataclass(slots=True)
class Verified:
    """What a proof found: differences (all counted, the first ones kept), and awards still to be repriced."""

    slug: str
    position: int
    differences: int = 0
    pending: int = 0
    shown: list[str] = field(default_factory=list)


async def verify(engine: AsyncEngine, slug: str | None = None) -> AsyncIterator[Verified]:
    """Proves one programme, or every one, each as of one state of the database."""
    async with reading(engine) as connection:
        found = (
            await programmes.programmes(connection) if slug is None else [await programmes.programme(connection, slug)]
        )
    for one in found:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, one.slug)
            result = Verified(one.slug, await ledger.position(connection, programme.id))
            result.pending = await contributions.pending(connection, programme)
            for check in CHECKS:
                async for difference in check(connection, programme):
                    result.differences += 1
                    if len(result.shown) < KEPT:
                        result.shown.append(difference)
        yield result
