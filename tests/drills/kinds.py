"""Kinds of jobs that only drills have: `python -m tests.drills.kinds worker` is a worker that also runs these.

What they do is a record `drill.done`, in the transaction with which the job ends, so that what was rolled back left
none.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from community.__main__ import run
from community.history.actions import Line, write
from community.jobs.work import Kind, Work, by_name
from community.kit import db
from workers import main

DONE = "drill.done"
TRIES = 2


async def _do(connection: AsyncConnection, work: Work) -> None:
    await write(connection, work.claimed.programme_id, "drill", [Line(DONE, subject=str(work.arguments["what"]))])


async def note(work: Work) -> None:
    """Does it."""
    async with work.last() as connection:
        await _do(connection, work)


async def slow(work: Work) -> None:
    """Does it, and takes `seconds` before it ends."""
    async with work.last() as connection:
        await _do(connection, work)
        await asyncio.sleep(work.arguments["seconds"])


async def hold(work: Work) -> None:
    """Locks the members of the programme, and then the same: what a long decision does."""
    async with work.last() as connection:
        await connection.execute(
            text("SELECT id FROM member WHERE programme_id = :id FOR UPDATE"), {"id": work.programme_id}
        )
        await _do(connection, work)
        await asyncio.sleep(work.arguments["seconds"])


async def fail(work: Work) -> None:
    """Does it, and raises."""
    async with work.last() as connection:
        await _do(connection, work)
        raise ArithmeticError("cannot be done")


async def swallow(work: Work) -> None:
    """Does it, and asks for more memory than there is."""
    async with work.last() as connection:
        await _do(connection, work)
        bytearray(1 << 60)


async def hang(work: Work) -> None:
    """Does it, and waits for what never comes."""
    async with work.last() as connection:
        await _do(connection, work)
        await asyncio.Event().wait()


async def block(work: Work) -> None:
    """Does it, and lets nothing else in its process go on."""
    async with work.last() as connection:
        await _do(connection, work)
        time.sleep(3_600)  # noqa: ASYNC251 - that is the fault


async def kill(work: Work) -> None:
    """Does it, and takes the whole process along."""
    async with work.last() as connection:
        await _do(connection, work)
        os.kill(os.getpid(), signal.SIGKILL)


KINDS = (
    Kind("drill.note", note),
    Kind("drill.slow", slow),
    Kind("drill.hold", hold),
    Kind("drill.fail", fail, tries=TRIES),
    Kind("drill.swallow", swallow, tries=TRIES),
    Kind("drill.hang", hang, seconds=1, tries=TRIES),
    Kind("drill.block", block, tries=TRIES),
    Kind("drill.kill", kill, tries=TRIES),
)

if __name__ == "__main__":
    main.KINDS.update(by_name(KINDS))
    main.BLOCKED_SECONDS = int(os.environ.get("DRILL_BLOCKED", main.BLOCKED_SECONDS))
    db.BUSY_TIMEOUT_SECONDS = int(os.environ.get("DRILL_BUSY", db.BUSY_TIMEOUT_SECONDS))
    db.SILENT_SECONDS = int(os.environ.get("DRILL_IDLE", db.SILENT_SECONDS))
    sys.exit(run(sys.argv[1:]))
