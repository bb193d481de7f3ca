"""`community jobs list | show | retry | discard | stats`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs import actions, queries
from community.jobs.models import State
from community.jobs.queries import JobRow
from community.kit import console
from community.kit.arguments import AsJson
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.kit.settings import Settings

jobs = console.group("jobs", "What must follow: jobs that wait, run, ended or failed.")
SHOWN = ("id", "kind", "state", "tries", "progress", "run_at", "finished_at", "error")


def read_id(text: str) -> UUID:
    """The id that an argument names. Raises BadParameter for anything but a UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(
            f"found {text!r}; accepted: the id of a job, as `community jobs list` shows it"
        ) from None


Id = Annotated[UUID, typer.Argument(metavar="ID", parser=read_id, help="The job's id.")]


@jobs.command("list")
def list_(
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help=f"One of {', '.join(State)}.")] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="One kind, such as standings.prompt.")
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first."""
    if state is not None and state not in set(State):
        raise UsageError(f"--state: found {state!r}; accepted: {', '.join(State)}")

    async def work(engine: AsyncEngine, _settings: Settings) -> list[JobRow]:
        async with reading(engine) as connection:
            return await queries.jobs(connection, state=state, kind=kind, most=top)

    found = console.run(work)
    if as_json:
        console.emit_json([plain(one) for one in found])
    elif found:
        console.show_table(SHOWN, ([plain(one)[name] for name in SHOWN] for one in found), right=("tries", "progress"))
    else:
        console.say("no job")


def plain(job: JobRow) -> dict[str, Any]:
    """A job as JSON; `progress` is what is done of its parts, or null."""
    progress = f"{job.parts_done}/{job.parts}" if job.parts else None
    return {**asdict(job), "progress": progress}


@jobs.command()
def show(job_id: Id, as_json: AsJson = False) -> None:
    """Show everything about a job: arguments, tries, progress, what went wrong."""

    async def work(engine: AsyncEngine, _settings: Settings) -> JobRow:
        async with reading(engine) as connection:
            return await queries.job(connection, job_id)

    found = plain(console.run(work))
    if as_json:
        console.emit_json(found)
    else:
        console.show_table(("", ""), ((name, value) for name, value in found.items() if value is not None))


@jobs.command()
def retry(job_id: Id) -> None:
    """Let a dead or discarded job wait again, with fresh tries."""

    async def work(engine: AsyncEngine, _settings: Settings) -> None:
        async with writing(engine) as connection:
            await actions.retry(connection, job_id, actor=console.ACTOR)

    console.run(work)
    console.say(f"{job_id} waits again")


@jobs.command()
def discard(job_id: Id) -> None:
    """End a job that waits or is dead without doing it."""

    async def work(engine: AsyncEngine, _settings: Settings) -> None:
        async with writing(engine) as connection:
            await actions.discard(connection, job_id, actor=console.ACTOR)

    console.run(work)
    console.say(f"{job_id} is discarded")


@jobs.command()
def stats(as_json: AsJson = False) -> None:
    """Count jobs by kind and state; say how long the oldest that is due has been waiting, and when a process swept."""

    async def work(engine: AsyncEngine, _settings: Settings) -> dict[str, Any]:
        async with reading(engine) as connection:
            queue = await queries.queue_state(connection)
            counted = await queries.counts(connection)
        return {
            "jobs": [{"kind": kind, "state": state, "count": count} for kind, state, count in counted],
            "oldest_seconds": round(queue.oldest_seconds, 3),
            "dead": queue.dead,
            "swept_at": queue.swept_at,
        }

    found = console.run(work)
    if as_json:
        console.emit_json(found)
        return
    console.show_table(("kind", "state", "count"), (list(one.values()) for one in found["jobs"]), right=("count",))
    console.say(
        f"oldest due: {found['oldest_seconds']} s; dead: {found['dead']}; last sweep: {found['swept_at'] or 'never'}"
    )
