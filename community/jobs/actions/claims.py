"""Claims: taking jobs that are due, keeping them, making sure that one still stands, giving back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs import queries
from community.jobs.actions.adding import Told, tell
from community.jobs.models import JOB, State
from community.jobs.rules import LEASE
from community.kit.bulk import among
from community.kit.clock import now
from community.kit.ids import new_id


@dataclass(slots=True)
class Claim:
    """Jobs with one key (or one without) that this process runs as one, until the lease runs out.

    `parts` > 0: it was split, and all its parts are done.
    """

    ids: list[UUID]
    token: UUID
    kind: str
    programme_id: int | None
    arguments: dict[str, Any]
    tries: int
    parent_id: UUID | None
    parts: int
    cause: str | None


class LostError(Exception):
    """The claim was lost meanwhile: the lease ran out, and somebody else does or did the work. Nothing is written."""


async def claim(
    connection: AsyncConnection,
    worker: str,
    kinds: Sequence[str],
    most: int,
    *,
    ids: Sequence[UUID] | None = None,
    tried: bool = False,
) -> list[Claim]:
    """Claims at most `most` jobs of some kinds that are due (of `ids`, if given), and with each those of its key.

    A job whose parts are done is claimed alone: what it has begun says nothing of those that were asked for since.
    """
    present, token = now(), new_id()
    chosen = queries.claimable(kinds, present, most, tried=tried)
    if ids is not None:
        chosen = chosen.where(among(connection, JOB.c.id, list(ids)))
    taken = {
        "state": State.RUNNING.value, "claim": token, "worker": worker, "lease_until": present + LEASE,
        "started_at": present, "tries": JOB.c.tries + 1,
    }  # fmt: skip
    columns = (
        JOB.c.id, JOB.c.kind, JOB.c.programme_id, JOB.c.arguments, JOB.c.tries, JOB.c.parent_id, JOB.c.parts,
        JOB.c.cause, JOB.c.key,
    )  # fmt: skip
    first = update(JOB).where(JOB.c.id.in_(chosen.with_for_update(skip_locked=True))).values(taken).returning(*columns)
    rows = list((await connection.execute(first)).all())
    keys = sorted({row.key for row in rows if row.key is not None and not row.parts})
    if keys:
        alike = select(JOB.c.id).where(
            JOB.c.key.in_(keys), JOB.c.state == State.WAITING.value, JOB.c.run_at <= present, JOB.c.parts == 0
        )
        same = update(JOB).where(JOB.c.id.in_(alike.with_for_update(skip_locked=True))).values(taken)
        rows += (await connection.execute(same.returning(*columns))).all()
    return _together(sorted(rows, key=lambda row: row.id), token)


def _together(rows: Sequence[Any], token: UUID) -> list[Claim]:
    claims: dict[Any, Claim] = {}
    for row in rows:
        alike = row.id if row.key is None or row.parts else row.key
        known = claims.get(alike)
        if known is not None:
            known.ids.append(row.id)
            known.tries = max(known.tries, row.tries)
            continue
        claims[alike] = Claim(
            [row.id], token, row.kind, row.programme_id, row.arguments, row.tries, row.parent_id, row.parts, row.cause
        )
    return list(claims.values())


async def renew(connection: AsyncConnection, claims: Sequence[Claim]) -> None:
    """Keeps these claims for another lease. What a process claimed without learning of it is not among them."""
    ids = [id_ for one in claims for id_ in one.ids]
    mine = JOB.c.claim.in_({one.token for one in claims})
    await connection.execute(
        update(JOB)
        .where(among(connection, JOB.c.id, ids), mine, JOB.c.state == State.RUNNING.value)
        .values(lease_until=now() + LEASE)
    )


async def hold(connection: AsyncConnection, claimed: Claim) -> None:
    """Makes sure, at the end of a transaction that is not the last, that the claim still stands. Raises LostError."""
    await fenced(connection, claimed, {"lease_until": now() + LEASE})


async def fenced(connection: AsyncConnection, claimed: Claim, values: dict[str, Any]) -> None:
    """Writes to jobs that are still claimed so. Raises LostError where the claim was lost."""
    found: CursorResult[Any] = await connection.execute(
        update(JOB)
        .where(
            among(connection, JOB.c.id, claimed.ids),
            JOB.c.claim == claimed.token,
            JOB.c.state == State.RUNNING.value,
        )
        .values(values)
    )
    if found.rowcount != len(claimed.ids):
        raise LostError(claimed.kind)


async def hand_back(connection: AsyncConnection, claims: Sequence[Claim]) -> None:
    """Gives back what was claimed and not finished, for others to take at once; it does not count as a try."""
    for claimed in claims:
        await connection.execute(
            update(JOB)
            .where(
                among(connection, JOB.c.id, claimed.ids),
                JOB.c.claim == claimed.token,
                JOB.c.state == State.RUNNING.value,
            )
            .values(state=State.WAITING.value, claim=None, lease_until=None, tries=JOB.c.tries - 1)
        )
        tell(connection, [Told(id_, claimed.kind) for id_ in claimed.ids])
