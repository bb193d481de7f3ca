"""Persons: made, changed, let in no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import Conflict
from community.kit.ids import new_id
from community.kit.mail.actions import NewMail, queue
from community.people import queries
from community.people.actions import invitations, roles, sessions, tokens
from community.people.forms import PersonForm, Profile
from community.people.models import PERSON, PERSONAL_CHANGE
from community.people.rules import Purpose, State, account_of, actor_of

TOLD_LIVES = timedelta(days=2)


async def create(connection: AsyncConnection, form: PersonForm, password: str | None, actor: str | None = None) -> UUID:
    """A new person, who made themselves where there is no `actor`. `password` is a hash. Raises Conflict."""
    person_id = new_id()
    values = {
        "id": person_id, "email": form.email, "folded": form.folded, "name": form.name, "locale": form.locale,
        "password": password, "state": State.ACTIVE.value, "created_at": now(),
    }  # fmt: skip
    if await connection.scalar(select(PERSON.c.id).where(PERSON.c.folded == form.folded)) is not None:
        raise Conflict("this address has an account already")
    await connection.execute(insert(PERSON).values(values))
    data = {"password": password is not None}
    line = Line("person.created", subject=str(person_id), data=data)
    await write(connection, None, actor or actor_of(person_id), [line])
    return person_id


async def set_profile(connection: AsyncConnection, person_id: UUID, profile: Profile) -> bool:
    """Changes name, language and zone; False where nothing is another."""
    before = await queries.person(connection, person_id)
    values = {name: (getattr(before, name), value) for name, value in profile._asdict().items()}
    if all(one == other for one, other in values.values()):
        return False
    await connection.execute(update(PERSON).where(PERSON.c.id == person_id).values(profile._asdict()))
    await _changed(connection, person_id, "person.changed", values)
    return True


async def set_password(
    connection: AsyncConnection, person_id: UUID, password: str, *, keep: UUID | None, by: str
) -> None:
    """A new hash: other sessions than the one to `keep` end, all tokens are void, and the person is told by mail."""
    await connection.execute(update(PERSON).where(PERSON.c.id == person_id).values(password=password))
    await tokens.void(connection, person_ids=[person_id])
    await sessions.end_all(connection, [person_id], actor_of(person_id), keep=keep, why="password")
    line = Line("person.password_changed", subject=str(person_id), data={"by": by})
    await write(connection, None, actor_of(person_id), [line])
    await queue(connection, [told(person_id, "password_changed")])


async def rehash(connection: AsyncConnection, person_id: UUID, before: str, password: str) -> None:
    """The same password under dearer parameters; nothing happens where it was changed meanwhile."""
    same = (PERSON.c.id == person_id, PERSON.c.password == before)
    await connection.execute(update(PERSON).where(*same).values(password=password))


async def ask_email(connection: AsyncConnection, person_id: UUID, email: str) -> None:
    """Asks for another address: a link goes there, and nothing changes before it is used."""
    mail = NewMail(
        "verify", cause=f"verify:{new_id()}", recipient=f"person:{person_id}", address=email, lives=timedelta(hours=1)
    )
    await queue(connection, [mail])
    line = Line("person.email_asked", subject=str(person_id), data={"mail": str(mail.id)})
    await write(connection, None, actor_of(person_id), [line])


async def set_email(connection: AsyncConnection, secret: str, *, keep: UUID | None = None) -> UUID:
    """Uses the link that went to a new address: it is the person's now, all other tokens are void, other sessions end.

    The former address is told. Raises LinkOver, and Conflict where somebody else has the address by now.
    """
    token = await tokens.redeem(connection, secret, Purpose.VERIFY)
    assert token.person_id is not None
    assert token.email is not None
    before = await queries.person(connection, token.person_id)
    if not before.active:
        raise tokens.LinkOver
    try:
        async with connection.begin_nested():
            await connection.execute(
                update(PERSON).where(PERSON.c.id == before.id).values(email=token.email, folded=account_of(token.email))
            )
    except IntegrityError:
        raise Conflict("this address has an account already") from None
    await tokens.void(connection, person_ids=[before.id])
    await sessions.end_all(connection, [before.id], actor_of(before.id), keep=keep, why="email")
    await _changed(connection, before.id, "person.email_changed", {"email": (before.email, token.email)})
    await queue(connection, [told(before.id, "email_changed", address=before.email)])
    return before.id


async def deactivate(connection: AsyncConnection, person_id: UUID, actor: str) -> None:
    """Lets a person in no more: sessions, tokens, roles, and invitations to and by them end with it."""
    changed = update(PERSON).where(PERSON.c.id == person_id, PERSON.c.state == State.ACTIVE.value)
    folded = (
        await connection.execute(changed.values(state=State.DEACTIVATED.value).returning(PERSON.c.folded))
    ).one_or_none()
    if folded is None:
        raise Conflict("the person is deactivated already")
    await sessions.end_all(connection, [person_id], actor, why="deactivated")
    await tokens.void(connection, person_ids=[person_id])
    await roles.revoke_all(connection, person_id, actor)
    await invitations.withdraw_of(connection, person_id, folded[0], actor)
    await write(connection, None, actor, [Line("person.deactivated", subject=str(person_id))])


async def reactivate(connection: AsyncConnection, person_id: UUID, actor: str) -> None:
    """Lets a person in again; roles are to be granted anew."""
    changed = update(PERSON).where(PERSON.c.id == person_id, PERSON.c.state == State.DEACTIVATED.value)
    if not (await connection.execute(changed.values(state=State.ACTIVE.value))).rowcount:
        raise Conflict("the person is active already")
    await write(connection, None, actor, [Line("person.reactivated", subject=str(person_id))])


def told(person_id: UUID, kind: str, *, address: str | None = None) -> NewMail:
    """A mail that tells a person of what was done to their account."""
    cause = f"{kind}:{new_id()}"
    return NewMail(kind, cause=cause, recipient=f"person:{person_id}", address=address, lives=TOLD_LIVES)


async def _changed(
    connection: AsyncConnection, person_id: UUID, verb: str, values: Mapping[str, tuple[str | None, str | None]]
) -> None:
    """A record of what was changed; the values before and after lie where erasure finds them."""
    differing = {name: pair for name, pair in values.items() if pair[0] != pair[1]}
    change_id = new_id()
    rows = [
        {"id": change_id, "field": name, "person_id": person_id, "before": before, "after": after}
        for name, (before, after) in differing.items()
    ]
    await connection.execute(insert(PERSONAL_CHANGE), rows)
    data = {"change": str(change_id), "fields": sorted(differing)}
    await write(connection, None, actor_of(person_id), [Line(verb, subject=str(person_id), data=data)])
