"""Choosing what comes by mail."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.db import is_sqlite
from community.members.actions import lock
from community.notices.models import MAIL_CHOICE
from community.notices.queries.readers import choices
from community.notices.rules import MailKind


async def choose(
    connection: AsyncConnection, programme_id: int, member_id: int, wanted: Mapping[MailKind, bool], actor: str
) -> None:
    """A member wants mails of these kinds from now on, or none of them; what is so already is not written again."""
    await lock(connection, programme_id, [member_id])
    present = await choices(connection, programme_id, member_id)
    changed = {kind: one for kind, one in wanted.items() if present[kind] is not one}
    if not changed:
        return
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    rows = [
        {"programme_id": programme_id, "member_id": member_id, "kind": kind.value, "wanted": one, "chosen_at": now()}
        for kind, one in changed.items()
    ]
    made = insert(MAIL_CHOICE)
    anew = {"wanted": made.excluded.wanted, "chosen_at": made.excluded.chosen_at}
    keys = ["programme_id", "member_id", "kind"]
    await connection.execute(made.on_conflict_do_update(index_elements=keys, set_=anew), rows)
    line = Line("member.mails_chosen", member_id, data={kind.value: one for kind, one in changed.items()})
    await write(connection, programme_id, actor, [line])
