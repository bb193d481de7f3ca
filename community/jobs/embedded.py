"""Jobs inside the web process, where no queue is set up: a thread with an event loop of its own runs what the workers
would run, so that requests are served while a long job reckons.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs.actions import Told
from community.jobs.rules import Recurring
from community.jobs.runner import Runner
from community.jobs.timetable import Places, Timetable
from community.jobs.work import Kind
from community.kit import log
from community.kit.settings import Settings

STOPS_WITHIN_SECONDS = 7.0
"""Requests under way come first at a stop and may take half of 20 s; this, and a little for what is left, is the rest.
"""
MakeEngine = Callable[["Embedded"], AsyncEngine]

_log = log.logger("jobs")


class Embedded:
    """Runs jobs in a thread; it is also the messenger, which wakes that thread after a commit."""

    def __init__(
        self,
        make_engine: MakeEngine,
        kinds: Mapping[str, Kind],
        settings: Settings,
        lines: Sequence[Recurring],
        places: Places,
    ) -> None:
        self._make_engine, self._kinds, self._settings = make_engine, kinds, settings
        self._lines, self._places = lines, places
        self._heavy = frozenset(name for name, kind in kinds.items() if kind.heavy)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._short: asyncio.Event | None = None
        self._runner: Runner | None = None
        self._thread: threading.Thread | None = None
        self._begun: Future[None] = Future()

    def start(self) -> None:
        """Begins; raises what went wrong before the first sweep."""
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()
        self._begun.result(timeout=60)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if not self._begun.done():
                self._begun.set_exception(error)
            _log.error("jobs ended", exc_info=error)

    async def _main(self) -> None:
        self._loop, self._stop, self._short = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        engine = self._make_engine(self)
        runner = Runner(engine, self._kinds, self._settings)
        timetable = Timetable(engine, self._lines, self._places)
        self._runner = runner
        self._begun.set_result(None)
        keeping = [
            asyncio.create_task(runner.renew()),
            asyncio.create_task(runner.sweeping(timetable.plan_each_minute)),
            asyncio.create_task(self._short_ones(runner)),
        ]
        try:
            await self._stop.wait()
            await runner.stop(STOPS_WITHIN_SECONDS)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await engine.dispose()

    async def _short_ones(self, runner: Runner) -> None:
        """Takes short jobs as soon as it is woken; those that are added meanwhile by one more look."""
        assert self._short is not None
        while True:
            await self._short.wait()
            self._short.clear()
            runner.start(runner.short)

    async def tell(self, told: Sequence[Told]) -> None:
        """Wakes the thread."""
        loop, runner = self._loop, self._runner
        if loop is None or runner is None or loop.is_closed():
            return
        assert self._short is not None
        with suppress(RuntimeError):  # it ends just now: a sweep finds the jobs when it is back
            if any(one.kind not in self._heavy for one in told):
                loop.call_soon_threadsafe(self._short.set)
            if any(one.kind in self._heavy for one in told):
                loop.call_soon_threadsafe(runner.start, runner.heavy)

    async def stop(self) -> None:
        """Stops within 20 s: what runs may end, the rest is handed back."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOPS_WITHIN_SECONDS + 2)
