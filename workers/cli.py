"""`community worker`, and `community run daily | full | snapshot | verify`: running jobs from the command line."""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from typing import Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs import queries
from community.jobs.actions import NewJob, add
from community.jobs.models import State
from community.jobs.queries import JobRow
from community.kit import console, log, settings
from community.kit.arguments import AsOf, Slug
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.programmes import queries as programmes

runs = console.group("run", "Add a recurring job now, and do it here beside whatever workers there are.")
LOOKED_EVERY_SECONDS = 0.05
ENDED = (State.DONE.value, State.DEAD.value, State.DISCARDED.value)


def worker() -> None:
    """Run jobs until SIGTERM: as many of these as needed, on as many machines.

    Needs COMMUNITY_REDIS_URL. What runs at SIGTERM may end within 20 s; the rest is handed back.
    """
    from workers.main import main  # loads the queue's client

    asyncio.run(main(settings.load()))


@runs.command()
def daily(slug: Slug, as_of: AsOf = None) -> None:
    """Evaluate everybody on each day that was missed, in order, and on the day itself."""
    _run(slug, "standings.daily", {"to": as_of.isoformat()} if as_of else {}, as_of)


@runs.command()
def full(slug: Slug, as_of: AsOf = None) -> None:
    """Evaluate everybody by the version in force, also where the day was run already."""
    _run(slug, "standings.full", {"to": as_of.isoformat()} if as_of else {}, as_of)


@runs.command()
def snapshot(slug: Slug, as_of: AsOf = None) -> None:
    """Freeze the boards whose period ended and that are not frozen yet."""
    _run(slug, "boards.freeze", {"to": as_of.isoformat()} if as_of else {}, as_of)


@runs.command()
def verify(slug: Slug) -> None:
    """Recompute everything, as every night; what was found is a record in history."""
    _run(slug, "ledger.verify", {}, None)


def _run(slug: str, kind: str, arguments: dict[str, Any], day: date | None) -> None:
    async def work(engine: AsyncEngine, present: Settings) -> JobRow:
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, slug)
            if day is not None and day > programme.today:
                raise UsageError(f"--as-of: found {day}; accepted: up to today, {programme.today}")
            [job_id] = await add(connection, [NewJob(kind, programme.id, arguments)])
        with console.progress(kind) as progress:
            return await _done(engine, present, job_id, progress)

    job = console.run(work)
    console.say(f"{job.id} {job.kind}: {job.state}")
    if job.state != State.DONE.value:
        console.complain(job.error or "it was discarded meanwhile")
        raise typer.Exit(1)


async def _done(engine: AsyncEngine, present: Settings, job_id: Any, progress: Any) -> JobRow:
    """Runs what is due, this job among it, until the job has ended, here or elsewhere; answers it."""
    from community.jobs.runner import Runner
    from workers.main import KINDS

    log.configure(present.log_format or None, least=logging.WARNING)
    runner = Runner(engine, KINDS, present, heavy_at_once=present.connections)
    renewing = asyncio.create_task(runner.renew())
    try:
        while True:
            await runner.short()
            await runner.tried()
            await asyncio.gather(*(runner.heavy() for _ in range(present.connections)))
            async with reading(engine) as connection:
                job = await queries.job(connection, job_id)
            progress(job.parts_done, max(job.parts, 1))
            if job.state in ENDED:
                return job
            await asyncio.sleep(LOOKED_EVERY_SECONDS)
    finally:
        renewing.cancel()
        await runner.stop(1)
