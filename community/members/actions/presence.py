"""Whether a member stands on boards, by their own wish."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.members.actions.marks import lock, touch
from community.members.models import MEMBER, Reader


async def set_presence(
    connection: AsyncConnection, programme_id: int, member_id: int, actor: str, *, on_boards: bool
) -> bool:
    """A member stands on boards from now on, or stays off them; False where it was so already."""
    await lock(connection, programme_id, [member_id])
    mine = (MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id, MEMBER.c.on_boards.is_(not on_boards))
    changed = await connection.execute(update(MEMBER).where(*mine).values(on_boards=on_boards))
    if not changed.rowcount:
        return False
    await touch(connection, programme_id, [member_id], (Reader.BOARDS,))
    line = Line("member.presence_changed", member_id, data={"on_boards": on_boards})
    await write(connection, programme_id, actor, [line])
    return True
