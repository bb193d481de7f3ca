"""Whole runs, for the command line: on several connections, from the pieces that jobs are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.db import reading, retried, writing
from community.kit.errors import UsageError
from community.members import queries as member_queries
from community.members.models import Reader
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run.judge import judge
from community.standings.actions.run.pieces import (
    LOOKED_AT_ONCE,
    close_run,
    decide,
    look_for,
    open_run,
    touched_once,
)
from community.standings.actions.run.task import BY_RULES, Report, Task
from community.standings.queries.present import last_run
from community.standings.queries.runs import known_at_end_of, missing_days
from community.standings.rules.ladder import ladder_of

Progress = Callable[[int, int], None]
"""Told how many ranges are done, and of how many."""


async def refresh(
    engine: AsyncEngine,
    slug: str,
    day: date | None = None,
    *,
    actor: str = BY_RULES,
    full: bool = False,
    dry: bool = False,
    quiet: bool = False,
    range_size: int = 10_000,
    connections: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Evaluates a programme on `day` (its today when None), with all that is recorded.

    Everybody if that day was not run to its end yet, after a new version or with `full`; else those touched since.
    Raises UsageError for a day before the last one run, unless `dry`. A version applied meanwhile is taken up.
    """
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
        before = await last_run(connection, programme.id)
        asked = day or programme.today
        past = before is not None and asked < before[0]
        everybody = full or past or programme.everybody_touched or before != (asked, True)
        ranges = await member_queries.ranges(connection, programme.id, range_size) if everybody else []
    if past and before is not None and not dry:
        raise _too_early(asked, before[0])
    report = Report(asked, everybody)
    if dry:
        task = Task(programme, asked, actor, dry=True, past=past)
        await (
            _over(engine, task, ranges, connections, report, progress) if everybody else _would(engine, task, report)
        )
        return report
    if not everybody:
        await _touched(engine, programme, asked, actor, quiet, report)
        return report

    async def begin(connection: AsyncConnection) -> Task | None:
        present = await programmes.programme(connection, slug)
        return await open_run(connection, present, asked, quiet=quiet, full=True, actor=actor)

    while (begun := await retried(engine, begin)) is not None:
        report.ended_early = False
        if await _whole(engine, begun, ranges, connections, report, progress):
            return report
    raise _too_early(asked)


async def make_up(
    engine: AsyncEngine,
    slug: str,
    day: date,
    *,
    actor: str = BY_RULES,
    range_size: int = 10_000,
    connections: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Evaluates everybody on a day that was missed, as at its last instant. Raises UsageError unless it is the next."""
    report = Report(day, everybody=True)

    async def begin(connection: AsyncConnection) -> tuple[Task | None, list[tuple[int, int]]]:
        programme = await programmes.programme(connection, slug)
        missing = await missing_days(connection, programme, programme.today)
        if day not in missing[:1]:
            raise UsageError(f"{day} is not the next day to make up; {missing[0] if missing else 'none'} is")
        known = await known_at_end_of(connection, programme, day)
        task = await open_run(connection, programme, day, known=known, actor=actor)
        return task, await member_queries.ranges(connection, programme.id, range_size)

    task, ranges = await retried(engine, begin)
    if task is not None:
        await _whole(engine, task, ranges, connections, report, progress)
    return report


def _too_early(day: date, last: date | None = None) -> UsageError:
    return UsageError(f"{day} lies before the last day run{f', {last}' if last else ''}: only with --dry-run")


async def _whole(
    engine: AsyncEngine,
    task: Task,
    ranges: Sequence[tuple[int, int]],
    connections: int,
    report: Report,
    progress: Progress,
) -> bool:
    """All ranges of a run and its end; False where it was over before, by a newer version or a later day."""
    await _over(engine, task, ranges, connections, report, progress)
    async with writing(engine) as connection:
        return await close_run(connection, task)


async def _over(
    engine: AsyncEngine,
    task: Task,
    ranges: Sequence[tuple[int, int]],
    connections: int,
    report: Report,
    progress: Progress,
) -> None:
    waiting = iter(ranges)
    done = 0

    async def work() -> None:
        nonlocal done
        for first, last in waiting:
            report.take(await evaluate_range(engine, task, first, last))
            done += 1
            progress(done, len(ranges))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(ranges))):
            group.create_task(work())


async def evaluate_range(engine: AsyncEngine, task: Task, first: int, last: int) -> Report:
    """Evaluates the members of a range of ids: finds who needs a closer look, then decides about those."""
    report = Report(task.day, everybody=True)
    async with reading(engine) as connection:
        ids = await look_for(connection, task, first, last)
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        some = ids[start : start + LOOKED_AT_ONCE]
        if task.dry:
            await _look_at(engine, task, some, report)
            continue
        async with writing(engine) as connection:
            report.take(await decide(connection, task, some))
    return report


async def _look_at(engine: AsyncEngine, task: Task, ids: Sequence[int], report: Report) -> None:
    """What a decision about some members would be; only reads."""
    async with reading(engine) as connection:
        judged = await judge(connection, task.programme, task.ladder, task.day, ids, past=task.past)
    report.add(judged, keep=True)


async def _would(engine: AsyncEngine, task: Task, report: Report) -> None:
    """What an evaluation of those who were touched would come to; only reads."""
    after, ids = 0, [0] * LOOKED_AT_ONCE
    while len(ids) == LOOKED_AT_ONCE:
        async with reading(engine) as connection:
            ids = await member_queries.touched(
                connection, task.programme.id, Reader.STANDINGS, first=after, most=LOOKED_AT_ONCE
            )
        await _look_at(engine, task, ids, report)
        after = ids[-1] + 1 if ids else after


async def _touched(
    engine: AsyncEngine, programme: ProgrammeRow, day: date, actor: str, quiet: bool, report: Report
) -> None:
    """Evaluates those who were touched since; whoever is touched meanwhile waits for the next run."""
    ladder = ladder_of(programme.book, programme.version)
    first: int | None = 0
    while first is not None:
        async with writing(engine) as connection:
            prompt = await touched_once(
                connection, programme, ladder, day, LOOKED_AT_ONCE, first=first, actor=actor, quiet=quiet
            )
        report.take(prompt.report)
        first = prompt.more
