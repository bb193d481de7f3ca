"""arq, and the only file besides `workers/` that knows it: tells workers of jobs, and wakes them.

The queue is never the memory: a message is the ids of rows, may be lost, come twice or come late, and the rows decide.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from community.jobs.actions import Told
from community.kit import log

QUEUE = "community:jobs"
WAKE = "community:wake"
RUN, PULL = "run", "pull"
"""Messages: run these jobs; look for heavy ones."""
IDS_IN_A_MESSAGE = 20
PULLS_AT_MOST = 16
"""So many heavy jobs are told of at once: whoever ends one looks for the next."""
ANSWERS_WITHIN_SECONDS = 0.25
SILENT_AFTER_FAILURE_SECONDS = 2.0
POLLED_WITHIN_SECONDS = 30.0
"""A queue that says nothing for longer is asked on a new connection: nobody tells of a connection that was cut off."""
CLOSED_WITHIN_SECONDS = 2.0
AWAY = (RedisError, OSError, TimeoutError)
"""What a queue raises that does not answer."""

_log = log.logger("jobs")


def serialized(value: dict[str, Any]) -> bytes:
    """A message as bytes: JSON, never pickle."""
    return json.dumps(value, default=str).encode()


def deserialized(value: bytes) -> dict[str, Any]:
    """A message from bytes."""
    found: dict[str, Any] = json.loads(value)
    return found


def redis_settings(url: str) -> RedisSettings:
    """The settings for a Redis or Valkey URL; a try to connect is short, because the rows wait safely."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout, settings.conn_retries = 1, 0
    settings.retry_on_timeout = True
    settings.retry_on_error = [RedisError, OSError]
    return settings


class Messenger:
    """Tells workers by Redis. Where Redis does not answer it stays silent for a while and costs a caller nothing."""

    def __init__(self, url: str, heavy: frozenset[str]) -> None:
        connections = ConnectionPool.from_url(url, socket_connect_timeout=ANSWERS_WITHIN_SECONDS)
        self._queue = ArqRedis(
            connections, job_serializer=serialized, job_deserializer=deserialized, default_queue_name=QUEUE
        )
        self._heavy, self._silent_until = heavy, 0.0

    async def tell(self, told: Sequence[Told]) -> None:
        """Tells of jobs, all in one round trip; raises nothing, whatever goes wrong: the rows are committed."""
        if monotonic() < self._silent_until:
            return
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                await self._send(list(self._messages(told)))
        except Exception as error:
            self._silent_until = monotonic() + SILENT_AFTER_FAILURE_SECONDS
            if isinstance(error, AWAY):
                _log.warning("queue does not answer", error=type(error).__name__, jobs=len(told))
            else:
                _log.error("jobs not told", exc_info=error)

    def _messages(self, told: Sequence[Told]) -> Iterator[tuple[str, list[str]]]:
        short = [str(one.id) for one in told if one.kind not in self._heavy]
        for start in range(0, len(short), IDS_IN_A_MESSAGE):
            yield RUN, short[start : start + IDS_IN_A_MESSAGE]
        for _ in range(min(len(told) - len(short), PULLS_AT_MOST)):
            yield PULL, []

    async def _send(self, messages: Sequence[tuple[str, list[str]]]) -> None:
        await asyncio.gather(*(self._queue.enqueue_job(name, ids) for name, ids in messages))
        await self._queue.publish(WAKE, b"")

    async def close(self) -> None:
        """Closes the connections, at the end: while others tell, what does not answer is closed by itself."""
        with suppress(*AWAY):
            await self._queue.aclose(close_connection_pool=True)


class WokenWorker(Worker):
    """An arq worker that sleeps until it is woken, instead of asking a hundred times a second."""

    _woken: asyncio.Event

    async def main(self) -> None:
        """Polls when something was told, and every `poll_delay` in any case."""
        self._woken = asyncio.Event()
        if self._pool is None:
            self._pool = await create_pool(
                self.redis_settings, job_serializer=self.job_serializer, job_deserializer=self.job_deserializer,
                default_queue_name=self.queue_name,
            )  # fmt: skip
        self.ctx["redis"] = self.pool
        if self.on_startup:
            await self.on_startup(self.ctx)
        listening = asyncio.create_task(self._listen())
        try:
            while not listening.done():
                self._woken.clear()
                async with asyncio.timeout(POLLED_WITHIN_SECONDS):
                    await self._poll_iteration()
                await self._wait(self.poll_delay_s)
            listening.result()
        finally:
            listening.cancel()

    async def close(self) -> None:
        """Closes its connections. A queue that is stuck is not waited for."""
        with suppress(*AWAY):
            async with asyncio.timeout(CLOSED_WITHIN_SECONDS):
                await super().close()

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        self._woken.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _listen(self) -> None:
        async with self.pool.pubsub() as channel:
            await channel.subscribe(WAKE)
            async for _ in channel.listen():
                self._woken.set()
