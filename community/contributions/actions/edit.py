"""Changing contributions: edits, and overrides of their price."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.awards import converge
from community.contributions.actions.held import CONTENT, Content, Row, held_rows
from community.contributions.actions.revise import Edit, keep_edits
from community.contributions.models import CONTRIBUTION, REVISION, State
from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import Conflict, UsageError
from community.ledger.actions import POINTS_AT_MOST
from community.programmes.queries import ProgrammeRow

OPEN_AGAIN = (State.RETURNED.value, State.REJECTED.value, State.WITHDRAWN.value, State.REVERSED.value)
"""States from which an edit submits anew."""


async def edit(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    contribution_id: UUID,
    content: Content,
    *,
    actor: str,
    member_id: int | None = None,
    by_author: bool = False,
) -> str:
    """Replaces the content, and the member where `member_id` says another; answers `unchanged`, `edited` or `proposed`.

    An author's edit of an approved contribution waits for review, the approved state counting until then. What was
    returned, rejected, withdrawn or reversed is submitted anew.
    """
    [row] = await held_rows(connection, programme.id, [contribution_id], also=[member_id] if member_id else [])
    owner = member_id or row.member_id
    if (content, owner) == (row.content, row.member_id):
        return "unchanged"
    if by_author and row.state == State.APPROVED.value:
        await _revise(connection, programme.id, row, content, actor, taken=False)
        outcome = "proposed"
    else:
        await _revise(connection, programme.id, row, content, actor, taken=True)
        await _replace(connection, programme, row, content, owner)
        await converge(connection, programme.id, {row.member_id, owner}, programme.versions)
        outcome = "edited"
    changed = [name for name in CONTENT if getattr(content, name) != getattr(row.content, name)]
    await write(
        connection, programme.id, actor,
        [Line(f"contribution.{outcome}", row.member_id, str(row.id), {"changed": changed})],
    )  # fmt: skip
    return outcome


async def _replace(
    connection: AsyncConnection, programme: ProgrammeRow, row: Row, content: Content, owner: int
) -> None:
    values = content._asdict() | {"member_id": owner}
    if row.state == State.APPROVED.value:
        values["price"], values["priced_by"] = row.repriced(content, programme.versions)
    elif row.state in OPEN_AGAIN:
        values["state"] = State.SUBMITTED.value
        values["submitted_at"] = now()
    await connection.execute(
        update(CONTRIBUTION)
        .where(CONTRIBUTION.c.programme_id == programme.id, CONTRIBUTION.c.id == row.id)
        .values(**values)
    )


async def _revise(
    connection: AsyncConnection, programme_id: int, row: Row, content: Content, actor: str, *, taken: bool
) -> None:
    """Keeps the content as a revision. One edit waits at most."""
    mine = (REVISION.c.programme_id == programme_id, REVISION.c.contribution_id == row.id)
    await connection.execute(update(REVISION).where(*mine, REVISION.c.state == "proposed").values(state="replaced"))
    await keep_edits(connection, programme_id, [Edit(row.id, row.content, content)], actor, taken=taken)


async def override(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    contribution_id: UUID,
    points: int,
    *,
    actor: str,
    note: str,
    past_caps: bool = False,
) -> None:
    """Sets points in place of the price of an approved contribution, with a reason; caps apply unless `past_caps`."""
    if abs(points) > POINTS_AT_MOST:
        raise UsageError(f"points: found {points}; accepted: a whole number of at most {POINTS_AT_MOST} in size")
    if not note.strip():
        raise UsageError("an override needs a reason")
    await _override(connection, programme, contribution_id, points, past_caps, actor, note)


async def take_back_override(
    connection: AsyncConnection, programme: ProgrammeRow, contribution_id: UUID, *, actor: str, note: str | None = None
) -> None:
    """The price counts again."""
    await _override(connection, programme, contribution_id, None, False, actor, note)


async def _override(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    contribution_id: UUID,
    points: int | None,
    past_caps: bool,
    actor: str,
    note: str | None,
) -> None:
    [row] = await held_rows(connection, programme.id, [contribution_id])
    if row.state != State.APPROVED.value:
        raise Conflict(f"{row.id} is {row.state}; only approved contributions have points to override")
    if points is None and row.override is None:
        raise Conflict(f"{row.id} has no override")
    await connection.execute(
        update(CONTRIBUTION)
        .where(CONTRIBUTION.c.programme_id == programme.id, CONTRIBUTION.c.id == row.id)
        .values(override=points, past_caps=past_caps, override_note=note)
    )
    await converge(connection, programme.id, {row.member_id}, programme.versions)
    verb = "contribution.override_taken_back" if points is None else "contribution.overridden"
    data = {"points": points, "past_caps": past_caps, "note": note}
    await write(connection, programme.id, actor, [Line(verb, row.member_id, str(row.id), data)])
