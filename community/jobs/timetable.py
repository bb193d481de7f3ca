"""The timetable at work: a slot that is due is taken once, whatever the number of processes, and becomes a job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.jobs import actions
from community.jobs.rules import Recurring, latest_slot
from community.kit.clock import now
from community.kit.db import reading, writing

Places = Callable[[AsyncConnection], Awaitable[Sequence[tuple[int, str]]]]
"""Answers the programmes: (id, zone) of each."""


class Timetable:
    """Takes the latest slot of each line that has not been taken; remembers those that were."""

    def __init__(self, engine: AsyncEngine, lines: Sequence[Recurring], places: Places) -> None:
        self._engine, self._lines, self._places = engine, lines, places
        self._taken: dict[tuple[str, int | None], datetime] = {}
        self._reckoned: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        self._planned_in: datetime | None = None

    async def plan_each_minute(self) -> int:
        """As `plan`, once in each minute: lines name no seconds."""
        minute = now().replace(second=0, microsecond=0)
        if minute == self._planned_in:
            return 0
        added = await self.plan()
        self._planned_in = minute
        return added

    async def plan(self) -> int:
        """Adds the jobs of slots that are due; answers how many."""
        async with reading(self._engine) as connection:
            places = await self._places(connection)
        added = 0
        for line in self._lines:
            for programme_id, zone in places if line.each_programme else [(None, "UTC")]:
                added += await self._take(line, programme_id, self._latest(line.cron, zone))
        return added

    async def _take(self, line: Recurring, programme_id: int | None, at: datetime) -> bool:
        if self._taken.get((line.name, programme_id)) == at:
            return False
        async with writing(self._engine) as connection:
            added = await actions.take_slot(connection, line, programme_id, at)
        self._taken[line.name, programme_id] = at
        return added

    def _latest(self, cron: str, zone: str) -> datetime:
        present = now()
        minute = present.replace(second=0, microsecond=0)
        known = self._reckoned.get((cron, zone))
        if known is None or known[0] != minute:
            known = self._reckoned[cron, zone] = (minute, latest_slot(cron, zone, present))
        return known[1]
