"""Bringing the values of a programme's boards to a day, in one process (the pieces: `values`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit.db import reading, retried
from community.leaderboards.actions.values import (
    LOOKED_AT_ONCE,
    Settled,
    Task,
    close_values,
    look_for,
    open_values,
    settle,
    states,
    take_touched,
)
from community.members import queries as member_queries
from community.programmes import queries as programmes

Progress = Callable[[int, int], None]
"""Told how many ranges are done, and of how many."""


@dataclass(slots=True)
class Report:
    """What a run did: members recomputed, and values that came, changed and went. `superseded`: another run, for
    another day or version, took over, and what is left is for that one."""

    day: date
    everybody: bool
    looked_at: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    superseded: bool = False

    def add(self, settled: Settled) -> None:
        """Counts what came of some members."""
        self.looked_at += settled.looked_at
        self.added += settled.added
        self.changed += settled.changed
        self.removed += settled.removed
        self.superseded |= settled.superseded


async def refresh(
    engine: AsyncEngine,
    slug: str,
    day: date | None = None,
    *,
    full: bool = False,
    range_size: int = 10_000,
    connections: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Brings the values of all boards of a programme to `day` (its today when None).

    Everybody's where the day or the version of the book is another one, or with `full`; then those of members touched
    since. Boards that the book lacks are cleaned away. Doing it twice changes nothing.
    """
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
        task = Task(programme, day or programme.today)
        report = Report(task.day, full or await states(connection, programme.id) != task.wanted)
        ranges = await member_queries.ranges(connection, programme.id, range_size) if report.everybody else []
    if report.everybody:
        await _everybody(engine, task, ranges, connections, report, progress)
    more = True
    while more and not report.superseded:
        settled = await retried(
            engine, lambda connection: take_touched(connection, task.programme, task.day, LOOKED_AT_ONCE)
        )
        report.add(settled)
        more = settled.looked_at == LOOKED_AT_ONCE
    return report


async def _everybody(
    engine: AsyncEngine,
    task: Task,
    ranges: Sequence[tuple[int, int]],
    connections: int,
    report: Report,
    progress: Progress,
) -> None:
    opened = await retried(engine, lambda connection: open_values(connection, task.programme, task.day))
    report.superseded = not opened
    waiting = iter(ranges)
    done = 0

    async def work() -> None:
        nonlocal done
        for first, last in waiting:
            if not report.superseded:
                await refresh_range(engine, task, first, last, report)
                done += 1
                progress(done, len(ranges))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(ranges))):
            group.create_task(work())
    if not report.superseded:
        report.superseded = not await retried(engine, lambda connection: close_values(connection, task))


async def refresh_range(engine: AsyncEngine, task: Task, first: int, last: int, report: Report) -> None:
    """Brings the members of a range of ids to the day, in transactions of some members each."""
    async with reading(engine) as connection:
        ids = await look_for(connection, task, first, last)
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        some = ids[start : start + LOOKED_AT_ONCE]
        report.add(await retried(engine, partial(settle, task=task, ids=some)))
        if report.superseded:
            return
