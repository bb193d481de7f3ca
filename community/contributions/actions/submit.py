"""What members do themselves: report, amend and submit again what is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.drafts import delete_draft
from community.contributions.actions.edit import edit
from community.contributions.actions.held import Content, Row, held_rows
from community.contributions.actions.review import RECORDED_ONE_BY_ONE
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


def external(member_id: int, key: UUID) -> str:
    """How the portal names a report: by member and key, so that nobody can take up somebody else's."""
    return f"{member_id}:{key}"


async def submit(
    connection: AsyncConnection, programme: ProgrammeRow, member_id: int, key: UUID, content: Content, *, actor: str
) -> UUID:
    """Reports a contribution, once for each key of a member; answers its id. A draft of that key is done with.

    Raises Conflict for a member whose status lets them report nothing.
    """
    name = external(member_id, key)
    await members.lock(connection, programme.id, [member_id])
    known = await own.own_by_keys(connection, programme.id, SOURCE, [name])
    if name not in known:
        await submit_all(connection, programme, member_id, [(key, content)], actor=actor)
        await delete_draft(connection, programme.id, member_id, key)
        known = await own.own_by_keys(connection, programme.id, SOURCE, [name])
    return known[name][0]


async def submit_all(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    member_id: int,
    rows: Sequence[tuple[UUID, Content]],
    *,
    actor: str,
) -> int:
    """The same for many, in a fixed number of statements; answers how many of them were not reported before."""
    await members.lock(connection, programme.id, [member_id])
    await _may_report(connection, programme, member_id)
    named = {external(member_id, key): content for key, content in rows}
    known = await own.own_by_keys(connection, programme.id, SOURCE, list(named))
    fresh = {name: content for name, content in named.items() if name not in known}
    if not fresh:
        return 0
    first = await arrivals(connection, programme.id, len(fresh))
    incoming = [Incoming(member_id, name, fresh[name], first + place) for place, name in enumerate(fresh)]
    await take_in(connection, programme, SOURCE, incoming, approve=False, actor=BY_THE_BOOK)
    made = (await own.own_by_keys(connection, programme.id, SOURCE, list(fresh))).values()
    lines = [Line("contribution.submitted", member_id, str(id_)) for id_, _state in made]
    at_once = [Line("contribution.approved", member_id, str(i)) for i, state in made if state == State.APPROVED.value]
    for who, told in ((actor, lines), (BY_THE_BOOK, at_once)):
        if len(told) > RECORDED_ONE_BY_ONE:
            told = [Line(told[0].verb, member_id, data={"contributions": len(told)})]
        await write(connection, programme.id, who, told)
    return len(fresh)


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
