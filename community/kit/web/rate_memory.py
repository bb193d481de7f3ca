"""Counts in the process. The storage that comes with `limits` looks through all of its keys at every hit."""

from __future__ import annotations

from collections import deque
from time import monotonic

from limits.aio.storage import MovingWindowSupport, Storage

KEYS = 100_000
"""Of so many askers at most; beyond, those counted longest ago are forgotten."""


class Memory(Storage, MovingWindowSupport):
    """A queue of instants a key, in the seconds of a clock that never goes back."""

    STORAGE_SCHEME = ["async+community"]  # noqa: RUF012 - a list is what the base class asks for

    def __init__(self) -> None:
        super().__init__()
        self._hits: dict[str, tuple[int, deque[float]]] = {}
        self._tidy_at = 1_000

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong: nothing that would be worth a second try."""
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Counts `amount` more unless that is more than `limit` within the last `expiry` seconds."""
        now = monotonic()
        hits = self._within(key, expiry, now)
        if len(hits) + amount > limit:
            return False
        hits.extend([now] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Since when is counted, and how many there were."""
        now = monotonic()
        hits = self._within(key, expiry, now)
        return (hits[0] if hits else now), len(hits)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counts without a limit."""
        now = monotonic()
        hits = self._within(key, expiry, now)
        hits.extend([now] * amount)
        return len(hits)

    async def get(self, key: str) -> int:
        """How many there were."""
        return len(self._hits[key][1]) if key in self._hits else 0

    async def get_expiry(self, key: str) -> float:
        """When the first of them no longer counts."""
        expiry, hits = self._hits.get(key, (0, deque()))
        return (hits[0] if hits else monotonic()) + expiry

    async def check(self) -> bool:
        """It is always there."""
        return True

    async def reset(self) -> int:
        """Forgets everything; answers how many keys there were."""
        count = len(self._hits)
        self._hits.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forgets one key."""
        self._hits.pop(key, None)

    def _within(self, key: str, expiry: int, now: float) -> deque[float]:
        if key not in self._hits:
            if len(self._hits) >= self._tidy_at:
                self._tidy(now)
            self._hits[key] = (expiry, deque())
        hits = self._hits[key][1]
        while hits and hits[0] <= now - expiry:
            hits.popleft()
        return hits

    def _tidy(self, now: float) -> None:
        """Drops what no longer counts, and the oldest of too many; then not again before they have doubled."""
        kept = {key: one for key, one in self._hits.items() if one[1] and one[1][-1] > now - one[0]}
        for key in list(kept)[: max(0, len(kept) - KEYS)]:
            del kept[key]
        self._hits = kept
        self._tidy_at = min(KEYS, max(1_000, 2 * len(kept))) if len(kept) < KEYS else KEYS + KEYS // 10
