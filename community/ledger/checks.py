"""Proofs of the ledger by itself: numbers without gaps, and reversals that mirror what they reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.ledger.models import ENTRY, LEDGER_HEAD, Kind
from community.ledger.queries import position as position  # the proof says up to where it went
from community.programmes.queries import ProgrammeRow


async def numbers(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Entries are numbered from 1 without a gap up to the head."""
    c = ENTRY.c
    row = (
        await connection.execute(
            select(func.count(), func.coalesce(func.max(c.number), 0), func.coalesce(func.min(c.number), 1)).where(
                c.programme_id == programme.id
            )
        )
    ).one()
    head = await connection.scalar(select(LEDGER_HEAD.c.number).where(LEDGER_HEAD.c.programme_id == programme.id))
    if not row[0] == row[1] == head or row[2] != 1:
        yield f"ledger: {row[0]} entries numbered {row[2]} to {row[1]}, the head says {head}"


async def reversals(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Each reversal has the member, day and type of what it reverses, and its measures with opposite signs."""
    taken, back = ENTRY.alias("taken"), ENTRY.alias("back")
    same = ("member_id", "effective_on", "version")
    opposite = ("points", "balance", "contributions", "reach")
    wrong = or_(
        taken.c.number.is_(None),
        taken.c.kind == Kind.REVERSAL.value,
        taken.c.number >= back.c.number,
        func.coalesce(taken.c.type, "") != func.coalesce(back.c.type, ""),
        *(taken.c[name] != back.c[name] for name in same),
        *(taken.c[name] != -back.c[name] for name in opposite),
    )
    rows = await connection.stream(
        select(back.c.number, back.c.reverses)
        .select_from(
            back.outerjoin(taken, and_(taken.c.programme_id == back.c.programme_id, taken.c.number == back.c.reverses))
        )
        .where(back.c.programme_id == programme.id, back.c.kind == Kind.REVERSAL.value, wrong)
    )
    async for number, reverses in rows:
        yield f"ledger: entry {number} does not mirror entry {reverses}, which it reverses"


CHECKS = (numbers, reversals)
