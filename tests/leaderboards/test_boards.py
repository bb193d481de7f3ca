"""What boards show: ties, windows, who stands there, days in the past, deep places, in how many statements."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.db import reading, writing
from community.kit.errors import NotFound
from community.leaderboards.actions import Task, open_values, refresh
from community.leaderboards.actions.run import Report, refresh_range
from community.leaderboards.checks import check_values
from community.leaderboards.queries.shown import around, board_of, rows, top
from community.leaderboards.rules import Row
from community.members.actions import touch
from community.members.models import Reader
from community.programmes.queries import ProgrammeRow, programme
from tests.leaderboards.cast import World, book_of

pytestmark = pytest.mark.anyio

DAY = date(2025, 3, 31)
Told = dict[str, Any]
ALL_TIES: list[Told] = [{"key": t, "metric": "points", "ties": t} for t in ("competition", "dense", "ordinal")]


async def bring(engine: AsyncEngine, day: date = DAY, **more: Any) -> Report:
    return await refresh(engine, "aces", day, range_size=7, connections=2, **more)


async def asked(engine: AsyncEngine, board: str, day: date = DAY) -> list[Row]:
    """All places, as the export streams them; the first places must be the same."""
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        wanted = board_of(found, board)
        streamed = [row async for batch in rows(connection, found, wanted, day, at_once=3) for row in batch]
        assert await top(connection, found, wanted, day, 4) == streamed[:4]
    return streamed


async def near(engine: AsyncEngine, board: str, handle: str, neighbours: int = 5, day: date = DAY) -> list[Row]:
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        return await around(connection, found, board_of(found, board), day, handle, neighbours)


async def differences(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        return [one async for one in check_values(connection, await programme(connection, "aces"))]


async def story(connection: AsyncConnection, *boards: Told) -> World:
    """ada 9, ben and Cleo 5, zoe 1; and one without points."""
    world = World(book_of("aces", *boards))
    await world.begin(connection)
    for handle, points in (("zoe", 1), ("Cleo", 5), ("ben", 5), ("ada", 9), ("nil", 0)):
        person = await world.join(connection, handle)
        if points:
            await world.give(connection, person, date(2025, 3, 1), points)
    return world


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("ties", "ranks"), [("competition", [1, 2, 2, 4]), ("dense", [1, 2, 2, 3]), ("ordinal", [1, 2, 3, 4])]
)
async def test_ties(engine: AsyncEngine, ties: str, ranks: list[int], kept: bool) -> None:
    async with writing(engine) as connection:
        await story(connection, *ALL_TIES)
    if kept:
        await bring(engine)
    found = await asked(engine, ties)
    assert [(row.rank, row.handle) for row in found] == list(zip(ranks, ["ada", "ben", "Cleo", "zoe"], strict=True))
    for handle in ("ADA", "ben", "cleo", "zoe"):
        assert await near(engine, ties, handle) == found


@pytest.mark.parametrize("kept", [True, False])
async def test_deep_down_with_neighbours_on_either_side(engine: AsyncEngine, kept: bool) -> None:
    async with writing(engine) as connection:
        world = World(book_of("aces", *ALL_TIES))
        await world.begin(connection)
        for number in range(60):
            person = await world.join(connection, f"m{number:03}")
            await world.give(connection, person, date(2025, 1, 1), 1 + number // 4)
    if kept:
        assert (await bring(engine)).added == 3 * 60
    for ties in ("competition", "dense", "ordinal"):
        expected = world.shown(board_of(await programme_of(engine), ties), DAY)
        for place in (0, 2, 30, 57, 59):
            found = await near(engine, ties, expected[place].handle)
            assert found == expected[max(0, place - 5) : place + 6]
        assert await near(engine, ties, "m030", neighbours=0) == [row for row in expected if row.handle == "m030"]


async def programme_of(engine: AsyncEngine) -> ProgrammeRow:
    async with reading(engine) as connection:
        return await programme(connection, "aces")


async def test_who_stands_on_a_board(engine: AsyncEngine) -> None:
    boards: list[Told] = [
        {"key": "all", "metric": "points"},
        {"key": "desk", "metric": "points", "audience": "managers"},
        {"key": "french", "metric": "points", "only": {"countries": ["FR"]}},
        {"key": "pros", "metric": "points", "only": {"tiers": ["pro"]}},
    ]
    async with writing(engine) as connection:
        world = await story(connection, *boards)
        by = {person.handle: person for person in world.people}
        await world.change(connection, by["ada"], on_boards=False)
        await world.change(connection, by["ben"], country="FR", status="on_leave")
        await world.change(connection, by["zoe"], status="alumni")
        await world.decide(connection, by["Cleo"], date(2025, 3, 2), "pro")
        await world.decide(connection, by["ben"], date(2025, 3, 2), "associate")
    for _fresh in (False, True):
        assert [row.handle for row in await asked(engine, "all")] == ["ben", "Cleo"]
        assert [row.handle for row in await asked(engine, "desk")] == ["ada", "ben", "Cleo"]
        assert [row.handle for row in await asked(engine, "french")] == ["ben"]
        assert [(row.rank, row.handle, row.tier) for row in await asked(engine, "pros")] == [(1, "Cleo", "pro")]
        assert await near(engine, "all", "ada") == []
        await bring(engine)
    assert await differences(engine) == []


async def test_a_past_day_shows_the_tiers_of_then_and_the_countries_of_today(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        world = await story(
            connection,
            {"key": "all", "metric": "points"},
            {"key": "pros", "metric": "points", "only": {"tiers": ["pro"]}},
        )
        ada = world.people[3]
        await world.decide(connection, ada, date(2025, 3, 5), "pro")
        await world.decide(connection, ada, date(2025, 3, 20), None)
        await world.give(connection, ada, date(2025, 3, 25), 100)
        await world.change(connection, ada, country="FR")
    await bring(engine)
    assert (await asked(engine, "all"))[0] == Row(1, "ada", "Ada", "FR", None, 109, 2)
    assert (await asked(engine, "all", date(2025, 3, 10)))[0] == Row(1, "ada", "Ada", "FR", "pro", 9, 1)
    assert (await asked(engine, "all", date(2025, 3, 4)))[0].tier is None
    assert [row.handle for row in await asked(engine, "pros", date(2025, 3, 19))] == ["ada"]
    assert await asked(engine, "pros", date(2025, 3, 20)) == []
    assert await asked(engine, "all", date(2025, 2, 28)) == []
    await bring(engine, date(2025, 3, 10))
    assert (await asked(engine, "all", date(2025, 3, 10)))[0] == Row(1, "ada", "Ada", "FR", "pro", 9, 1)


async def test_a_window_moves_with_the_day_and_only_what_differs_is_written(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        world = await story(
            connection,
            {"key": "month", "metric": "points", "window": "month"},
            {"key": "all", "metric": "contributions"},
        )
        await world.give(connection, world.people[0], date(2025, 4, 1), 2)
    first = await bring(engine)
    assert (first.everybody, first.added, first.changed, first.removed) == (True, 8, 0, 0)
    again = await bring(engine)
    assert (again.everybody, again.looked_at) == (False, 0)
    moved = await bring(engine, date(2025, 4, 1))
    assert (moved.everybody, moved.added, moved.changed, moved.removed) == (True, 0, 2, 3)
    assert [row.handle for row in await asked(engine, "month", date(2025, 4, 1))] == ["zoe"]
    full = await bring(engine, date(2025, 4, 1), full=True)
    assert (full.everybody, full.added, full.changed, full.removed) == (True, 0, 0, 0)
    assert await differences(engine) == []


async def test_a_touched_member_is_seen_at_once_and_kept_at_the_next_refresh(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        world = await story(connection, {"key": "all", "metric": "points"})
    await bring(engine)
    async with writing(engine) as connection:
        number = await world.give(connection, world.people[0], date(2025, 3, 30), 50)
    assert (await asked(engine, "all"))[0][:2] == (1, "zoe")
    assert await differences(engine) == []
    report = await bring(engine)
    assert (report.everybody, report.looked_at, report.changed) == (False, 1, 1)
    async with writing(engine) as connection:
        await world.take_back(connection, number)
    await bring(engine)
    assert (await asked(engine, "all"))[-1] == Row(4, "zoe", "Zoe", None, None, 1, 1)
    assert await differences(engine) == []


async def test_a_new_version_recomputes_and_cleans_away_boards_that_are_gone(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        world = await story(connection, {"key": "all", "metric": "points"}, {"key": "old", "metric": "points"})
    await bring(engine)
    async with writing(engine) as connection:
        await world.apply(connection, book_of("aces", {"key": "all", "metric": "contributions"}), 2)
    assert [row.value for row in await asked(engine, "all")] == [1, 1, 1, 1]
    report = await bring(engine)
    assert (report.everybody, report.changed) == (True, 3)
    assert [row.value for row in await asked(engine, "all")] == [1, 1, 1, 1]
    with pytest.raises(NotFound, match="it has: all"):
        await asked(engine, "old")
    assert await differences(engine) == []
    async with writing(engine) as connection:
        await world.apply(connection, book_of("aces"), 3)
    await bring(engine)
    assert await differences(engine) == []


async def test_an_unknown_handle_is_told_from_one_without_a_place(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await story(connection, {"key": "all", "metric": "points"})
    for _fresh in (False, True):
        assert await near(engine, "all", "NIL") == []
        with pytest.raises(NotFound, match="stranger"):
            await near(engine, "all", "stranger")
        await bring(engine)


async def test_verify_finds_what_was_tampered_with(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await story(connection, {"key": "all", "metric": "points"})
    await bring(engine)
    async with writing(engine) as connection:
        await connection.exec_driver_sql("UPDATE board_value SET value = 7 WHERE folded = 'ada'")
        await connection.exec_driver_sql("UPDATE board_tally SET members = 3 WHERE value = 5")
        await connection.exec_driver_sql("UPDATE board_value SET folded = 'zoo' WHERE folded = 'zoe'")
    found = await differences(engine)
    assert found[0].startswith("board all: ada: kept 7 from 1 contributions, the ledger gives 9 from 1 contributions")
    assert sum("have the value" in one for one in found) == 3
    assert found[-1] == "board all: the value of zoe is filed under zoo"


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def test_statements_do_not_grow_with_members(engine: AsyncEngine) -> None:
    counts = []
    async with writing(engine) as connection:
        world = await story(connection, {"key": "all", "metric": "points"}, {"key": "days", "metric": "active_days"})
    await bring(engine)
    for more in (1, 300):
        async with writing(engine) as connection:
            people = [await world.join(connection, f"{more}-{number}") for number in range(more)]
            for person in people:
                await world.give(connection, person, date(2025, 1, 2), 3)
            await touch(connection, world.id, [person.id for person in world.people], [Reader.BOARDS])
        with counted(engine) as statements:
            await refresh(engine, "aces", DAY, full=True, range_size=10_000, connections=2)
        counts.append(len(statements))
        with counted(engine) as statements:
            await near(engine, "all", "ben")
            await asked(engine, "all")
        counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert max(counts) < 30
    assert await differences(engine) == []


async def test_runs_for_two_days_at_once_end_as_one_of_them(engine: AsyncEngine) -> None:
    later = date(2025, 4, 1)
    async with writing(engine) as connection:
        world = await story(connection, {"key": "month", "metric": "points", "window": "month"})
        for number in range(40):
            person = await world.join(connection, f"m{number:02}")
            await world.give(connection, person, later if number % 2 else DAY, 1 + number)
    for _again in range(3):
        reports = await asyncio.gather(bring(engine, DAY), bring(engine, later), bring(engine, DAY))
        assert await differences(engine) == []
        assert not all(report.superseded for report in reports)
        for day in (DAY, later):
            assert await asked(engine, "month", day) == world.shown(board_of(await programme_of(engine), "month"), day)


async def test_a_run_that_died_half_way_is_taken_up_again(engine: AsyncEngine) -> None:
    later = date(2025, 4, 1)
    async with writing(engine) as connection:
        world = await story(connection, {"key": "month", "metric": "points", "window": "month"})
    await bring(engine)
    task = Task(await programme_of(engine), later)
    async with writing(engine) as connection:
        assert await open_values(connection, task.programme, later)
    await refresh_range(engine, task, world.people[0].id, world.people[1].id, Report(later, True))
    for day in (DAY, later):
        assert await asked(engine, "month", day) == world.shown(board_of(await programme_of(engine), "month"), day)
    assert await differences(engine) == []
    report = await bring(engine, later)
    assert (report.everybody, report.removed) == (True, 2)
    assert await differences(engine) == []


async def test_what_is_posted_while_boards_are_refreshed_is_not_lost(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        world = await story(connection, {"key": "all", "metric": "points"})

    async def post() -> None:
        for number in range(12):
            async with writing(engine) as connection:
                await world.give(connection, world.people[number % 5], DAY, 1 + number)

    async def run() -> None:
        for number in range(6):
            await bring(engine, full=number % 2 == 0)

    await asyncio.gather(post(), run())
    await bring(engine)
    assert await differences(engine) == []
    assert await asked(engine, "all") == world.shown(board_of(await programme_of(engine), "all"), DAY)
