"""What a member says of themselves: changed, with a picture or without."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.db import is_sqlite
from community.kit.text import fold
from community.members import queries
from community.members.actions.marks import lock, touch
from community.members.models import EXPERTISE, MEMBER, PICTURE, PROFILE
from community.members.rules import FIELDS
from community.members.saying import Said


async def set_said(connection: AsyncConnection, programme_id: int, member_id: int, said: Said, actor: str) -> bool:
    """Says it in place of what was said before; False where nothing is another.

    History tells which fields, not what stood there. Boards know members by name and country.
    """
    await lock(connection, programme_id, [member_id])
    before = await queries.said_by(connection, programme_id, member_id)
    changed = [
        name
        for name in ("name", "biography", "country", "languages", "links", "expertise", "to")
        if getattr(before, name) != getattr(said, name)
    ]
    if not changed:
        return False
    mine = (MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
    await connection.execute(update(MEMBER).where(*mine).values(name=said.name, country=said.country))
    values: dict[str, Any] = {
        "biography": said.biography, "languages": list(said.languages), "links": list(said.links),
        **{f"{field}_to": said.to[field].value for field in FIELDS},
    }  # fmt: skip
    await _upsert(connection, PROFILE, programme_id, member_id, values)
    await _set_expertise(connection, programme_id, member_id, said.expertise)
    if {"name", "country"} & set(changed):
        await touch(connection, programme_id, [member_id])
    await write(connection, programme_id, actor, [Line("profile.changed", member_id, data={"fields": changed})])
    return True


async def set_picture(
    connection: AsyncConnection, programme_id: int, member_id: int, data: bytes | None, actor: str
) -> None:
    """Another picture (`pictures.made_anew`), or none."""
    if data is None:
        mine = (PICTURE.c.programme_id == programme_id, PICTURE.c.member_id == member_id)
        if not (await connection.execute(delete(PICTURE).where(*mine))).rowcount:
            return
    else:
        values = {"digest": sha256(data).hexdigest()[:16], "data": data}
        await _upsert(connection, PICTURE, programme_id, member_id, values)
    await write(connection, programme_id, actor, [Line("profile.changed", member_id, data={"fields": ["picture"]})])


async def _set_expertise(
    connection: AsyncConnection, programme_id: int, member_id: int, labels: tuple[str, ...]
) -> None:
    mine = (EXPERTISE.c.programme_id == programme_id, EXPERTISE.c.member_id == member_id)
    await connection.execute(delete(EXPERTISE).where(*mine))
    rows = [
        {
            "programme_id": programme_id,
            "member_id": member_id,
            "folded": fold(label),
            "label": label,
            "place": place,
        }
        for place, label in enumerate(labels)
    ]
    if rows:
        await connection.execute(insert(EXPERTISE), rows)


async def _upsert(
    connection: AsyncConnection, table: Any, programme_id: int, member_id: int, values: dict[str, Any]
) -> None:
    made = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(table)
    made = made.values(programme_id=programme_id, member_id=member_id, **values)
    await connection.execute(made.on_conflict_do_update(index_elements=["programme_id", "member_id"], set_=values))


async def forget(connection: AsyncConnection, programme_id: int, member_id: int) -> None:
    """Deletes all that a member said of themselves, and the picture."""
    for table in (EXPERTISE, PICTURE, PROFILE):
        mine = (table.c.programme_id == programme_id, table.c.member_id == member_id)
        await connection.execute(delete(table).where(*mine))
