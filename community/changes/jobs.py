"""Jobs on changes: pricing anew goes on where whoever applied a retroactive version stopped."""

from __future__ import annotations

from community.changes import actions
from community.jobs.work import Kind, Work
from community.kit.db import reading
from community.programmes import actions as programmes
from community.programmes import queries

REPRICING_SECONDS = 24 * 3_600


async def reprice(work: Work) -> None:
    """Prices anew whoever the version in force has not reached: a range a transaction, any of which may be repeated."""
    async with reading(work.engine) as connection:
        todo = await actions.to_reprice(connection, await queries.programme_of(connection, work.programme_id))
    if todo is None:
        return
    for first, last in todo.ranges:
        async with work.step() as connection:
            await actions.reprice_some(connection, todo, first, last)
    async with work.last() as connection:
        await programmes.note_all_repriced(connection, todo.programme.id, todo.version)


JOBS = (Kind("changes.reprice", reprice, heavy=True, seconds=REPRICING_SECONDS),)
