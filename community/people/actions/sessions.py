"""Sessions: opened, used, given a new secret, ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import NotFound, SignInFirst
from community.kit.ids import new_id
from community.kit.text import printable
from community.people.actions.tokens import digest_of, new_secret
from community.people.models import SESSION
from community.people.rules import MEMBER_IDLE, MEMBER_WHOLE, actor_of

AGENT_CHARACTERS = 200


class Opened(NamedTuple):
    """A session with its secret, which goes into the cookie and is kept nowhere."""

    id: UUID
    person_id: UUID
    secret: str


async def start(connection: AsyncConnection, person_id: UUID, agent: str, *, by: str) -> Opened:
    """A new session of somebody who said who they are `by` password, link, invitation or set-up."""
    opened, at = Opened(new_id(), person_id, new_secret()), now()
    await connection.execute(
        insert(SESSION).values(
            id=opened.id,
            digest=digest_of(opened.secret),
            person_id=person_id,
            agent=printable(agent)[:AGENT_CHARACTERS],
            created_at=at,
            seen_at=at,
            confirmed_at=at,
        )
    )
    await _tell(connection, person_id, "person.signed_in", {"session": str(opened.id), "by": by})
    return opened


async def confirm(connection: AsyncConnection, secret: str) -> Opened:
    """The person has said again who they are: the session goes on under a new secret. Raises SignInFirst."""
    at, fresh = now(), new_secret()
    changed = (
        update(SESSION)
        .where(SESSION.c.digest == digest_of(secret))
        .values(digest=digest_of(fresh), confirmed_at=at, seen_at=at)
        .returning(SESSION.c.id, SESSION.c.person_id)
    )
    found = (await connection.execute(changed)).one_or_none()
    if found is None:
        raise SignInFirst("the session is over")
    await _tell(connection, found.person_id, "person.confirmed", {"session": str(found.id)})
    return Opened(found.id, found.person_id, fresh)


async def seen(connection: AsyncConnection, session_ids: Sequence[UUID]) -> None:
    """Notes that sessions are in use. The clock may have been set back: what was noted is not taken back."""
    at = now()
    used = update(SESSION).where(SESSION.c.id.in_(session_ids), SESSION.c.seen_at < at)
    await connection.execute(used.values(seen_at=at))


async def end(connection: AsyncConnection, person_id: UUID, session_id: UUID) -> None:
    """Ends one session of a person. Raises NotFound."""
    mine = (SESSION.c.id == session_id, SESSION.c.person_id == person_id)
    if not (await connection.execute(delete(SESSION).where(*mine))).rowcount:
        raise NotFound(f"no session {session_id}")
    await _tell(connection, person_id, "person.signed_out", {"session": str(session_id)})


async def end_all(
    connection: AsyncConnection, person_ids: Sequence[UUID], actor: str, *, keep: UUID | None = None, why: str
) -> int:
    """Ends all sessions of persons but the one to `keep`; answers how many there were."""
    if not person_ids:
        return 0
    ended = delete(SESSION).where(SESSION.c.person_id.in_(person_ids))
    if keep is not None:
        ended = ended.where(SESSION.c.id != keep)
    found = (await connection.execute(ended.returning(SESSION.c.person_id, SESSION.c.id))).all()
    lines = [
        Line("person.signed_out", subject=str(person_id), data={"session": str(session_id), "why": why})
        for person_id, session_id in sorted(found)
    ]
    await write(connection, None, actor, lines)
    return len(found)


async def clean_up(connection: AsyncConnection) -> int:
    """Deletes sessions that nobody can use any more; answers how many."""
    at = now()
    over = or_(SESSION.c.seen_at <= at - MEMBER_IDLE, SESSION.c.created_at <= at - MEMBER_WHOLE)
    return (await connection.execute(delete(SESSION).where(over))).rowcount


async def _tell(connection: AsyncConnection, person_id: UUID, verb: str, data: dict[str, str]) -> None:
    await write(connection, None, actor_of(person_id), [Line(verb, subject=str(person_id), data=data)])
