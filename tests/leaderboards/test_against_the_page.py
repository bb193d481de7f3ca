"""Random boards and stories: what is kept, what the ledger gives, and a slow reading of the page show the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit import db
from community.kit.db import reading, writing
from community.leaderboards.actions import refresh, values
from community.leaderboards.checks import check_values
from community.leaderboards.queries.kept import kept
from community.leaderboards.queries.shown import around, rows, top
from community.leaderboards.rules import Row
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow, programme
from tests.leaderboards.cast import TIERS, TYPES, World, book_of

FIRST = date(2024, 1, 20)
HANDLES = ("ada", "Ben", "cleo", "Zoe", "Ｄan", "éva", "straße", "1st", "_x", "z")
Told = dict[str, Any]
Act = Callable[[World, AsyncConnection], Awaitable[Any]]
CHANGES: list[Told] = [
    {"country": "FR"}, {"country": None}, {"on_boards": False}, {"on_boards": True},
    {"status": "left"}, {"status": "active"}, {"status": "on_leave"},
]  # fmt: skip
slugs = (f"p{number}" for number in count())

days = st.integers(0, 100).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def boards(draw: st.DrawFn) -> Told:
    """A board of any kind."""
    board: Told = {
        "metric": draw(st.sampled_from(Board.model_fields["metric"].annotation.__args__)),  # type: ignore[union-attr]  # a Literal
        "window": draw(st.sampled_from(["lifetime", "30d", "2mo", "month", "quarter", "cycle", "last_month"])),
        "ties": draw(st.sampled_from(["competition", "dense", "ordinal"])),
        "audience": draw(st.sampled_from(["public", "managers"])),
    }
    which = draw(st.sampled_from(["all", "types", "except"]))
    if which != "all":
        board[which] = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=1))
    if draw(st.booleans()):
        only = {"tiers": TIERS, "countries": ("FR", "DE")}
        key = draw(st.sampled_from(sorted(only)))
        board["only"] = {key: draw(st.lists(st.sampled_from(only[key]), min_size=1, unique=True))}
    return board


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """Something that changes a board: an entry, a reversal, a decision, a change of a member."""
    kind = draw(st.sampled_from(["give", "give", "give", "adjust", "take back", "decide", "change"]))
    index, day = draw(st.integers(0, 99)), draw(days)
    number, type_ = draw(st.integers(-4, 9)), draw(st.sampled_from(TYPES))
    tier = draw(st.sampled_from([*TIERS, None]))
    change = draw(st.sampled_from(CHANGES))

    async def act(world: World, connection: AsyncConnection) -> None:
        person = world.people[index % len(world.people)]
        reversed_ = {one.reverses for one in world.entries}
        if kind == "give":
            await world.give(connection, person, day, number, type_, reach=max(0, number * 50))
        elif kind == "adjust":
            await world.give(connection, person, day, number or 1, None)
        elif kind == "decide":
            await world.decide(connection, person, day, tier)
        elif kind == "change":
            await world.change(connection, person, **change)
        else:
            awards = [one.number for one in world.entries if one.contributions > 0 and one.number not in reversed_]
            if awards:
                await world.take_back(connection, awards[index % len(awards)])

    return act


@settings(max_examples=max(1, settings().max_examples // 3), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    told=st.lists(boards(), min_size=1, max_size=3), members=st.integers(1, len(HANDLES)),
    first=st.lists(acts(), min_size=1, max_size=30), then=st.lists(acts(), max_size=8), on=days, later=days,
    filled_from=st.sampled_from([1, values.FILLED_FROM]),
)  # fmt: skip
def test_kept_values_the_ledger_and_the_page_agree(
    database_url: str, told: list[Told], members: int, first: list[Act], then: list[Act], on: date, later: date,
    filled_from: int,
) -> None:  # fmt: skip
    with patch.object(values, "FILLED_FROM", filled_from):
        asyncio.run(_story(database_url, told, members, first, then, on, later))


async def _story(
    url: str, told: list[Told], members: int, first: list[Act], then: list[Act], on: date, later: date
) -> None:
    engine = db.create_engine(url, 2)
    try:
        keyed = [{"key": f"board{number}", **board} for number, board in enumerate(told)]
        world = World(book_of(next(slugs), *keyed))
        async with writing(engine) as connection:
            await world.begin(connection)
            for handle in HANDLES[:members]:
                await world.join(connection, handle)
        await _do(engine, world, first)
        await _agree(engine, world, on, fresh=False)
        await _bring(engine, world, on)
        await _agree(engine, world, on, fresh=True)
        await _agree(engine, world, later, fresh=on == later)
        await _do(engine, world, then)
        await _agree(engine, world, on, fresh=not then)
        await _bring(engine, world, on)
        await _agree(engine, world, on, fresh=True)
        await _bring(engine, world, later)
        await _agree(engine, world, later, fresh=True)
    finally:
        await engine.dispose()


async def _do(engine: AsyncEngine, world: World, acts: list[Act]) -> None:
    async with writing(engine) as connection:
        for act in acts:
            await act(world, connection)


async def _bring(engine: AsyncEngine, world: World, day: date) -> None:
    """To the day; doing it again, also in full, changes nothing."""
    slug = world.book.programme.slug
    await refresh(engine, slug, day, range_size=4, connections=2)
    again = await refresh(engine, slug, day, range_size=3, connections=1, full=True)
    assert (again.added, again.changed, again.removed) == (0, 0, 0)


async def _agree(engine: AsyncEngine, world: World, day: date, *, fresh: bool) -> None:
    async with reading(engine) as connection:
        found = await programme(connection, world.book.programme.slug)
        for board in found.book.leaderboards:
            if fresh:
                assert (await kept(connection, found, board, day)).fresh
            await _agrees(connection, found, board, day, world.shown(board, day))
        assert [difference async for difference in check_values(connection, found)] == []


async def _agrees(
    connection: AsyncConnection, found: ProgrammeRow, board: Board, day: date, expected: list[Row]
) -> None:
    streamed = [row async for batch in rows(connection, found, board, day, at_once=3) for row in batch]
    assert streamed == expected
    assert await top(connection, found, board, day, 3) == expected[:3]
    for place, row in enumerate(expected[:4]):
        near = await around(connection, found, board, day, row.handle, neighbours=2)
        assert near == expected[max(0, place - 2) : place + 3]
