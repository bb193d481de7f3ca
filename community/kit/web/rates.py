"""How often one may ask: bounds by rate class, counted by `limits` over a moving window.

Reading is counted in the process; what people do is counted in Redis, where there is one, for all processes together.
While Redis is away each process counts for itself: a limit never opens, and never closes the door to everybody.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from time import monotonic
from typing import Any, TypeVar, cast

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from community.kit import clock, log
from community.kit.settings import Settings
from community.kit.web.rate_memory import Memory

REDIS_WAIT_SECONDS = 0.25
REDIS_REST_SECONDS = 5.0
"""How long a Redis that was away is left alone, so that not every request waits for it."""

Answer = TypeVar("Answer")
_log = log.logger("kit.web")


class Rate(StrEnum):
    """The class of a route; each has its bound in `BOUNDS`."""

    NONE = "none"
    """Not limited: static files, probes."""
    PAGE = "page"
    """Reading."""
    FORM = "form"
    """Changing something."""
    TYPING = "typing"
    """What a page asks while somebody types: previews, searches."""
    HEAVY = "heavy"
    """Exports, uploads, imports."""
    SIGN_IN = "sign_in"
    """Passwords, links by mail, resets, invitations. What counts per account, the room for people counts."""
    REPORT = "report"
    """What browsers report by themselves."""
    API = "api"
    """Programs."""


@dataclass(frozen=True)
class Bound:
    """So many of `name` within so many seconds; shared between processes, or counted by each."""

    name: str
    amount: int
    seconds: int
    shared: bool = True


BOUNDS = {
    Rate.PAGE: Bound("page", 1_200, 60, shared=False),
    Rate.FORM: Bound("form", 120, 60),
    Rate.TYPING: Bound("typing", 600, 60, shared=False),
    Rate.HEAVY: Bound("heavy", 30, 60),
    Rate.SIGN_IN: Bound("sign_in", 30, 300),
    Rate.REPORT: Bound("report", 20, 60, shared=False),
    Rate.API: Bound("api", 1_200, 60),
}
"""An office, or a proxy that is not trusted, is one address: the bounds stop machines, not people."""


class Limiter:
    """Counts, and refuses with 429 what goes beyond a bound."""

    def __init__(self, settings: Settings) -> None:
        self._scale = settings.rate_scale
        memory = Memory()
        self._here = MovingWindowRateLimiter(memory)
        self._redis = _redis(settings.redis_url) if settings.redis_url else None
        self._everywhere = MovingWindowRateLimiter(cast(Storage, self._redis)) if self._redis else None
        self._rests_until = 0.0

    async def admit(self, bound: Bound, *key: str) -> None:
        """Counts one more for `key`. Raises a 429 that says when to come again, where that is one too many."""
        if self._scale == 0:
            return
        item = RateLimitItemPerSecond(max(1, round(bound.amount * self._scale)), bound.seconds, namespace=bound.name)
        if bound.shared and self._everywhere is not None:
            wait = await self._or_none(self._hit(self._everywhere, clock.now().timestamp(), item, key))
            if wait is None:
                wait = await self._hit(self._here, monotonic(), item, key)
        else:
            wait = await self._hit(self._here, monotonic(), item, key)
        if wait:
            raise HTTPException(429, headers={"retry-after": str(wait)})

    async def forget(self, bound: Bound, *key: str) -> None:
        """Begins anew for `key`: after a success what was counted against it is void."""
        item = RateLimitItemPerSecond(max(1, round(bound.amount * self._scale)), bound.seconds, namespace=bound.name)
        if bound.shared and self._everywhere is not None:
            await self._or_none(self._everywhere.clear(item, *key))
        await self._here.clear(item, *key)

    async def close(self) -> None:
        """Gives the connections back."""
        if self._redis is not None:
            client: Any = cast(RedispyBridge, self._redis.bridge).get_connection()
            await client.aclose()

    async def _hit(
        self, limiter: MovingWindowRateLimiter, now: float, item: RateLimitItem, key: tuple[str, ...]
    ) -> int:
        """Counts one; answers 0, or in how many seconds there is room again."""
        if await limiter.hit(item, *key):
            return 0
        stats = await limiter.get_window_stats(item, *key)
        return max(1, ceil(stats.reset_time - now))

    async def _or_none(self, asked: Awaitable[Answer]) -> Answer | None:
        """What Redis answers; None where it is away, or was a moment ago."""
        if monotonic() < self._rests_until:
            if hasattr(asked, "close"):
                asked.close()
            return None
        try:
            return await asked
        except (RedisError, OSError) as error:
            self._rests_until = monotonic() + REDIS_REST_SECONDS
            _log.warning("limits are counted by each process, Redis is away", error=type(error).__name__)
            return None


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        f"async+{'redis+' if url.startswith('unix') else ''}{url}",
        implementation="redispy",
        key_prefix="community:limit",
        socket_timeout=REDIS_WAIT_SECONDS,
        socket_connect_timeout=REDIS_WAIT_SECONDS,
    )
