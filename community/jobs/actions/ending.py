"""How a job ends: done, split into parts, failed, dead. Fenced by its claim, in the transaction of its effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import random
from typing import Any
from uuid import UUID

from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.jobs.actions.adding import NewJob, Told, add, tell
from community.jobs.actions.claims import Claim, fenced
from community.jobs.models import JOB, State
from community.jobs.rules import backoff
from community.kit.clock import now

ERROR_CHARACTERS = 4_000


async def finish(connection: AsyncConnection, claimed: Claim) -> None:
    """The end of a job, in the transaction of its effects. Raises LostError where the claim was lost."""
    await fenced(connection, claimed, ended(State.DONE))
    if claimed.parent_id is not None:
        await _part_done(connection, claimed.parent_id)


async def split(
    connection: AsyncConnection, claimed: Claim, parts: Sequence[NewJob], arguments: dict[str, Any]
) -> None:
    """The job goes on, with these arguments, when all its parts are done; others that were claimed with it have ended.

    Raises LostError where the claim was lost.
    """
    first, *others = claimed.ids
    if others:
        await fenced(connection, replace(claimed, ids=others), ended(State.DONE))
    values = {
        "state": State.SPLIT.value, "claim": None, "lease_until": None, "parts": len(parts), "parts_done": 0,
        "arguments": arguments,
    }  # fmt: skip
    await fenced(connection, replace(claimed, ids=[first]), values)
    await add(connection, parts)


async def _part_done(connection: AsyncConnection, parent_id: UUID) -> None:
    """Counts a part; the last one wakes the job that was split."""
    done = JOB.c.parts_done + 1
    ready = done >= JOB.c.parts
    row = (
        await connection.execute(
            update(JOB)
            .where(JOB.c.id == parent_id)
            .values(
                parts_done=done,
                state=case((ready & (JOB.c.state == State.SPLIT.value), State.WAITING.value), else_=JOB.c.state),
                tries=case((ready, 0), else_=JOB.c.tries),
                run_at=case((ready, now()), else_=JOB.c.run_at),
            )
            .returning(JOB.c.state, JOB.c.kind)
        )
    ).one()
    if row.state == State.WAITING.value:
        tell(connection, [Told(parent_id, row.kind)])


def ended(state: State) -> dict[str, Any]:
    """What is written with a job that ended."""
    return {"state": state.value, "claim": None, "lease_until": None, "finished_at": now()}


async def fail(connection: AsyncConnection, claimed: Claim, error: str, tries_at_most: int) -> bool:
    """Notes why a job failed: it is tried again later, or is dead now; answers whether it is dead."""
    dead = claimed.tries >= tries_at_most
    again = {
        "state": State.WAITING.value, "claim": None, "lease_until": None,
        "run_at": now() + backoff(claimed.tries, random()),  # noqa: S311 - to spread, not to hide
    }  # fmt: skip
    values = ended(State.DEAD) if dead else again
    await fenced(connection, claimed, {**values, "error": error[:ERROR_CHARACTERS]})
    if dead:
        await _bury(connection, claimed, error)
    return dead


async def _bury(connection: AsyncConnection, claimed: Claim, error: str) -> None:
    """A dead job is told of in history; the one that it is a part of cannot end, and is dead with it."""
    lines = [Line("job.dead", subject=str(id_), data={"kind": claimed.kind}) for id_ in claimed.ids]
    await write(connection, claimed.programme_id, "jobs", lines)
    if claimed.parent_id is not None:
        reason = f"its part {claimed.ids[0]} is dead: {error}"[:ERROR_CHARACTERS]
        await connection.execute(
            update(JOB)
            .where(JOB.c.id == claimed.parent_id, JOB.c.state == State.SPLIT.value)
            .values(**ended(State.DEAD), error=reason)
        )
