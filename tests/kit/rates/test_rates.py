"""Rates: in no window more than the limit, and never less without need; across processes, and while Redis is away
(trust, item 6 and invariant I23)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock, db
from community.kit.db import reading, writing
from community.kit.errors import TooMany
from community.kit.rates import actions
from community.kit.rates.limiter import Limiter
from community.kit.rates.models import ASKED
from community.kit.rates.rate import Rate
from tests.drills.servers import Redis, redis

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
FEW = Rate("few", 3, 60)


async def taken(limiter: Limiter, times: int, rate: Rate = FEW, who: str = "ada") -> list[bool]:
    """Which of so many tries were admitted."""
    found = []
    for _ in range(times):
        try:
            await limiter.take(rate, who)
            found.append(True)
        except TooMany:
            found.append(False)
    return found


async def test_so_many_and_no_more_each_for_themselves(engine: AsyncEngine) -> None:
    with clock.stopped(NOON):
        limiter = Limiter(engine)
        assert await taken(limiter, 5) == [True, True, True, False, False]
        assert await taken(limiter, 1, who="ben") == [True]
        assert await taken(limiter, 1, Rate("other", 3, 60)) == [True]
        await limiter.give_back(FEW, "ada")
        assert await taken(limiter, 4) == [True, True, True, False]


async def test_whoever_waits_as_long_as_told_is_admitted(engine: AsyncEngine) -> None:
    limiter = Limiter(engine)
    for seconds in (0, 20, 40):
        with clock.stopped(NOON + timedelta(seconds=seconds)):
            assert await taken(limiter, 1) == [True]
    with clock.stopped(NOON + timedelta(seconds=45)):
        with pytest.raises(TooMany) as told:
            await limiter.take(FEW, "ada")
        assert told.value.wait_seconds == 15
    with clock.stopped(NOON + timedelta(seconds=60)):
        assert await taken(limiter, 2) == [True, False]


@given(
    gaps=st.lists(st.integers(0, 40), min_size=1, max_size=25),
    limit=st.integers(1, 4),
    seconds=st.integers(5, 60),
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_window_holds_more_than_the_limit_and_room_is_given(
    engine: AsyncEngine, gaps: list[int], limit: int, seconds: int
) -> None:
    window, at, admitted, key = timedelta(seconds=seconds), NOON, list[datetime](), uuid4().hex
    async with writing(engine) as connection:
        for gap in gaps:
            at += timedelta(seconds=gap)
            inside = [one for one in admitted if one > at - window]
            found = await actions.acquire(connection, key, limit, window, 1, at)
            assert found == (len(inside) < limit)
            admitted += [at] * found


async def test_two_processes_admit_together_what_one_would(engine: AsyncEngine, database_url: str) -> None:
    """Two engines, forty tries at once."""
    other = db.create_engine(database_url, 3)
    try:
        with clock.stopped(NOON):
            limiters = [Limiter(engine), Limiter(other)]
            answers = await asyncio.gather(*(taken(limiters[number % 2], 1) for number in range(40)))
    finally:
        await other.dispose()
    assert sum(one for [one] in answers) == 3


async def test_a_clock_that_goes_back_gives_nothing_back(engine: AsyncEngine) -> None:
    limiter = Limiter(engine)
    with clock.stopped(NOON):
        assert await taken(limiter, 3) == [True] * 3
    with clock.stopped(NOON - timedelta(hours=1)):
        assert await taken(limiter, 1) == [False]


async def test_what_no_window_reaches_is_cleaned_away_and_nobody_is_named(engine: AsyncEngine) -> None:
    with clock.stopped(NOON):
        await taken(Limiter(engine), 1, who="ada@example.org")
        await taken(Limiter(engine), 1, Rate("long", 3, 600), who="ada@example.org")
    async with writing(engine) as connection:
        assert "ada" not in str((await connection.execute(select(ASKED))).all())
        assert await actions.clean_up(connection, NOON + timedelta(seconds=60)) == 1


@pytest.fixture(scope="module")
def own_redis() -> Iterator[Redis]:
    """A Redis that these stories may stop."""
    with redis() as made:
        yield made


async def _counted(engine: AsyncEngine) -> int:
    async with reading(engine) as connection:
        return int(await connection.scalar(select(func.count()).select_from(ASKED)) or 0)


async def test_where_there_is_redis_it_counts_for_all_processes(engine: AsyncEngine, own_redis: Redis) -> None:
    own_redis.flush()
    limiters = [Limiter(engine, own_redis.url), Limiter(engine, own_redis.url)]
    assert [await taken(one, 1) for one in (*limiters, *limiters)] == [[True], [True], [True], [False]]
    await limiters[0].give_back(FEW, "ada")
    assert await taken(limiters[1], 4) == [True, True, True, False]
    assert await _counted(engine) == 0
    for one in limiters:
        await one.close()


async def test_while_redis_is_away_the_database_counts_and_nobody_waits_for_it(
    engine: AsyncEngine, own_redis: Redis
) -> None:
    own_redis.flush()
    limiter = Limiter(engine, own_redis.url)
    with clock.stopped(NOON):
        assert await taken(limiter, 2) == [True, True]
        own_redis.kill()
        began = asyncio.get_running_loop().time()
        assert await taken(limiter, 5) == [True, True, True, False, False]
        assert asyncio.get_running_loop().time() - began < 5
        assert await _counted(engine) == 1
        await limiter.give_back(FEW, "ada")
        assert await _counted(engine) == 0
    own_redis.start()
    with clock.stopped(NOON + timedelta(seconds=6)):
        assert await taken(limiter, 4) == [True, True, True, False]
        assert await _counted(engine) == 0
    await limiter.close()
