"""A programme whose boards are frozen, and looking at what came of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit.clock import stopped
from community.kit.db import reading, writing
from community.leaderboards.actions import due_snapshots, freeze
from community.leaderboards.checks import check_snapshots
from community.leaderboards.queries import snapshots as read
from community.leaderboards.queries.shown import board_of
from community.leaderboards.queries.shown import rows as shown_rows
from community.leaderboards.queries.snapshots import SnapshotRow
from community.leaderboards.rules import Due, Row
from community.programmes.book import Book, stored_form
from community.programmes.queries import programme
from tests.leaderboards.cast import World, book_of

Told = dict[str, Any]
MONTH: Told = {"key": "month", "metric": "points", "window": "month"}
ALL: Told = {"key": "all", "metric": "contributions"}
MARCH = (date(2025, 3, 1), date(2025, 3, 31))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def with_cycle(starts: str, months: int, *boards: Told) -> Book:
    book = stored_form(book_of("aces", *boards))
    return Book.model_validate(
        {**book, "programme": {**book["programme"], "cycle": {"starts": starts, "months": months}}}
    )


async def begin(engine: AsyncEngine, *boards: Told, on: date = date(2025, 3, 10), timezone: str = "UTC") -> World:
    """ada 9, ben and Cleo 5, zoe 1; nil without points. The programme is made on a day."""
    world = World(book_of("aces", *boards, timezone=timezone))
    with stopped(noon(on)):
        async with writing(engine) as connection:
            await world.begin(connection)
            for handle, points in (("zoe", 1), ("Cleo", 5), ("ben", 5), ("ada", 9), ("nil", 0)):
                person = await world.join(connection, handle, country="FR")
                if points:
                    await world.give(connection, person, date(2025, 3, 2), points)
    return world


async def due_on(engine: AsyncEngine, today: date) -> list[Due]:
    async with reading(engine) as connection:
        return await due_snapshots(connection, await programme(connection, "aces"), today)


async def freeze_due(engine: AsyncEngine, today: date) -> list[SnapshotRow]:
    """What the daily run of a day does."""
    with stopped(noon(today)):
        taken = []
        for due in await due_on(engine, today):
            async with writing(engine) as connection:
                taken.append(await freeze(connection, await programme(connection, "aces"), due))
    return taken


async def places(engine: AsyncEngine, snapshot: SnapshotRow) -> list[Row]:
    """All places as the export streams them; by pages they are the same."""
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        streamed = [row async for batch in read.rows(connection, found.id, snapshot, 2) for row in batch]
        paged: list[Row] = []
        while more := await read.page(connection, found.id, snapshot, after=len(paged), most=3):
            paged += more
    assert paged == streamed
    assert len(streamed) == snapshot.rows
    return streamed


async def board_on(engine: AsyncEngine, key: str, day: date) -> list[Row]:
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        board = board_of(found, key)
        return [row async for batch in shown_rows(connection, found, board, day) for row in batch]


async def differences(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        return [one async for one in check_snapshots(connection, await programme(connection, "aces"))]
