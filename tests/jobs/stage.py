"""A stage for jobs: kinds that note what they did in the database, so that what was rolled back is not noted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs import actions, queries
from community.jobs.actions import NewJob
from community.jobs.queries import JobRow
from community.jobs.runner import Runner
from community.jobs.work import Kind, Work, by_name
from community.kit.db import reading, writing
from community.kit.settings import Settings


async def with_effects(engine: AsyncEngine) -> None:
    """A table in which jobs note what they did."""
    async with writing(engine) as connection:
        await connection.execute(text("CREATE TABLE effect (what VARCHAR NOT NULL)"))


async def effects(engine: AsyncEngine) -> list[str]:
    """What was done, in any order."""
    async with reading(engine) as connection:
        return sorted((await connection.scalars(text("SELECT what FROM effect"))).all())


async def do(work: Work) -> None:
    """Notes the argument `what`, in the transaction with which the job ends."""
    async with work.last() as connection:
        await connection.execute(text("INSERT INTO effect VALUES (:what)"), {"what": work.arguments.get("what", "")})


async def fail(work: Work) -> None:
    """Notes, and then fails."""
    async with work.last() as connection:
        await connection.execute(text("INSERT INTO effect VALUES ('failed')"))
        raise ArithmeticError("cannot be done")


async def hang(_work: Work) -> None:
    """Never ends."""
    await asyncio.sleep(3_600)


async def in_parts(work: Work) -> None:
    """Is split into three, and notes when they are done."""
    async with work.last() as connection:
        if work.parts_are_done:
            await connection.execute(text("INSERT INTO effect VALUES ('closed')"))
        else:
            work.split("part", [{"what": f"part {number}"} for number in range(3)])


KINDS = by_name(
    [
        Kind("do", do),
        Kind("fail", fail, tries=3),
        Kind("hang", hang, seconds=0.2, tries=2),
        Kind("split", in_parts),
        Kind("part", do, heavy=True),
    ]
)


@asynccontextmanager
async def runner(engine: AsyncEngine, kinds: Mapping[str, Kind] = KINDS) -> AsyncIterator[Runner]:
    """A runner of those kinds, stopped at the end."""
    made = Runner(engine, kinds, Settings())
    yield made
    await made.stop(1)


async def add(engine: AsyncEngine, *jobs: NewJob) -> list[JobRow]:
    """Adds jobs in one transaction; answers their rows."""
    async with writing(engine) as connection:
        ids = await actions.add(connection, jobs)
    async with reading(engine) as connection:
        return [await queries.job(connection, one) for one in ids]


async def again(engine: AsyncEngine, job: JobRow) -> JobRow:
    """A job as it is now."""
    async with reading(engine) as connection:
        return await queries.job(connection, job.id)
