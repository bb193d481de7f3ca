"""The database as a storage of `limits`: its moving window, which never admits more than the limit in any window."""

from __future__ import annotations

from datetime import timedelta

from limits.aio.storage import MovingWindowSupport, Storage
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit.clock import now
from community.kit.db import reading, writing
from community.kit.rates import actions


class DatabaseStorage(Storage, MovingWindowSupport):
    """Counts in transactions of its own: what was asked for counts, whatever becomes of the request."""

    STORAGE_SCHEME = None

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__()
        self._engine = engine

    @property
    def base_exceptions(self) -> type[Exception]:
        """What this storage raises when it is away."""
        return SQLAlchemyError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Takes `amount` of the `limit` in `expiry` seconds, if so much is left."""
        async with writing(self._engine) as connection:
            return await actions.acquire(connection, key, limit, timedelta(seconds=expiry), amount, now())

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Where the window that ends now begins, and how much of it was taken."""
        async with reading(self._engine) as connection:
            return await actions.window(connection, key, timedelta(seconds=expiry), now())

    async def clear(self, key: str) -> None:
        """Gives back all that was taken of a key."""
        async with writing(self._engine) as connection:
            await actions.forget(connection, key)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not of the moving window."""
        raise NotImplementedError

    async def get(self, key: str) -> int:
        """Not of the moving window."""
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        """Not of the moving window."""
        raise NotImplementedError

    async def check(self) -> bool:
        """Whether the database answers; `/readyz` asks that itself."""
        raise NotImplementedError

    async def reset(self) -> int | None:
        """Nothing gives back all that was taken of all keys."""
        raise NotImplementedError
