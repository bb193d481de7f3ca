"""Running jobs in a process: what was told, what a sweep finds, what was left behind; claims renewed meanwhile.

Short jobs run side by side, taken in batches. Heavy ones are pulled one after another by a few chains. A job that was
tried before runs in a lane of its own, one at a time, so that one which ends its process takes no good ones with it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs import actions, queries
from community.jobs.actions import Claim, LostError
from community.jobs.rules import BEATS_EVERY, FOLLOWED_EVERY, RENEWED_EVERY, SWEPT_EVERY, Tally, count
from community.jobs.work import Kind, Work
from community.kit import clock, log
from community.kit.db import end_silent, is_sqlite, reading, writing
from community.kit.ids import new_id
from community.kit.settings import Settings

BATCH = 20
SHORT_AT_ONCE = 8
ANSWERS_WITHIN_SECONDS = 1.0
AWAY = (DBAPIError, PoolTimeout, OSError, TimeoutError)
"""What the database raises while it is away: the next sweep tries again."""

_log = log.logger("jobs")


def worker_name() -> str:
    """A name for this process that no other has, before or after: host, process and some random letters."""
    return f"{socket.gethostname()}:{os.getpid()}:{new_id().hex[-6:]}"


class Runner:
    """Runs jobs of the given kinds on an engine, until it is stopped."""

    def __init__(
        self,
        engine: AsyncEngine,
        kinds: Mapping[str, Kind],
        settings: Settings,
        *,
        heavy_at_once: int = 1,
    ) -> None:
        self.name = worker_name()
        self._engine, self._kinds, self._settings = engine, kinds, settings
        self._tally: Tally = {}
        self._short = [name for name, kind in kinds.items() if not kind.heavy]
        self._heavy = [name for name, kind in kinds.items() if kind.heavy]
        self._side_by_side = asyncio.Semaphore(SHORT_AT_ONCE)
        self._chains, self._heavy_at_once, self._look_again = 0, heavy_at_once, False
        self._lane = asyncio.Lock()
        self._running: dict[tuple[UUID, UUID], Claim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._started_at: datetime | None = None
        self._beats_at = 0.0

    # What is taken

    async def told(self, ids: Sequence[str]) -> None:
        """Runs the short jobs of these ids that are still due."""
        await self._run_all(await self._claim(self._short, BATCH, ids=[UUID(one) for one in ids]))

    async def short(self) -> None:
        """Runs the short jobs that are due, batch by batch, until there are none."""
        while not self._stopping and (claims := await self._claim(self._short, BATCH)):
            await self._run_all(claims)

    async def tried(self) -> None:
        """Runs what was tried before and is due again, or was left behind: one at a time."""
        if self._lane.locked():
            return
        async with self._lane:
            while not self._stopping and (claims := await self._claim([*self._short, *self._heavy], 1, tried=True)):
                for claimed in claims:
                    await self._run(claimed)

    async def heavy(self) -> None:
        """Runs heavy jobs one after another until none is due; only so many of these chains go side by side."""
        if self._chains >= self._heavy_at_once:
            self._look_again = True
            return
        self._chains += 1
        try:
            while not self._stopping:
                self._look_again = False
                claims = await self._claim(self._heavy, 1)
                for claimed in claims:
                    await self._run(claimed)
                if not claims and not self._look_again:
                    return
        finally:
            self._chains -= 1

    async def _claim(
        self, kinds: Sequence[str], most: int, *, ids: Sequence[UUID] | None = None, tried: bool = False
    ) -> list[Claim]:
        if not kinds or self._stopping:
            return []
        await self._begun()
        async with writing(self._engine) as connection:
            claims = await actions.claim(connection, self.name, kinds, most, ids=ids, tried=tried)
        for claimed in claims:
            self._running[claimed.token, claimed.ids[0]] = claimed
        return claims

    async def _begun(self) -> datetime:
        """When this process began to run jobs, which it does by the database's clock: it decides nothing before."""
        while self._started_at is None:
            if await follow_clock(self._engine):
                self._started_at = clock.now()
        return self._started_at

    # Running one

    async def _run_all(self, claims: Sequence[Claim]) -> None:
        async def one(claimed: Claim) -> None:
            async with self._side_by_side:
                await self._run(claimed)

        await asyncio.gather(*(one(claimed) for claimed in claims))

    async def _run(self, claimed: Claim) -> None:
        """Runs a job; whatever it raises is noted with it and goes no further. Cancelled, it stays claimed."""
        kind = self._kinds[claimed.kind]
        began = monotonic()
        ours, origin = log.job_id.set(str(claimed.ids[0])), log.request_id.set(claimed.cause)
        try:
            outcome = await self._outcome(kind, claimed)
            self._running.pop((claimed.token, claimed.ids[0]), None)
            seconds = monotonic() - began
            count(self._tally, claimed.kind, outcome, seconds)
            told = {"kind": claimed.kind, "tries": claimed.tries, "together": len(claimed.ids)}
            _log.info("job ended", outcome=outcome, seconds=round(seconds, 3), **told)
        finally:
            log.job_id.reset(ours)
            log.request_id.reset(origin)

    async def _outcome(self, kind: Kind, claimed: Claim) -> str:
        if claimed.tries > kind.tries:
            return await self._failed(kind, claimed, f"its process ended {claimed.tries - 1} times while it ran")
        bound = asyncio.timeout(kind.seconds)
        try:
            async with bound:
                work = Work(self._engine, self._settings, claimed)
                await kind.work(work)
                if not work.ended:
                    async with work.last():
                        pass
        except LostError:
            return "lost"
        except Exception as error:
            if bound.expired():
                return await self._failed(kind, claimed, f"it took longer than {kind.seconds:g} s")
            _log.error("job failed", exc_info=error)
            return await self._failed(kind, claimed, f"{type(error).__name__}: {error}")
        return "done"

    async def _failed(self, kind: Kind, claimed: Claim, reason: str) -> str:
        try:
            async with writing(self._engine) as connection:
                dead = await actions.fail(connection, claimed, reason, kind.tries)
        except LostError:
            return "lost"
        except AWAY:  # its lease runs out, and it is tried again
            _log.warning("database does not answer: the failure of a job is not noted")
            return "failed"
        return "dead" if dead else "failed"

    # As long as the process lives

    async def renew(self) -> None:
        """Keeps the claims of this process, again and again."""
        while True:
            await asyncio.sleep(RENEWED_EVERY.total_seconds())
            await self._going_on("renewing", self._renewed)

    async def _renewed(self) -> None:
        if self._running:
            async with writing(self._engine) as connection:
                await actions.renew(connection, list(self._running.values()))

    async def sweep(self) -> None:
        """Looks once for everything that is due or was left behind, and notes that this process is alive.

        What it runs is renewed first: a process that could not for a while does not take its own jobs as left behind.
        """
        began = await self._begun()
        now_and_then = monotonic() >= self._beats_at
        if now_and_then:
            await follow_clock(self._engine)
            if ended := await end_silent(self._engine):
                _log.warning("sessions of processes that said nothing were ended", sessions=ended)
        if self._running or now_and_then:
            async with writing(self._engine) as connection:
                if self._running:
                    await actions.renew(connection, list(self._running.values()))
                await actions.beat(connection, self.name, began, self._tally)
        if now_and_then:
            self._beats_at = monotonic() + BEATS_EVERY.total_seconds()
        async with reading(self._engine) as connection:
            short, tried, heavy = await queries.due(connection, self._short, self._heavy)
        for is_due, taken in ((short, self.short), (tried, self.tried), (heavy, self.heavy)):
            if is_due:
                self.start(taken)

    async def sweeping(self, *besides: Callable[[], Awaitable[object]]) -> None:
        """Sweeps every few seconds, and does what else is due then; a database that is away is waited for."""
        while not self._stopping:
            await self._going_on("sweeping", self.sweep, *besides)
            await asyncio.sleep(SWEPT_EVERY.total_seconds())

    def start(self, what: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """Lets one of the ways to take jobs go on by itself, whatever becomes of whoever asked for it."""
        task = asyncio.create_task(self._going_on("taking jobs", what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _going_on(self, doing: str, *whats: Callable[[], Awaitable[object]]) -> None:
        """Does what must be done again and again for as long as the process lives: an error ends only this once."""
        try:
            for what in whats:
                await what()
        except AWAY as error:
            _log.warning("database does not answer", doing=doing, error=f"{type(error).__name__}: {error}"[:300])
        except Exception as error:
            _log.error("jobs failed", doing=doing, exc_info=error)

    async def stop(self, seconds: float) -> None:
        """Takes nothing more, waits for what runs, and hands back what has not ended by then."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        left, self._running = list(self._running.values()), {}
        if left:
            await self._going_on("handing back", partial(self._hand_back, left))

    async def _hand_back(self, left: Sequence[Claim]) -> None:
        async with writing(self._engine) as connection:
            await actions.hand_back(connection, left)


async def follow_clock(engine: AsyncEngine) -> bool:
    """On PostgreSQL the clock of the database is everybody's: machines whose clocks differ agree on what is due.

    Answers whether this process follows it from now on; an answer that took long says too little.
    """
    if is_sqlite(engine):
        return True
    async with reading(engine) as connection:
        asked = monotonic()
        instant = await queries.instant(connection)
        prompt = monotonic() - asked < ANSWERS_WITHIN_SECONDS
        if prompt:
            clock.follow(instant)
        return prompt


async def keep_following(engine: AsyncEngine) -> None:
    """Follows the clock of the database for as long as a process lives that runs no jobs."""
    while True:
        followed = False
        try:
            followed = await follow_clock(engine)
        except AWAY as error:
            _log.warning("database does not answer", doing="following its clock", error=f"{type(error).__name__}")
        await asyncio.sleep((FOLLOWED_EVERY if followed else SWEPT_EVERY).total_seconds())
