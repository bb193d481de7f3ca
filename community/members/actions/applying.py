"""Asking to take part in a programme that is open, and what its managers say to that."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.db import is_sqlite
from community.kit.errors import Conflict
from community.kit.ids import new_id
from community.members import queries
from community.members.models import APPLICATION
from community.members.rules import ApplicationState
from community.people.actions import invitations
from community.people.actions.invitations import Asked
from community.people.forms import PersonForm
from community.people.rules import Place

ACTOR = "applications"


async def apply(connection: AsyncConnection, programme_id: int, form: PersonForm, words: str) -> None:
    """Asks to take part. Whoever asks again while managers have not decided changes nothing, and learns nothing."""
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    application_id = new_id()
    made = insert(APPLICATION).values(
        id=application_id, programme_id=programme_id, words=words, state=ApplicationState.OPEN.value,
        created_at=now(), **form._asdict(),
    )  # fmt: skip
    if (await connection.execute(made.on_conflict_do_nothing())).rowcount:
        line = Line("application.made", subject=str(application_id))
        await write(connection, programme_id, ACTOR, [line])


async def accept(connection: AsyncConnection, programme_id: int, application_id: UUID, title: str, actor: str) -> None:
    """Invites whoever asked, by mail: they become a member by accepting that. Raises NotFound, Conflict.

    So the address is proved to be theirs. A member of that address whom nobody is yet, they are invited to be.
    """
    found = await queries.application(connection, programme_id, application_id)
    await _decide(connection, programme_id, application_id, ApplicationState.ACCEPTED, actor)
    form = PersonForm(found.email, found.folded, found.name, found.locale)
    member_id = await queries.unbound_by_email(connection, programme_id, found.folded)
    asked = Asked(Place(programme_id=programme_id), member_id, title=title)
    await invitations.invite(connection, form, asked, actor)


async def decline(connection: AsyncConnection, programme_id: int, application_id: UUID, actor: str) -> None:
    """Says no; what is known of whoever asked is forgotten. Raises NotFound, Conflict."""
    await _decide(connection, programme_id, application_id, ApplicationState.DECLINED, actor)


async def _decide(
    connection: AsyncConnection, programme_id: int, application_id: UUID, state: ApplicationState, actor: str
) -> None:
    mine = (
        APPLICATION.c.programme_id == programme_id,
        APPLICATION.c.id == application_id,
        APPLICATION.c.state == ApplicationState.OPEN.value,
    )
    forgotten = {"email": None, "folded": None, "name": "", "locale": None, "words": ""}
    decided = {"state": state.value, "decided_at": now(), "decided_by": actor}
    if not (await connection.execute(update(APPLICATION).where(*mine).values(**forgotten, **decided))).rowcount:
        raise Conflict("this application is decided already")
    await write(connection, programme_id, actor, [Line(f"application.{state.value}", subject=str(application_id))])
