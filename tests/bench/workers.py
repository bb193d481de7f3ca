"""Worker processes of a bench: started on a database with a Redis number of their own, watched, and stopped."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.flow import followed
from community.jobs import queries
from community.jobs.actions import NewJob, add
from community.jobs.messenger import Messenger
from community.jobs.timetable import Timetable
from community.kit import clock, db
from workers.main import HEAVY
from workers.schedule import SCHEDULE, places

REDIS = os.environ.get("COMMUNITY_TEST_REDIS_URL", "redis://127.0.0.1:6379")
NUMBER = 11
"""The Redis number that benches empty and use."""
SETTLED_SECONDS = 1.0
Process = subprocess.Popen[bytes]
WORKER = "from community.__main__ import main; main()"


def redis_url() -> str:
    """The URL of the Redis number of benches."""
    return f"{REDIS.rstrip('/')}/{NUMBER}"


@dataclass
class Workers:
    """Worker processes on a database, an engine that adds jobs for them, and the memory that they take."""

    engine: AsyncEngine
    processes: list[Process]
    peaks: dict[int, float] = field(default_factory=dict)
    _watching: bool = True

    def watch(self) -> None:
        """Keeps the highest resident megabytes of each process, twenty times a second."""
        while self._watching:
            for one in self.processes:
                self.peaks[one.pid] = max(self.peaks.get(one.pid, 0.0), megabytes(one.pid))
            time.sleep(0.05)

    def forget_peaks(self) -> None:
        """From now on peaks are those of what comes."""
        self.peaks.clear()

    def cpu_seconds(self) -> float:
        """The processor time that the processes took so far."""
        return sum(sum(psutil.Process(one.pid).cpu_times()[:2]) for one in self.processes)

    async def done(self, *jobs: NewJob) -> float:
        """Adds jobs and waits until they ended; answers the seconds from the commit on. Raises where one is dead."""
        async with db.writing(self.engine) as connection:
            ids = await add(connection, jobs)
        began = time.perf_counter()
        while True:
            async with db.reading(self.engine) as connection:
                states = {(await queries.job(connection, one)).state for one in ids}
            if states == {"done"}:
                return time.perf_counter() - began
            if "dead" in states:
                raise AssertionError("a job of the bench is dead")
            await asyncio.sleep(0.005)

    async def settled(self, seconds: float = 1_800) -> None:
        """Waits until nothing waits or runs any more."""
        deadline, quiet_since = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() - quiet_since < SETTLED_SECONDS:
            async with db.reading(self.engine) as connection:
                busy = await connection.scalar(
                    text("SELECT count(*) FROM job WHERE state IN ('waiting', 'running', 'split')")
                )
            if busy:
                quiet_since = time.monotonic()
            if time.monotonic() > deadline:
                raise AssertionError("the workers do not come to rest")
            await asyncio.sleep(0.05)

    def stop_watching(self) -> None:
        """Ends the watch."""
        self._watching = False


async def _nothing_but_runs(url: str) -> None:
    """What else the timetable would catch up with is done: a bench of runs does not measure the nightly proof."""
    engine = db.create_engine(url, 1)
    with clock.stopped(datetime.now(UTC)):  # the clock of a bench stands still elsewhere
        await Timetable(engine, [one for one in SCHEDULE if one.kind != "standings.daily"], places).plan()
    async with db.writing(engine) as connection:
        await connection.execute(text("DELETE FROM job WHERE kind <> 'standings.daily'"))
    await engine.dispose()


def start(
    command: Sequence[str], out: Any = subprocess.DEVNULL, environment: Mapping[str, str] = os.environ
) -> Process:
    """A process of its own, whose output goes to a file or nowhere."""
    return subprocess.Popen(command, stdout=out, stderr=out, env=environment)


async def until(found: Callable[[], Awaitable[bool]], every_seconds: float = 0.002) -> None:
    """Waits until something is so, for half an hour at most."""
    async with asyncio.timeout(1_800):
        while not await found():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(every_seconds)


def megabytes(pid: int) -> float:
    """The resident memory of a process; 0 where it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss / 1e6)
    except psutil.NoSuchProcess:
        return 0.0


@asynccontextmanager
async def workers(url: str, count: int, log: Path, code: str = WORKER) -> AsyncIterator[Workers]:
    """`count` worker processes on a database, each with one chain of heavy jobs."""
    client = Redis.from_url(redis_url())
    await client.flushdb()
    await client.aclose()
    environment = {
        **os.environ, "COMMUNITY_DATABASE_URL": url, "COMMUNITY_REDIS_URL": redis_url(), "COMMUNITY_CONNECTIONS": "1",
        "COMMUNITY_HOME": str(log.parent),
    }  # fmt: skip
    engine = db.create_engine(url, 4)
    messenger = Messenger(redis_url(), HEAVY)
    followed(engine, messenger)
    await _nothing_but_runs(url)
    with log.open("wb") as out:
        made = Workers(
            engine,
            [start([sys.executable, "-c", code, "worker"], out, environment) for _ in range(count)],
        )
        watching = threading.Thread(target=made.watch, daemon=True)
        watching.start()
        try:
            yield made
        finally:
            made.stop_watching()
            for one in made.processes:
                one.terminate()
            for one in made.processes:
                await asyncio.to_thread(one.wait, 30)
            await messenger.close()
            await engine.dispose()


def idle_share(workers_at_rest: Workers, seconds: float) -> float:
    """The share of one core that the processes take while nothing happens."""
    before = workers_at_rest.cpu_seconds()
    time.sleep(seconds)
    return (workers_at_rest.cpu_seconds() - before) / seconds / len(workers_at_rest.processes)
