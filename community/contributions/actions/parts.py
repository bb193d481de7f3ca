"""Parts that others had in what a member reported: offered by the one, confirmed or declined by the other."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.held import Content
from community.contributions.actions.submit import submit
from community.contributions.models import PART, PartState
from community.contributions.queries import parts
from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import Conflict
from community.members import actions as members
from community.programmes.queries import ProgrammeRow


async def offer_parts(
    connection: AsyncConnection, programme_id: int, contribution_id: UUID, member_ids: Collection[int], *, actor: str
) -> None:
    """Says that these members had a part in it; who is known to have one is not asked again."""
    known = {one.member_id for one in await parts.of(connection, programme_id, contribution_id)}
    fresh = sorted(set(member_ids) - known)
    if not fresh:
        return
    row = {"programme_id": programme_id, "contribution_id": contribution_id, "state": PartState.OFFERED.value}
    await connection.execute(insert(PART), [{**row, "member_id": one, "offered_at": now()} for one in fresh])
    lines = [Line("contribution.part_offered", one, str(contribution_id)) for one in fresh]
    await write(connection, programme_id, actor, lines)


async def confirm_part(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    member_id: int,
    contribution_id: UUID,
    content: Content,
    *,
    actor: str,
) -> UUID:
    """Reports the member's own part, once, at its full price; answers its id. Raises Conflict as `submit` does, and
    where no part is offered."""
    await members.lock(connection, programme.id, [member_id])
    offered = await parts.offered(connection, programme.id, member_id, contribution_id)
    if offered is None or offered.state == PartState.DECLINED.value:
        raise Conflict("no part in it is offered to the member")
    made = await submit(connection, programme, member_id, contribution_id, content, actor=actor)
    if offered.state == PartState.OFFERED.value:
        await _answer(connection, programme.id, member_id, contribution_id, PartState.CONFIRMED, made)
        await write(connection, programme.id, actor, [Line("contribution.part_confirmed", member_id, str(made))])
    return made


async def decline_part(
    connection: AsyncConnection, programme_id: int, member_id: int, contribution_id: UUID, *, actor: str
) -> None:
    """Says that there was no such part; nothing happens where none is offered any more."""
    await members.lock(connection, programme_id, [member_id])
    offered = await parts.offered(connection, programme_id, member_id, contribution_id)
    if offered is not None and offered.state == PartState.OFFERED.value:
        await _answer(connection, programme_id, member_id, contribution_id, PartState.DECLINED, None)
        line = Line("contribution.part_declined", member_id, str(contribution_id))
        await write(connection, programme_id, actor, [line])


async def _answer(
    connection: AsyncConnection,
    programme_id: int,
    member_id: int,
    contribution_id: UUID,
    state: PartState,
    made: UUID | None,
) -> None:
    await connection.execute(
        update(PART)
        .where(
            PART.c.programme_id == programme_id,
            PART.c.member_id == member_id,
            PART.c.contribution_id == contribution_id,
        )
        .values(state=state.value, made_id=made, answered_at=now())
    )
