"""Proofs that the ledger converged: every price and every award recomputed from the book and the contributions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.awards import Change, differences, load
from community.contributions.actions.held import CONTENT, Content
from community.contributions.models import CONTRIBUTION, State
from community.kit.bulk import among
from community.ledger.models import ENTRY, Kind
from community.programmes.models import BOOK_VERSION
from community.programmes.queries import ProgrammeRow

MEMBERS_AT_ONCE = 1_000


async def awards(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Every award in force is what the rule gives; so are the prices behind them. Members still to be repriced wait."""
    after = await _reached(connection, programme)
    last = 0
    while ids := await _members(connection, programme, last):
        last = ids[-1]
        settled = [one for one in ids if after is None or one <= after]
        async for difference in _prices(connection, programme, settled):
            yield difference
        for change in differences(await load(connection, programme.id, settled), programme.versions):
            yield _told(change)


def _told(change: Change) -> str:
    held, live = change.held, change.held.live
    has = "no award" if live is None else f"an award of {live.points} points on {live.day} ({live.type})"
    wanted = next((one for one in change.postings if one.reverses is None), None)
    gives = "none" if wanted is None else f"{wanted.points} points on {wanted.effective_on} ({wanted.type})"
    return f"contribution {held.id} has {has}; the rule gives {gives}"


async def _prices(
    connection: AsyncConnection, programme: ProgrammeRow, member_ids: Sequence[int]
) -> AsyncIterator[str]:
    c = CONTRIBUTION.c
    rows = await connection.execute(
        select(c.id, *(c[name] for name in CONTENT), c.price, c.priced_by).where(
            c.programme_id == programme.id,
            among(connection, c.member_id, member_ids),
            c.state == State.APPROVED.value,
        )
    )
    for row in rows:
        content, price, version = Content(*row[1:8]), row[8], row[9]
        if version is None or programme.versions.type(version, content.type) is None:
            yield f"contribution {row[0]} was priced by version {version}, which has no type {content.type}"
        elif (given := content.price(programme.versions, version)) != price:
            yield f"contribution {row[0]} has the price {price}; version {version} gives {given}"


async def _members(connection: AsyncConnection, programme: ProgrammeRow, after: int) -> list[int]:
    c = CONTRIBUTION.c
    return list(
        await connection.scalars(
            select(c.member_id)
            .where(c.programme_id == programme.id, c.member_id > after)
            .distinct()
            .order_by(c.member_id)
            .limit(MEMBERS_AT_ONCE)
        )
    )


async def orphans(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Every award that no entry reverses is the one in force of an approved contribution."""
    back = ENTRY.alias("back")
    reversed_ = exists().where(back.c.programme_id == ENTRY.c.programme_id, back.c.reverses == ENTRY.c.number)
    noted = exists().where(
        CONTRIBUTION.c.programme_id == ENTRY.c.programme_id,
        CONTRIBUTION.c.member_id == ENTRY.c.member_id,
        CONTRIBUTION.c.award_number == ENTRY.c.number,
        CONTRIBUTION.c.state == State.APPROVED.value,
    )
    rows = await connection.stream(
        select(ENTRY.c.number, ENTRY.c.cause).where(
            ENTRY.c.programme_id == programme.id, ENTRY.c.kind == Kind.AWARD.value, ~reversed_, ~noted
        )
    )
    async for number, cause in rows:
        yield f"ledger: entry {number} ({cause}) stands, but is the award of no approved contribution"


async def pending(connection: AsyncConnection, programme: ProgrammeRow) -> int:
    """How many approved contributions wait for their new price after a retroactive version."""
    after = await _reached(connection, programme)
    if after is None:
        return 0
    c = CONTRIBUTION.c
    found = await connection.scalar(
        select(func.count()).where(
            and_(c.programme_id == programme.id, c.member_id > after, c.state == State.APPROVED.value)
        )
    )
    return int(found or 0)


async def _reached(connection: AsyncConnection, programme: ProgrammeRow) -> int | None:
    """The last member whom re-pricing has reached, where it is under way."""
    found = await connection.scalar(
        select(func.min(BOOK_VERSION.c.repriced_to)).where(
            BOOK_VERSION.c.programme_id == programme.id, BOOK_VERSION.c.repriced.is_(False)
        )
    )
    return None if found is None else int(found)


CHECKS = (awards, orphans)
