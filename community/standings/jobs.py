"""Jobs on standings: those touched, promptly; everybody, in ranges, for each day of the programme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs.actions import NewJob, add
from community.jobs.queries import under_way
from community.jobs.work import Kind, Work
from community.kit.db import note, reading
from community.members import queries as members
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.standings.actions import run
from community.standings.actions.run import LOOKED_AT_ONCE, Task
from community.standings.rules.ladder import ladder_of

PROMPT, DAILY, FULL, RANGE = "standings.prompt", "standings.daily", "standings.full", "standings.range"


async def prompt(work: Work) -> None:
    """Evaluates those who were touched, for the programme's present day; where there are many, one more job goes on.

    While days before it are missing it leaves them to the run over everybody, and sees to it that there is one.
    """
    async with work.last() as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        ladder = ladder_of(programme.book, programme.version)
        done = await run.touched_once(connection, programme, ladder, programme.today)
        if done.more is not None:
            await add(connection, [_prompt(programme.id)])
        elif done.must_wait and not await under_way(connection, programme.id, (DAILY, FULL)):
            await add(connection, [NewJob(DAILY, programme.id, key=f"{DAILY}:{programme.id}")])


def _prompt(programme_id: int) -> NewJob:
    return NewJob(PROMPT, programme_id, key=f"{PROMPT}:{programme_id}")


async def daily(work: Work) -> None:
    """Evaluates everybody on each day that was missed, in order, and on the present one (or up to argument `to`)."""
    await _everybody(work, full=False)


async def full(work: Work) -> None:
    """Evaluates everybody by the version in force, also where the day was run by another one; missed days first."""
    await _everybody(work, full=True)


async def _everybody(work: Work, *, full: bool) -> None:
    """Closes the day whose ranges are done, and splits the next one into ranges; ends after the last."""
    async with work.last() as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        ranges = await members.ranges(connection, programme.id, work.settings.range_size)
        if not ranges:
            return
        if work.parts_are_done:
            await _close(connection, programme, date.fromisoformat(work.arguments["day"]), work.arguments["version"])
        to = date.fromisoformat(work.arguments["to"]) if work.arguments.get("to") else programme.today
        if work.arguments.get("day") == to.isoformat():
            return
        task = await _next(connection, programme, to, full=full)
        if task is not None:
            work.split(RANGE, parts(task, ranges), day=task.day.isoformat(), version=task.version)


async def _next(connection: AsyncConnection, programme: ProgrammeRow, to: date, *, full: bool) -> Task | None:
    """Opens the run of the first day that is to be run, up to `to`; None where all were."""
    for day in [*await run.missing_days(connection, programme, to), to]:
        known = await run.known_at_end_of(connection, programme, day) if day < programme.today else None
        task = await run.open_run(connection, programme, day, full=full and day == to, known=known)
        if task is not None:
            return task
    return None


def parts(task: Task, ranges: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """What each range of a run is given: first and last member id, the day, the version pinned at its start, and
    whether only those who were touched are looked at.
    """
    common: dict[str, Any] = {"day": task.day.isoformat(), "version": task.version}
    if task.only_touched:
        common["only_touched"] = True
    return [{"first": first, "last": last, **common} for first, last in ranges]


async def _close(connection: AsyncConnection, programme: ProgrammeRow, day: date, version: int) -> None:
    """Closes a run whose ranges are done, unless a newer version has taken over; who was touched meanwhile follows."""
    task = await run.resume(connection, programme, day)
    if task is None or task.version != version:
        return
    await run.close_run(connection, task)
    if day == programme.today:
        note(connection, "run.finished", programme.id)
        await add(connection, [_prompt(programme.id)])


async def one_range(work: Work) -> None:
    """Evaluates a range of members for the run under way; nothing where it is over or a newer version took over."""
    given = work.arguments
    async with reading(work.engine) as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        day, only_touched = date.fromisoformat(given["day"]), given.get("only_touched", False)
        task = await run.resume(connection, programme, day, only_touched=only_touched)
        if task is None or task.version != given["version"]:
            return
        ids = await run.look_for(connection, task, given["first"], given["last"])
    *before, last = [ids[start : start + LOOKED_AT_ONCE] for start in range(0, len(ids) or 1, LOOKED_AT_ONCE)]
    for some in before:
        async with work.step() as connection:
            await run.decide(connection, task, some)
    async with work.last() as connection:
        if last:
            await run.decide(connection, task, last)


JOBS = (Kind(PROMPT, prompt), Kind(DAILY, daily), Kind(FULL, full), Kind(RANGE, one_range, heavy=True))
