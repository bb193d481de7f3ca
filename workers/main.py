"""A worker process: arq carries the messages, the rows of the table `job` decide.

`community worker` runs `main`; `arq workers.main.WorkerSettings` runs the same under arq's own command.
"""

from __future__ import annotations

import asyncio
import faulthandler
import signal
from functools import partial
from typing import Any, ClassVar

from redis.exceptions import RedisError

from community.changes.jobs import JOBS as CHANGES
from community.flow import followed
from community.home.jobs import JOBS as HOME
from community.jobs.jobs import JOBS as JOBS
from community.jobs.messenger import QUEUE, Messenger, WokenWorker, deserialized, redis_settings, serialized
from community.jobs.runner import Runner
from community.jobs.timetable import Timetable
from community.jobs.work import by_name
from community.kit import db, log, schema
from community.kit import settings as kit_settings
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.leaderboards.jobs import JOBS as BOARDS
from community.notices.jobs import JOBS as NOTICES
from community.notices.letters import LETTERS as OF_MESSAGES
from community.people.jobs import JOBS as PEOPLE
from community.people.jobs import sending
from community.people.letters import LETTERS
from community.standings.jobs import JOBS as STANDINGS
from workers.schedule import SCHEDULE, places

KINDS = by_name(STANDINGS, BOARDS, CHANGES, NOTICES, PEOPLE, [sending({**LETTERS, **OF_MESSAGES})], HOME, JOBS)
HEAVY = frozenset(name for name, kind in KINDS.items() if kind.heavy)
CONNECTIONS = 14
"""Those of jobs side by side, of renewing and of sweeping."""
STOPS_WITHIN_SECONDS = 15.0
QUEUE_BACK_SECONDS = 1.0
AT_ONCE = 12
BLOCKED_SECONDS = 120
"""A process in which nothing else went on for so long, since one job never let go, ends; whoever keeps it begins anew.
"""
MESSAGE_SECONDS = 10.0
"""A message is under way for so long at most, whatever becomes of the jobs that it was about. The queue keeps those of
a process that was killed for three times as long, and they are in the way of others meanwhile.
"""
DELIVERIES = 100
"""A message may come again; the rows decide."""

_log = log.logger("workers")


class Process:
    """What a worker process keeps going: runner, renewing, sweeping, timetable."""

    def __init__(self, settings: Settings) -> None:
        if not settings.redis_url:
            raise UsageError("COMMUNITY_REDIS_URL: a worker needs a queue; without one `community serve` runs the jobs")
        self.messenger = Messenger(settings.redis_url, HEAVY)
        connections = CONNECTIONS + settings.connections
        self.engine = followed(db.create_engine(settings.url, connections, serves=True), self.messenger)
        self.runner = Runner(self.engine, KINDS, settings, heavy_at_once=settings.connections)
        self._timetable = Timetable(self.engine, SCHEDULE, places)
        self._keeping: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Begins, once the database is at head."""
        await schema.ensure(self.engine)
        self._keeping = [
            asyncio.create_task(self.runner.renew()),
            asyncio.create_task(self.runner.sweeping(self._timetable.plan_each_minute)),
        ]

    async def end(self) -> None:
        """Ends within 20 s: what runs may end, the rest is handed back."""
        await self.runner.stop(STOPS_WITHIN_SECONDS)
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await self.messenger.close()
        await self.engine.dispose()


async def run(ctx: dict[str, Any], ids: list[str]) -> None:
    """A message: these jobs are due. A queue that goes away cancels the message, never the jobs."""
    runner: Runner = ctx["process"].runner
    await asyncio.wait({runner.start(partial(runner.told, ids))}, timeout=MESSAGE_SECONDS)


async def pull(ctx: dict[str, Any], _ids: list[str]) -> None:
    """A message: there are heavy jobs."""
    runner: Runner = ctx["process"].runner
    await asyncio.wait({runner.start(runner.heavy)}, timeout=MESSAGE_SECONDS)


async def _begin(ctx: dict[str, Any]) -> None:
    ctx["process"] = Process(kit_settings.load())
    await ctx["process"].begin()


async def _end(ctx: dict[str, Any]) -> None:
    await ctx["process"].end()


class WorkerSettings:
    """For arq's own command, which asks for messages by polling; `community worker` is woken instead."""

    functions: ClassVar[list[Any]] = [run, pull]
    redis_settings = redis_settings(kit_settings.load().redis_url or "redis://127.0.0.1:6379")
    queue_name = QUEUE
    on_startup = _begin
    on_shutdown = _end
    job_serializer = staticmethod(serialized)
    job_deserializer = staticmethod(deserialized)
    keep_result = 0
    max_tries = DELIVERIES
    max_jobs = AT_ONCE
    job_timeout = 2 * MESSAGE_SECONDS
    poll_delay = 0.05
    log_results = False


async def main(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT. A queue that is away is waited for; the sweeps go on meanwhile."""
    log.configure(settings.log_format or None)
    process = Process(settings)
    stopped = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    await process.begin()
    _log.info("worker begins", worker=process.runner.name)
    beside = [asyncio.create_task(_listen(process, settings)), asyncio.create_task(_watch())]
    try:
        await stopped.wait()
    finally:
        await process.end()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        _log.info("worker ends", worker=process.runner.name)


async def _watch() -> None:
    """Ends the process, with a trace of what it was at, once one job has let nothing else go on for too long."""
    try:
        while True:
            faulthandler.dump_traceback_later(BLOCKED_SECONDS, exit=True)
            await asyncio.sleep(BLOCKED_SECONDS / 10)
    finally:
        faulthandler.cancel_dump_traceback_later()


async def _listen(process: Process, settings: Settings) -> None:
    """Takes messages as long as the queue answers, and comes back to it when it does again."""
    while True:
        worker = WokenWorker(
            functions=WorkerSettings.functions, redis_settings=redis_settings(settings.redis_url), queue_name=QUEUE,
            ctx={"process": process}, handle_signals=False, keep_result=0, max_tries=DELIVERIES, max_jobs=AT_ONCE,
            job_timeout=2 * MESSAGE_SECONDS, poll_delay=QUEUE_BACK_SECONDS, log_results=False,
            job_serializer=serialized, job_deserializer=deserialized,
        )  # fmt: skip
        try:
            await worker.main()
        except (RedisError, OSError) as error:
            _log.warning("queue does not answer", error=f"{type(error).__name__}: {error}"[:200])
        finally:
            await worker.close()
        await asyncio.sleep(QUEUE_BACK_SECONDS)
