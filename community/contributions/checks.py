"""Proofs that the ledger converged: every price and every award recomputed from the book and the contributions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.awards import Change, Held, differences, load
from community.contributions.actions.held import CONTENT, Content
from community.contributions.models import CONTRIBUTION, State
from community.kit.bulk import among
from community.ledger.models import ENTRY, Kind
from community.programmes.models import BOOK_VERSION
from community.programmes.queries import ProgrammeRow

MEMBERS_AT_ONCE = 1_000


async def awards(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Every award in force is what the rule gives, and so is the price behind it by the version that priced it."""
    last = 0
    while ids := await _members(connection, programme, last):
        last = ids[-1]
        async for difference in _prices(connection, programme, ids):
            yield difference
        held = await load(connection, programme.id, ids)
        for lost in _without_entry(held):
            yield lost
        for change in differences(held, programme.versions):
            yield _told(change)


def _without_entry(held: Iterable[Held]) -> Iterator[str]:
    """The contributions whose award is no entry of the ledger; from here on they have none."""
    for one in held:
        if one.live is not None and one.live.points is None:
            yield f"contribution {one.id} has its award in entry {one.live.number}, which is not there"
            one.live = None


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
    b, c = BOOK_VERSION.c, CONTRIBUTION.c
    row = (
        await connection.execute(
            select(b.number, b.repriced_to)
            .where(b.programme_id == programme.id, b.repriced.is_(False))
            .order_by(b.number.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return 0
    found = await connection.scalar(
        select(func.count()).where(
            c.programme_id == programme.id,
            c.member_id > row.repriced_to,
            c.state == State.APPROVED.value,
            c.priced_by < row.number,
            c.type.in_(programme.versions.book(row.number).types_by_key),
        )
    )
    return int(found or 0)


CHECKS = (awards, orphans)
