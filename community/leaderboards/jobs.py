"""Jobs on boards: values of the members touched, everybody's in ranges, and snapshots."""

from __future__ import annotations

from datetime import date

from community.jobs.actions import NewJob, add
from community.jobs.work import Kind, Work
from community.kit.db import reading
from community.leaderboards import actions
from community.leaderboards.actions import Task
from community.leaderboards.actions.values import LOOKED_AT_ONCE, states
from community.members import queries as members
from community.programmes import queries as programmes

PROMPT, FULL, RANGE, FREEZE = "boards.prompt", "boards.full", "boards.range", "boards.freeze"
FREEZING_SECONDS = 3_600


async def prompt(work: Work) -> None:
    """Brings the values of the members touched to the present; where there are many, one more job goes on."""
    async with work.last() as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        if await actions.touched_once(connection, programme, programme.today, LOOKED_AT_ONCE):
            await add(connection, [NewJob(PROMPT, programme.id, key=f"{PROMPT}:{programme.id}")])


async def full(work: Work) -> None:
    """Brings everybody's values to the programme's day, in ranges, unless they are kept for it already."""
    async with work.last() as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        if work.parts_are_done:
            task = Task(programme, date.fromisoformat(work.arguments["day"]))
            if programme.version == work.arguments["version"]:
                await actions.close_values(connection, task)
            return
        task = Task(programme, programme.today)
        if await states(connection, programme.id) == task.wanted:
            return
        if not await actions.open_values(connection, programme, task.day):
            return
        ranges = await members.ranges(connection, programme.id, work.settings.range_size)
        if not ranges:
            await actions.close_values(connection, task)
            return
        kept = {"day": task.day.isoformat(), "version": programme.version}
        work.split(RANGE, [{"first": first, "last": last, **kept} for first, last in ranges], **kept)


async def one_range(work: Work) -> None:
    """Brings the values of a range of members to the day of the run; nothing where another run took over."""
    given = work.arguments
    async with reading(work.engine) as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        task = Task(programme, date.fromisoformat(given["day"]))
        if programme.version != given["version"]:
            return
        ids = await actions.look_for(connection, task, given["first"], given["last"])
    if ids:
        async with work.last() as connection:
            await actions.settle(connection, task, ids)


async def freeze(work: Work) -> None:
    """Freezes every board whose period is over, on the programme's day or up to argument `to`: a snapshot a step."""
    async with reading(work.engine) as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
        to = date.fromisoformat(work.arguments["to"]) if work.arguments.get("to") else programme.today
        due = await actions.due_snapshots(connection, programme, to)
    for one in due:
        async with work.step() as connection:
            await actions.freeze(connection, programme, one)


JOBS = (
    Kind(PROMPT, prompt),
    Kind(FULL, full),
    Kind(RANGE, one_range, heavy=True),
    Kind(FREEZE, freeze, heavy=True, seconds=FREEZING_SECONDS),
)
