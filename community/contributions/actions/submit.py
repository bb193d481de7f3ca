"""What members do themselves: report, amend and submit again what is theirs."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.drafts import delete_draft
from community.contributions.actions.edit import edit
from community.contributions.actions.held import Content, Row, held_rows
from community.contributions.actions.take_in import Incoming, arrivals, take_in
from community.contributions.models import CONTRIBUTION, State
from community.contributions.queries import own
from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import Conflict
from community.members import actions as members
from community.programmes.queries import ProgrammeRow

SOURCE = "portal"
BY_THE_BOOK = "book"
"""Who decided where the book says `review: automatic`."""


async def submit(
    connection: AsyncConnection, programme: ProgrammeRow, member_id: int, key: UUID, content: Content, *, actor: str
) -> UUID:
    """Reports a contribution, once for each key of a member; answers its id. A draft of that key is done with.

    Raises Conflict for a member whose status lets them report nothing.
    """
    await members.lock(connection, programme.id, [member_id])
    external_id = f"{member_id}:{key}"
    known = await own.own_by_key(connection, programme.id, SOURCE, external_id)
    if known is not None:
        return known
    await _may_report(connection, programme, member_id)
    arrival = await arrivals(connection, programme.id, 1)
    incoming = Incoming(member_id, external_id, content, arrival)
    taken = await take_in(connection, programme, SOURCE, [incoming], approve=False, actor=BY_THE_BOOK)
    made = await own.own_by_key(connection, programme.id, SOURCE, external_id)
    assert made is not None
    await delete_draft(connection, programme.id, member_id, key)
    await write(connection, programme.id, actor, [Line("contribution.submitted", member_id, str(made))])
    if taken.approved:
        await write(connection, programme.id, BY_THE_BOOK, [Line("contribution.approved", member_id, str(made))])
    return made


async def amend(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    contribution_id: UUID,
    content: Content,
    *,
    seen: str,
    actor: str,
) -> str:
    """A member's edit of what is theirs; answers `unchanged`, `edited` or `proposed`, as `edit` does.

    What was returned goes back to review even unchanged. Raises Conflict where it is no longer in the state in which
    the member saw it, and for a member whose status lets them report nothing.
    """
    [row] = await held_rows(connection, programme.id, [contribution_id])
    if row.state != seen:
        raise Conflict(f"{row.id} is {row.state}, and was {seen}")
    await _may_report(connection, programme, row.member_id)
    outcome = await edit(connection, programme, contribution_id, content, actor=actor, by_author=True)
    if outcome == "unchanged" and row.state == State.RETURNED.value:
        await _open_again(connection, programme, row, actor)
        return "edited"
    return outcome


async def submit_again(
    connection: AsyncConnection, programme: ProgrammeRow, contribution_id: UUID, *, actor: str
) -> None:
    """Submits as it is what was returned or withdrawn. Raises Conflict for any other state, and as `submit` does."""
    [row] = await held_rows(connection, programme.id, [contribution_id])
    if row.state not in (State.RETURNED.value, State.WITHDRAWN.value):
        raise Conflict(f"{row.id} is {row.state} and cannot be submitted again as it is")
    await _may_report(connection, programme, row.member_id)
    await _open_again(connection, programme, row, actor)


async def _open_again(connection: AsyncConnection, programme: ProgrammeRow, row: Row, actor: str) -> None:
    await connection.execute(
        update(CONTRIBUTION)
        .where(CONTRIBUTION.c.programme_id == programme.id, CONTRIBUTION.c.id == row.id)
        .values(state=State.SUBMITTED.value, submitted_at=now())
    )
    await write(connection, programme.id, actor, [Line("contribution.submitted", row.member_id, str(row.id))])


async def _may_report(connection: AsyncConnection, programme: ProgrammeRow, member_id: int) -> None:
    if not await own.may_report(connection, programme.id, member_id):
        raise Conflict("members who are no longer active report nothing")
