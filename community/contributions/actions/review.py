"""Deciding about contributions: approve, reject, return, withdraw, reverse. One by one or in bulk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.awards import converge
from community.contributions.actions.held import Content, Row, content_of, held_rows
from community.contributions.models import CONTRIBUTION, REVISION, State
from community.history.actions import Line, write
from community.kit.bulk import among, update_rows
from community.kit.clock import now
from community.kit.errors import Conflict
from community.programmes.queries import ProgrammeRow

RECORDED_ONE_BY_ONE = 100
"""Up to so many decisions at once leave a record each; more leave one for all of them."""


async def approve(
    connection: AsyncConnection, programme: ProgrammeRow, ids: Collection[UUID], *, actor: str, note: str | None = None
) -> int:
    """Approves what was submitted, and edits that wait: prices by the version in force, posts; answers how many.

    Raises NotFound for unknown ids and Conflict, naming each, where one is in a state that cannot be approved.
    """
    rows = await held_rows(connection, programme.id, ids)
    proposed = await _proposed(connection, programme.id, [row for row in rows if row.state == State.APPROVED.value])
    _refuse_unless(rows, "approved", lambda row: row.state == State.SUBMITTED.value or row.id in proposed)
    fresh = [row for row in rows if row.id not in proposed]
    at = now()
    versions = programme.versions
    priced = []
    for row in fresh:
        version = versions.pricing(row.content.type)
        priced.append(
            (programme.id, row.id, State.APPROVED.value, at, actor, note, row.content.price(versions, version), version)
        )
    columns = ["state", "decided_at", "decided_by", "note", "price", "priced_by"]
    await update_rows(connection, CONTRIBUTION, ["programme_id", "id"], columns, priced)
    for row in rows:
        if row.id in proposed:
            await _take_edit(connection, programme, row, *proposed[row.id])
    await converge(connection, programme.id, {row.member_id for row in rows}, versions)
    await _record(connection, programme.id, actor, "contribution.approved", rows, note)
    return len(rows)


async def reject(
    connection: AsyncConnection, programme: ProgrammeRow, ids: Collection[UUID], *, actor: str, note: str | None = None
) -> int:
    """Rejects what was submitted, and edits that wait (the approved state then stays as it is)."""
    rows = await held_rows(connection, programme.id, ids)
    proposed = await _proposed(connection, programme.id, [row for row in rows if row.state == State.APPROVED.value])
    _refuse_unless(rows, "rejected", lambda row: row.state == State.SUBMITTED.value or row.id in proposed)
    await _decide(
        connection, programme.id, [row for row in rows if row.id not in proposed], State.REJECTED, actor, note
    )
    for row in rows:
        if row.id in proposed:
            await _close_edit(connection, programme.id, row.id, proposed[row.id][0], "refused")
    await _record(connection, programme.id, actor, "contribution.rejected", rows, note)
    return len(rows)


async def return_for_changes(
    connection: AsyncConnection, programme: ProgrammeRow, ids: Collection[UUID], *, actor: str, note: str
) -> int:
    """Gives submissions back to their authors with a note."""
    rows = await held_rows(connection, programme.id, ids)
    _refuse_unless(rows, "returned", lambda row: row.state == State.SUBMITTED.value)
    await _decide(connection, programme.id, rows, State.RETURNED, actor, note)
    await _record(connection, programme.id, actor, "contribution.returned", rows, note)
    return len(rows)


async def withdraw(
    connection: AsyncConnection, programme: ProgrammeRow, ids: Collection[UUID], *, actor: str, note: str | None = None
) -> int:
    """Takes back what was not decided yet."""
    rows = await held_rows(connection, programme.id, ids)
    _refuse_unless(rows, "withdrawn", lambda row: row.state in (State.SUBMITTED.value, State.RETURNED.value))
    await _decide(connection, programme.id, rows, State.WITHDRAWN, actor, note)
    await _record(connection, programme.id, actor, "contribution.withdrawn", rows, note)
    return len(rows)


async def reverse(
    connection: AsyncConnection, programme: ProgrammeRow, ids: Collection[UUID], *, actor: str, note: str | None = None
) -> int:
    """Takes approved contributions back: their awards are reversed, and later ones in line may get more."""
    rows = await held_rows(connection, programme.id, ids)
    _refuse_unless(rows, "reversed", lambda row: row.state == State.APPROVED.value)
    for row in rows:
        await _close_edit(connection, programme.id, row.id, None, "replaced")
    await _decide(connection, programme.id, rows, State.REVERSED, actor, note)
    await converge(connection, programme.id, {row.member_id for row in rows}, programme.versions)
    await _record(connection, programme.id, actor, "contribution.reversed", rows, note)
    return len(rows)


def _refuse_unless(rows: Sequence[Row], done: str, fits: Any) -> None:
    wrong = [row for row in rows if not fits(row)]
    if wrong:
        raise Conflict("\n".join(f"{row.id} is {row.state} and cannot be {done}" for row in wrong))


async def _decide(
    connection: AsyncConnection, programme_id: int, rows: Sequence[Row], state: State, actor: str, note: str | None
) -> None:
    if rows:
        await connection.execute(
            update(CONTRIBUTION)
            .where(
                CONTRIBUTION.c.programme_id == programme_id,
                among(connection, CONTRIBUTION.c.id, [row.id for row in rows]),
            )
            .values(state=state.value, decided_at=now(), decided_by=actor, note=note)
        )


async def _record(
    connection: AsyncConnection, programme_id: int, actor: str, verb: str, rows: Sequence[Row], note: str | None
) -> None:
    data = {"note": note} if note else {}
    if len(rows) > RECORDED_ONE_BY_ONE:
        lines = [Line(verb, data={**data, "contributions": len(rows)})]
    else:
        lines = [Line(verb, row.member_id, str(row.id), data) for row in rows]
    await write(connection, programme_id, actor, lines)


async def _proposed(
    connection: AsyncConnection, programme_id: int, rows: Sequence[Row]
) -> dict[UUID, tuple[int, Content]]:
    """The edits that wait for review: revision number and content, by contribution."""
    if not rows:
        return {}
    found = await connection.execute(
        select(REVISION.c.contribution_id, REVISION.c.number, REVISION.c.content).where(
            REVISION.c.programme_id == programme_id,
            among(connection, REVISION.c.contribution_id, [row.id for row in rows]),
            REVISION.c.state == "proposed",
        )
    )
    return {row[0]: (row[1], content_of(row[2])) for row in found}


async def _take_edit(
    connection: AsyncConnection, programme: ProgrammeRow, row: Row, number: int, content: Content
) -> None:
    """An author's edit of an approved contribution becomes what counts."""
    price, priced_by = row.repriced(content, programme.versions)
    values = content._asdict()
    await connection.execute(
        update(CONTRIBUTION)
        .where(CONTRIBUTION.c.programme_id == programme.id, CONTRIBUTION.c.id == row.id)
        .values(**values, price=price, priced_by=priced_by)
    )
    await _close_edit(connection, programme.id, row.id, number, "taken")


async def _close_edit(
    connection: AsyncConnection, programme_id: int, contribution_id: UUID, number: int | None, state: str
) -> None:
    statement = update(REVISION).where(
        REVISION.c.programme_id == programme_id,
        REVISION.c.contribution_id == contribution_id,
        REVISION.c.state == "proposed",
    )
    if number is not None:
        statement = statement.where(REVISION.c.number == number)
    await connection.execute(statement.values(state=state, taken_at=now() if state == "taken" else None))
