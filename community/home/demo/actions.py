"""The mark of a demonstration, its cast, and being one of them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.demo import queries
from community.home.demo.models import MARKED
from community.kit.clock import now
from community.kit.db import is_sqlite
from community.kit.errors import Conflict, NotFound
from community.people.actions import sessions
from community.people.actions.sessions import Opened
from community.people.models import PERSON
from community.programmes.models import PROGRAMME


async def mark(connection: AsyncConnection) -> None:
    """Marks a database in which there is nothing yet as a demonstration. Raises Conflict for any other.

    So nothing that people rely on can become one: neither by mistake, nor by whoever may write into it through us.
    """
    if not is_sqlite(connection):
        raise Conflict("a demonstration is a SQLite file of its own")
    for table in (PROGRAMME, PERSON, MARKED):
        if await connection.scalar(select(exists().select_from(table))):
            raise Conflict("a demonstration begins in an empty database")
    await connection.execute(insert(MARKED).values(number=1, made_at=now(), players={}))


async def name_players(connection: AsyncConnection, players: Mapping[str, UUID]) -> None:
    """Says whom anybody may be. Raises Conflict unless this is a demonstration."""
    values = {"players": {part: str(person_id) for part, person_id in players.items()}}
    if not is_sqlite(connection) or not (await connection.execute(update(MARKED).values(values))).rowcount:
        raise Conflict("this is no demonstration")


async def enter(connection: AsyncConnection, part: str, agent: str) -> Opened:
    """A session of one of the cast, for whoever asks. Raises NotFound where this is no demonstration."""
    person_id = (await queries.players(connection) or {}).get(part)
    if person_id is None:
        raise NotFound("nobody plays that part here")
    return await sessions.start(connection, person_id, agent, by="demonstration")
