"""Taking a share of a rate, or being refused: in Redis where it is set and answers, else in the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any, cast

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.errors import TooMany
from community.kit.rates.rate import Rate
from community.kit.rates.storage import DatabaseStorage

REDIS_PATIENCE_SECONDS = 0.3
REDIS_REST = timedelta(seconds=5)
"""For so long Redis is not asked again after it did not answer."""


class Limiter:
    """Counts who asked for what. Whoever is counted is kept as a digest, for as long as the rate's window."""

    def __init__(self, engine: AsyncEngine, redis_url: str = "") -> None:
        self._database = MovingWindowRateLimiter(DatabaseStorage(engine))
        self._redis = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._redis_rests_until: datetime | None = None

    async def take(self, rate: Rate, who: str = "") -> None:
        """Takes one of the rate for `who`. Raises TooMany, with the seconds to wait, where none is left."""
        key = _key(who)
        if (redis := self._answering()) is not None:
            try:
                return await _take(redis, rate, key)
            except StorageError:
                self._redis_rests_until = clock.now() + REDIS_REST
        return await _take(self._database, rate, key)

    async def give_back(self, rate: Rate, who: str = "") -> None:
        """Gives back all that `who` took of the rate."""
        key = _key(who)
        if (redis := self._answering()) is not None:
            try:
                await redis.clear(item_of(rate), key)
                return
            except StorageError:
                self._redis_rests_until = clock.now() + REDIS_REST
        await self._database.clear(item_of(rate), key)

    async def close(self) -> None:
        """Closes the connections to Redis."""
        if self._redis is not None:
            await cast(Any, self._redis.storage).bridge.get_connection().aclose()

    def _answering(self) -> MovingWindowRateLimiter | None:
        """Redis, unless it is not set or did not answer just now."""
        if self._redis_rests_until is not None and clock.now() >= self._redis_rests_until:
            self._redis_rests_until = None
        return None if self._redis_rests_until is not None else self._redis


async def _take(limiter: MovingWindowRateLimiter, rate: Rate, key: str) -> None:
    if await limiter.hit(item_of(rate), key):
        return
    stats = await limiter.get_window_stats(item_of(rate), key)
    wait = ceil(stats.reset_time - clock.now().timestamp())
    raise TooMany(min(rate.seconds, max(1, wait)))  # Redis counts by a clock of its own


def item_of(rate: Rate) -> RateLimitItemPerSecond:
    """The rate as `limits` takes it."""
    return RateLimitItemPerSecond(rate.amount, rate.seconds, namespace=rate.name)


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        f"async+{url}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="community-rate",
        socket_connect_timeout=REDIS_PATIENCE_SECONDS,
        socket_timeout=REDIS_PATIENCE_SECONDS,
    )


def _key(who: str) -> str:
    return sha256(who.encode("utf-8", "surrogatepass")).hexdigest()[:32]
