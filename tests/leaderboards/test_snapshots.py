"""What is frozen, and when: periods of every window, zones, days to wait, what comes late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit.clock import stopped
from community.kit.db import is_sqlite, writing
from community.kit.errors import UsageError
from community.leaderboards.actions import freeze
from community.leaderboards.rules import Due, Row
from community.ledger.queries import entries_digest
from community.programmes.queries import programme
from tests.leaderboards.cast import World, book_of
from tests.leaderboards.freezing import (
    ALL,
    MARCH,
    MONTH,
    Told,
    begin,
    board_on,
    differences,
    due_on,
    freeze_due,
    noon,
    places,
    with_cycle,
)

pytestmark = pytest.mark.anyio


def ended(found: Sequence[Due]) -> list[tuple[str, str, str]]:
    return [(one.board, str(one.first), str(one.last)) for one in found]


@pytest.mark.parametrize(
    ("window", "periods"),
    [
        ("lifetime", ["2025-03-01/2025-03-31", "2025-04-01/2025-04-30"]),
        ("90d", ["2025-03-01/2025-03-31", "2025-04-01/2025-04-30"]),
        ("12mo", ["2025-03-01/2025-03-31", "2025-04-01/2025-04-30"]),
        ("month", ["2025-03-01/2025-03-31", "2025-04-01/2025-04-30"]),
        ("last_month", ["2025-03-01/2025-03-31", "2025-04-01/2025-04-30"]),
        ("quarter", ["2025-01-01/2025-03-31"]),
        ("last_quarter", ["2025-01-01/2025-03-31"]),
        ("year", []),
        ("cycle", ["2025-01-15/2025-04-14"]),
        ("last_cycle", ["2025-01-15/2025-04-14"]),
    ],
)
async def test_each_kind_of_window_is_frozen_at_the_end_of_its_periods(
    engine: AsyncEngine, window: str, periods: list[str]
) -> None:
    world = World(with_cycle("01-15", 3, {"key": "board", "metric": "points", "window": window}))
    with stopped(noon(date(2025, 3, 10))):
        async with writing(engine) as connection:
            await world.begin(connection)
            person = await world.join(connection, "ada")
            await world.give(connection, person, date(2025, 3, 2), 5)
    taken = await freeze_due(engine, date(2025, 5, 1))
    assert [f"{one.first_on}/{one.last_on}" for one in taken] == periods
    for one in taken:
        assert await places(engine, one) == await board_on(engine, "board", one.last_on)
    assert await due_on(engine, date(2025, 5, 1)) == []
    if window == "last_month":
        assert [one.rows for one in taken] == [0, 1]
    if window == "year":
        assert ended(await due_on(engine, date(2026, 1, 1))) == [("board", "2025-01-01", "2025-12-31")]


async def test_it_is_due_from_the_first_daily_run_after_the_period_on(engine: AsyncEngine) -> None:
    await begin(engine, MONTH)
    assert await due_on(engine, date(2025, 3, 31)) == []
    assert ended(await due_on(engine, date(2025, 4, 1))) == [("month", "2025-03-01", "2025-03-31")]
    assert len(await due_on(engine, date(2025, 4, 30))) == 1
    assert ended(await due_on(engine, date(2025, 5, 1))) == [
        ("month", "2025-03-01", "2025-03-31"),
        ("month", "2025-04-01", "2025-04-30"),
    ]


@pytest.mark.parametrize(("days", "first_due"), [(0, date(2025, 4, 1)), (3, date(2025, 4, 4)), (45, date(2025, 5, 16))])
async def test_so_many_days_later(engine: AsyncEngine, days: int, first_due: date) -> None:
    await begin(engine, {**MONTH, "freeze_after_days": days})
    assert await due_on(engine, first_due - timedelta(days=1)) == []
    assert ended(await due_on(engine, first_due)) == [("month", "2025-03-01", "2025-03-31")]


async def test_what_was_missed_comes_in_order_each_board_after_its_days(engine: AsyncEngine) -> None:
    await begin(engine, ALL, {**MONTH, "freeze_after_days": 20}, {"key": "q", "metric": "points", "window": "quarter"})
    assert ended(await due_on(engine, date(2025, 7, 1))) == [
        ("all", "2025-03-01", "2025-03-31"),
        ("month", "2025-03-01", "2025-03-31"),
        ("q", "2025-01-01", "2025-03-31"),
        ("all", "2025-04-01", "2025-04-30"),
        ("month", "2025-04-01", "2025-04-30"),
        ("all", "2025-05-01", "2025-05-31"),
        ("month", "2025-05-01", "2025-05-31"),
        ("all", "2025-06-01", "2025-06-30"),
        ("q", "2025-04-01", "2025-06-30"),
    ]
    taken = await freeze_due(engine, date(2025, 7, 1))
    assert [one.number for one in taken] == list(range(1, 10))
    assert await due_on(engine, date(2025, 7, 1)) == []
    assert await differences(engine) == []


async def test_leap_years(engine: AsyncEngine) -> None:
    await begin(engine, MONTH, on=date(2024, 2, 29))
    assert await due_on(engine, date(2024, 2, 29)) == []
    assert ended(await due_on(engine, date(2024, 3, 1))) == [("month", "2024-02-01", "2024-02-29")]


@pytest.mark.parametrize(
    ("timezone", "created", "first"),
    [
        ("Pacific/Kiritimati", datetime(2025, 3, 31, 10, 1, tzinfo=UTC), "2025-04-01"),
        ("Pacific/Kiritimati", datetime(2025, 3, 31, 9, 59, tzinfo=UTC), "2025-03-01"),
        ("America/Los_Angeles", datetime(2025, 4, 1, 6, 59, tzinfo=UTC), "2025-03-01"),
        ("America/Los_Angeles", datetime(2025, 4, 1, 7, 1, tzinfo=UTC), "2025-04-01"),
    ],
)
async def test_the_first_period_is_the_one_in_which_the_programme_began_in_its_zone(
    engine: AsyncEngine, timezone: str, created: datetime, first: str
) -> None:
    world = World(book_of("aces", MONTH, timezone=timezone))
    with stopped(created):
        async with writing(engine) as connection:
            await world.begin(connection)
    assert str((await due_on(engine, date(2025, 6, 1)))[0].first) == first


async def test_a_period_that_is_not_over_in_the_zone_is_refused(engine: AsyncEngine) -> None:
    await begin(engine, MONTH, timezone="America/Los_Angeles")
    due = Due("month", *MARCH)
    for instant, over in (
        (datetime(2025, 4, 1, 6, 59, tzinfo=UTC), False),
        (datetime(2025, 4, 1, 7, tzinfo=UTC), True),
    ):
        with stopped(instant):
            async with writing(engine) as connection:
                found = await programme(connection, "aces")
                if over:
                    assert (await freeze(connection, found, due)).rows == 4
                else:
                    with pytest.raises(UsageError, match="not over"):
                        await freeze(connection, found, due)


async def test_a_board_is_frozen_since_it_is_in_the_book_as_it_is(engine: AsyncEngine) -> None:
    world = await begin(engine, MONTH, {"key": "gone", "metric": "points"})
    assert len(await freeze_due(engine, date(2025, 4, 1))) == 2
    quarterly = {**MONTH, "window": "quarter"}
    for number, (day, boards) in enumerate(
        [
            (date(2025, 5, 10), (MONTH, ALL)),  # one is gone, one came
            (date(2025, 5, 20), (quarterly, {**ALL, "metric": "reach"})),  # other periods; the same ones
        ],
        start=2,
    ):
        with stopped(noon(day)):
            async with writing(engine) as connection:
                await world.apply(connection, book_of("aces", *boards), number)
    assert ended(await due_on(engine, date(2025, 6, 1))) == [("all", "2025-05-01", "2025-05-31")]
    assert ended(await due_on(engine, date(2025, 7, 1)))[1:] == [
        ("month", "2025-04-01", "2025-06-30"),
        ("all", "2025-06-01", "2025-06-30"),
    ]


async def test_a_cycle_that_changes_changes_the_periods(engine: AsyncEngine) -> None:
    season: Told = {"key": "season", "metric": "points", "window": "cycle"}
    world = await begin(engine, season)
    with stopped(noon(date(2025, 9, 3))):
        async with writing(engine) as connection:
            await world.apply(connection, with_cycle("01-01", 2, season), 2)
    assert ended(await due_on(engine, date(2026, 1, 1))) == [
        ("season", "2025-09-01", "2025-10-31"),
        ("season", "2025-11-01", "2025-12-31"),
    ]


async def test_the_rows_are_those_of_the_board_as_of_the_last_day(engine: AsyncEngine) -> None:
    """Tiers of then, countries of now, whoever is on the board; what came later is of the next period."""
    world = await begin(engine, {**MONTH, "ties": "dense"}, {**ALL, "only": {"tiers": ["pro"]}})
    by = {person.handle: person for person in world.people}
    async with writing(engine) as connection:
        await world.decide(connection, by["ada"], date(2025, 3, 20), "pro")
        await world.decide(connection, by["ada"], date(2025, 4, 1), None)
        await world.decide(connection, by["ben"], date(2025, 4, 1), "pro")
        await world.give(connection, by["zoe"], date(2025, 4, 1), 500)
        await world.change(connection, by["Cleo"], on_boards=False)
        await world.change(connection, by["zoe"], country="DE")
    month, pros = await freeze_due(engine, date(2025, 4, 1))
    expected = [
        Row(1, "ada", "Ada", "FR", "pro", 9, 1),
        Row(2, "ben", "Ben", "FR", None, 5, 1),
        Row(3, "zoe", "Zoe", "DE", None, 1, 1),
    ]
    assert await places(engine, month) == expected == await board_on(engine, "month", MARCH[1])
    assert await places(engine, pros) == [Row(1, "ada", "Ada", "FR", "pro", 1, 1)]
    async with writing(engine) as connection:
        await world.give(connection, by["zoe"], date(2025, 3, 3), 100)
        await world.change(connection, by["ada"], status="removed", country="IT", name="Ada L.")
        await world.decide(connection, by["zoe"], date(2025, 4, 2), "pro")
    expected[0] = expected[0]._replace(name="Ada L.")  # names are those of the day on which it is shown
    assert await places(engine, month) == expected
    assert await differences(engine) == []


async def test_what_is_approved_late_counts_up_to_the_moment_of_freezing(engine: AsyncEngine) -> None:
    world = await begin(engine, {**MONTH, "freeze_after_days": 5})
    zoe = world.people[0]
    with stopped(noon(date(2025, 4, 3))):
        async with writing(engine) as connection:
            await world.give(connection, zoe, date(2025, 3, 31), 10)
    assert await freeze_due(engine, date(2025, 4, 5)) == []
    [snapshot] = await freeze_due(engine, date(2025, 4, 6))
    assert (snapshot.position, snapshot.version) == (len(world.entries), 1)
    async with writing(engine) as connection:
        await world.give(connection, zoe, date(2025, 3, 31), 100)
    assert (await places(engine, snapshot))[0][:2] == (1, "zoe")
    assert (await places(engine, snapshot))[0].value == 11
    assert (await board_on(engine, "month", MARCH[1]))[0].value == 111


async def test_entries_that_come_in_while_it_freezes_are_of_later(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the position that it read first: what is numbered after it is not seen, whatever was committed since."""
    world = await begin(engine, MONTH)
    if is_sqlite(engine):  # where nobody else writes meanwhile
        return

    async def after_another_posted(*given: Any, **more: Any) -> str:
        async with writing(engine) as other:
            await world.give(other, world.people[0], date(2025, 3, 31), 1_000)
        return await entries_digest(*given, **more)

    monkeypatch.setattr("community.leaderboards.queries.snapshots.entries_digest", after_another_posted)
    [snapshot] = await freeze_due(engine, date(2025, 4, 1))
    assert snapshot.position == len(world.entries) - 1
    assert (await places(engine, snapshot))[0][:2] == (1, "ada")
    assert await differences(engine) == []
