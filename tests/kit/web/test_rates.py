"""How often one may ask: in the process, in Redis for all of them, and while Redis is away."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from starlette.exceptions import HTTPException

from community.kit.settings import Settings
from community.kit.web.rate_memory import Memory
from community.kit.web.rates import BOUNDS, Bound, Limiter, Rate
from tests.conftest import unavailable
from tests.kit.web.conftest import Logs, Sets
from tests.kit.web.stage import BROWSER, a_form, made, opened, route

pytestmark = pytest.mark.anyio
REDIS = os.environ.get("COMMUNITY_TEST_REDIS_URL", "redis://127.0.0.1:6379")


@pytest.fixture
async def redis_url() -> str:
    """The URL of a Redis that answers. Keys of these tests have names of their own."""
    client = Redis.from_url(REDIS, socket_connect_timeout=1)
    try:
        await client.ping()
    except OSError as error:
        unavailable("redis", str(error))
    finally:
        await client.aclose()
    return REDIS


@pytest.fixture
async def limiters(sets: Sets, redis_url: str) -> AsyncIterator[list[Limiter]]:
    """Two processes' limiters on the same Redis."""
    made_here = [Limiter(sets(redis_url=redis_url)) for _ in range(2)]
    yield made_here
    for one in made_here:
        await one.close()


def bound(amount: int, seconds: int = 60, shared: bool = True) -> Bound:
    """A bound that no other test counts against."""
    return Bound(f"test-{uuid4().hex}", amount, seconds, shared)


async def admitted(limiter: Limiter, one: Bound, key: str = "ada", times: int = 1) -> int:
    """How many of that many were let in."""
    count = 0
    for _ in range(times):
        try:
            await limiter.admit(one, key)
        except HTTPException as refused:
            waits = int((refused.headers or {})["retry-after"])
            if refused.status_code != 429 or not 1 <= waits <= one.seconds:
                raise
        else:
            count += 1
    return count


async def test_the_bound_holds_for_each_asker(settings: Settings) -> None:
    limiter, one = Limiter(settings), bound(5)
    assert await admitted(limiter, one, "ada", 9) == 5
    assert await admitted(limiter, one, "ben", 9) == 5
    assert await admitted(limiter, bound(5), "ada", 1) == 1


async def test_a_window_moves_on(settings: Settings) -> None:
    limiter, one = Limiter(settings), bound(2, seconds=1)
    assert await admitted(limiter, one, times=3) == 2
    await asyncio.sleep(1.05)
    assert await admitted(limiter, one, times=3) == 2


async def test_processes_count_together(limiters: list[Limiter]) -> None:
    one = bound(20)
    counts = await asyncio.gather(*(admitted(limiter, one, times=20) for limiter in limiters))
    assert sum(counts) == 20


async def test_what_is_not_shared_is_counted_by_each(limiters: list[Limiter]) -> None:
    one = bound(3, shared=False)
    assert [await admitted(limiter, one, times=5) for limiter in limiters] == [3, 3]


async def test_after_a_success_counting_begins_anew(limiters: list[Limiter]) -> None:
    one = bound(2)
    assert await admitted(limiters[0], one, times=3) == 2
    await limiters[1].forget(one, "ada")
    assert await admitted(limiters[0], one, times=3) == 2


async def test_while_redis_is_away_each_process_counts(sets: Sets, logs: Logs) -> None:
    limiter, one = Limiter(sets(redis_url="redis://127.0.0.1:1/0")), bound(3)
    began = asyncio.get_running_loop().time()
    assert await admitted(limiter, one, times=50) == 3
    assert asyncio.get_running_loop().time() - began < 1
    await limiter.forget(one, "ada")
    assert await admitted(limiter, one, times=1) == 1
    await limiter.close()
    said = [one["event"] for one in logs()]
    assert said == ["limits are counted by each process, Redis is away"]


async def test_a_redis_that_hangs_holds_nobody_up(sets: Sets) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        limiter, one = Limiter(sets(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")), bound(3)
        began = asyncio.get_running_loop().time()
        assert await admitted(limiter, one, times=50) == 3
        assert asyncio.get_running_loop().time() - began < 2
        await limiter.close()


@pytest.mark.parametrize(("scale", "count"), [(0, 50), (0.5, 5), (2, 20), (0.01, 1)])
async def test_a_setting_scales_them(sets: Sets, scale: float, count: int) -> None:
    assert await admitted(Limiter(sets(rate_scale=scale)), bound(10), times=50) == count


@pytest.mark.parametrize(
    ("addresses", "status"),
    [
        (["203.0.113.1", "203.0.113.1"], 429),
        (["203.0.113.1", "203.0.113.2"], 200),
        (["2001:db8::1", "2001:db8::ffff:2"], 429),
        (["2001:db8::1", "2001:db8:0:1::1"], 200),
        (["203.0.113.1", "::ffff:203.0.113.1"], 429),
    ],
)  # fmt: skip
async def test_an_asker_is_an_address_or_a_network_of_the_new_kind(
    sets: Sets, addresses: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BOUNDS, Rate.PAGE, bound(1, shared=False))
    app = made(sets(), route("GET", "/x", "kit.x", rate=Rate.PAGE))
    for address, expected in zip(addresses, (200, status), strict=True):
        async with opened(app, (address, 1)) as client:
            assert (await client.get("/x")).status_code == expected


async def test_too_often_is_said_with_when_to_come_again(sets: Sets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOUNDS, Rate.SIGN_IN, bound(2))
    routes = (route("GET", "/x", "kit.x", a_form), route("POST", "/x", "kit.x", rate=Rate.SIGN_IN))
    async with opened(made(sets(), *routes), headers=BROWSER) as client:
        form = {"csrf": (await client.get("/x")).text}
        answers = [await client.post("/x", data=form) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("community.kit.web.rate_memory.KEYS", 2_000)
    memory = Memory()
    for number in range(10_000):
        assert await memory.acquire_entry(f"key-{number}", 1, 60)
    assert len(memory._hits) <= 2_300
    assert not await memory.acquire_entry("key-9999", 1, 60)


async def test_memory_does_what_a_storage_must() -> None:
    memory = Memory()
    assert await memory.check()
    assert [await memory.incr("a", 60), await memory.incr("a", 60, 2), await memory.get("a")] == [1, 3, 3]
    assert await memory.get_expiry("a") > await memory.get_expiry("none")
    assert await memory.reset() == 1
    assert await memory.get("a") == 0


def test_every_class_but_one_has_a_bound() -> None:
    assert set(BOUNDS) == set(Rate) - {Rate.NONE}
