"""The pieces of a run over the values of boards, done one by one as jobs do them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.db import reading, writing
from community.leaderboards.actions import (
    Task,
    close_values,
    look_for,
    open_values,
    refresh,
    settle,
    still_wanted,
    touched_once,
    values,
)
from community.leaderboards.checks import check_values
from community.leaderboards.queries.kept import kept
from community.leaderboards.queries.shown import board_of, top
from community.members.models import Reader
from community.members.queries import count_touched
from community.programmes.queries import ProgrammeRow, programme
from tests.leaderboards.cast import World, book_of

pytestmark = pytest.mark.anyio

DAY, NEXT = date(2025, 3, 31), date(2025, 4, 1)
BOARDS = ({"key": "all", "metric": "points"}, {"key": "month", "metric": "points", "window": "month"})


async def filled(engine: AsyncEngine, members: int = 10) -> World:
    """Members with 1, 2, 3 … points in March."""
    async with writing(engine) as connection:
        world = World(book_of("aces", *BOARDS))
        await world.begin(connection)
        for number in range(members):
            person = await world.join(connection, f"m{number}")
            await world.give(connection, person, date(2025, 3, 1), number + 1)
    return world


async def read(engine: AsyncEngine) -> ProgrammeRow:
    async with reading(engine) as connection:
        return await programme(connection, "aces")


async def waiting(engine: AsyncEngine) -> int:
    async with reading(engine) as connection:
        return await count_touched(connection, (await programme(connection, "aces")).id, Reader.BOARDS)


async def differences(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        return [one async for one in check_values(connection, await programme(connection, "aces"))]


async def found_in(engine: AsyncEngine, task: Task, first: int, last: int) -> list[int]:
    async with reading(engine) as connection:
        return await look_for(connection, task, first, last)


async def test_a_run_in_ranges_by_processes_that_share_nothing(engine: AsyncEngine) -> None:
    world = await filled(engine)
    ids = [person.id for person in world.people]
    async with writing(engine) as connection:
        assert await open_values(connection, await read(engine), DAY)
    for part in (ids[6:], ids[:6], ids[:6]):  # in any order, and one of them twice
        task = Task(await read(engine), DAY)
        found = await found_in(engine, task, part[0], part[-1])
        async with writing(engine) as connection:
            settled = await settle(connection, task, found)
        assert (settled.looked_at, settled.added) == (len(found), 2 * len(found))
    assert found == []
    async with writing(engine) as connection:
        assert await close_values(connection, Task(await read(engine), DAY))
    async with writing(engine) as connection:
        assert await close_values(connection, Task(await read(engine), DAY))
    assert (await waiting(engine), await differences(engine)) == (0, [])
    assert (await refresh(engine, "aces", DAY)).looked_at == 0
    async with reading(engine) as connection:
        found_programme = await programme(connection, "aces")
        for key in ("all", "month"):
            assert (await kept(connection, found_programme, board_of(found_programme, key), DAY)).fresh


async def test_many_settle_in_one_transaction_and_are_counted_once(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await filled(engine, 25)
    monkeypatch.setattr(values, "LOOKED_AT_ONCE", 4)
    task = Task(await read(engine), DAY)
    async with writing(engine) as connection:
        await open_values(connection, task.programme, DAY)
        settled = await settle(connection, task, [person.id for person in world.people])
        assert await close_values(connection, task)
    assert (settled.looked_at, settled.added) == (25, 50)
    assert await differences(engine) == []


@pytest.mark.parametrize("boards", [1, 17])
async def test_the_database_fills_what_is_empty_by_itself(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, boards: int
) -> None:
    """In parts, by two at a time who count in the same rows of the tally, and only where nothing is kept."""
    monkeypatch.setattr(values, "FILLED_FROM", 3)
    monkeypatch.setattr(values, "LOOKED_AT_ONCE", 4)
    async with writing(engine) as connection:
        world = World(book_of("aces", *({"key": f"b{number}", "metric": "points"} for number in range(boards))))
        await world.begin(connection)
        for number in range(40):
            person = await world.join(connection, f"m{number:02}", country="FR", status=("active", "left")[number % 2])
            await world.give(connection, person, date(2025, 3, 1), 1 + number % 3)
    first = await refresh(engine, "aces", DAY, range_size=10, connections=2)
    assert (first.added, await differences(engine)) == (20 * boards, [])
    async with writing(engine) as connection:
        for person in world.people[:20]:
            await world.change(connection, person, status="active")
            await world.give(connection, person, date(2025, 3, 2), 5)
    again = await refresh(engine, "aces", DAY, range_size=40, full=True)
    assert (again.added, again.changed, again.removed) == (10 * boards, 10 * boards, 0)
    assert await differences(engine) == []


async def test_a_run_that_was_superseded_finds_nobody_and_writes_nothing(engine: AsyncEngine) -> None:
    world = await filled(engine)
    ids = [person.id for person in world.people]
    old = Task(await read(engine), DAY)
    async with writing(engine) as connection:
        await open_values(connection, old.programme, DAY)
    assert await found_in(engine, old, ids[0], ids[-1]) == ids
    async with writing(engine) as connection:
        assert await open_values(connection, old.programme, NEXT)
    assert await found_in(engine, old, ids[0], ids[-1]) == []
    async with writing(engine) as connection:
        assert not await still_wanted(connection, old)
        assert (await settle(connection, old, ids)).superseded
        assert not await close_values(connection, old)
    assert await waiting(engine) == 10
    report = await refresh(engine, "aces", NEXT)
    assert (report.everybody, report.superseded, report.added) == (True, False, 10)


async def test_a_run_by_an_older_version_does_not_begin(engine: AsyncEngine) -> None:
    world = await filled(engine)
    old = await read(engine)
    async with writing(engine) as connection:
        await world.apply(connection, book_of("aces", {"key": "all", "metric": "contributions"}), 2)
    async with writing(engine) as connection:
        assert not await open_values(connection, old, DAY)
        assert not await still_wanted(connection, Task(old, DAY))
    async with writing(engine) as connection:
        assert await open_values(connection, await read(engine), DAY)


async def again(connection: AsyncConnection, world: World, count: int) -> None:
    for person in world.people[:count]:
        await world.give(connection, person, date(2025, 3, 2), 100)


async def test_prompt_runs_take_so_many_at_once(engine: AsyncEngine) -> None:
    world = await filled(engine)
    await refresh(engine, "aces", DAY)
    async with writing(engine) as connection:
        await again(connection, world, 5)
    found = await read(engine)
    more = []
    for _time in range(3):
        async with writing(engine) as connection:
            more.append(await touched_once(connection, found, DAY, 2))
    assert more == [True, True, False]
    assert (await waiting(engine), await differences(engine)) == (0, [])
    async with reading(engine) as connection:
        first = await top(connection, found, board_of(found, "all"), DAY, 2)
    assert [(row.handle, row.value) for row in first] == [("m4", 105), ("m3", 104)]


async def test_a_prompt_run_leaves_the_touched_to_the_run_that_is_to_come(engine: AsyncEngine) -> None:
    world = await filled(engine)
    found = await read(engine)
    async with writing(engine) as connection:
        assert not await touched_once(connection, found, DAY, 100)  # before the first run of all
    assert await waiting(engine) == 10
    await refresh(engine, "aces", DAY)
    async with writing(engine) as connection:
        await again(connection, world, 3)
        assert not await touched_once(connection, found, NEXT, 100)  # after midnight, before the daily run
    assert await waiting(engine) == 3
    async with writing(engine) as connection:
        await open_values(connection, found, NEXT)
    async with writing(engine) as connection:
        assert not await touched_once(connection, found, DAY, 100)  # read its day before midnight
    assert await waiting(engine) == 0
    await refresh(engine, "aces", NEXT)
    assert await differences(engine) == []


async def test_a_programme_without_boards_keeps_no_marks(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        world = World(book_of("aces"))
        await world.begin(connection)
        await world.join(connection, "ada")
    found = await read(engine)
    async with writing(engine) as connection:
        assert not await touched_once(connection, found, DAY, 10)
    assert await waiting(engine) == 0
