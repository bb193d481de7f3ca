"""Verbs on programmes: a new one with its first version, and further versions of its book."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import Conflict
from community.people import queries as people
from community.people.actions import persons, roles, tokens
from community.people.forms import PersonForm
from community.people.rules import Place, Purpose, Role, actor_of
from community.programmes.book import Book, stored_form
from community.programmes.models import BOOK_VERSION, PROGRAMME, UNIT

HUB = "hub"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A book that is to be put in force: the text as written and what it means."""

    book: Book
    text: str
    note: str = ""
    retroactive: bool = False


async def lock_book(connection: AsyncConnection, slug: str) -> int | None:
    """Locks a programme's book until the end of the transaction; its id, or None where there is none yet."""
    found = await connection.scalar(select(PROGRAMME.c.id).where(PROGRAMME.c.slug == slug).with_for_update())
    return None if found is None else int(found)


async def create(connection: AsyncConnection, version: NewVersion, actor: str) -> int:
    """A new programme, in the hub, with version 1 of its book; answers its id."""
    slug = version.book.programme.slug
    programme_id = await connection.scalar(
        insert(PROGRAMME)
        .values(unit_id=await hub(connection), slug=slug, version=1, everybody_touched=True, created_at=now())
        .returning(PROGRAMME.c.id)
    )
    assert programme_id is not None
    await _store(connection, programme_id, 1, version, actor)
    await write(connection, programme_id, actor, [Line("programme.created", subject=slug)])
    return int(programme_id)


async def add_version(
    connection: AsyncConnection, programme_id: int, number: int, version: NewVersion, actor: str
) -> None:
    """Puts a version in force; everybody counts as touched."""
    await _store(connection, programme_id, number, version, actor)
    await connection.execute(
        update(PROGRAMME).where(PROGRAMME.c.id == programme_id).values(version=number, everybody_touched=True)
    )


async def _store(connection: AsyncConnection, programme_id: int, number: int, version: NewVersion, actor: str) -> None:
    await connection.execute(
        insert(BOOK_VERSION).values(
            programme_id=programme_id,
            number=number,
            text=version.text,
            document=stored_form(version.book),
            applied_at=now(),
            applied_by=actor,
            note=version.note,
            retroactive=version.retroactive,
            repriced_to=0,
            repriced=not version.retroactive,
        )
    )
    data = {"version": number, "retroactive": version.retroactive}
    await write(connection, programme_id, actor, [Line("book.applied", subject=str(number), data=data)])


async def reprice_from_start(connection: AsyncConnection, programme_id: int, number: int) -> None:
    """Asks for everybody to be priced anew by a version that is in force already."""
    await connection.execute(
        update(BOOK_VERSION)
        .where(BOOK_VERSION.c.programme_id == programme_id, BOOK_VERSION.c.number == number)
        .values(retroactive=True, repriced=False, repriced_to=0)
    )


async def note_repriced(connection: AsyncConnection, programme_id: int, number: int, *, to: int) -> None:
    """How far re-pricing by a version has come: the last member id done. It never goes back, whoever does it too."""
    await connection.execute(
        update(BOOK_VERSION)
        .where(
            BOOK_VERSION.c.programme_id == programme_id,
            BOOK_VERSION.c.number == number,
            BOOK_VERSION.c.repriced_to < to,
        )
        .values(repriced_to=to)
    )


async def note_all_repriced(connection: AsyncConnection, programme_id: int, number: int) -> None:
    """Everybody was priced anew by a version, which also settles what versions before it had left."""
    await connection.execute(
        update(BOOK_VERSION)
        .where(BOOK_VERSION.c.programme_id == programme_id, BOOK_VERSION.c.number <= number)
        .values(repriced=True)
    )


async def begin(connection: AsyncConnection, secret: str, form: PersonForm, password: str | None) -> UUID:
    """The first person of an installation, by the token that it printed: leads the hub. Raises LinkOver."""
    await tokens.redeem(connection, secret, Purpose.SET_UP)
    if await people.anybody(connection):
        raise tokens.LinkOver
    person_id = await persons.create(connection, form, password)
    await roles.grant(connection, person_id, Role.LEAD, Place(unit_id=await hub(connection)), actor_of(person_id))
    return person_id


async def lead_hub(connection: AsyncConnection, form: PersonForm, password: str | None, actor: str) -> UUID:
    """Makes somebody lead of the hub: the person of the address, or a new one. Raises Conflict.

    The `password` (a hash) is that of a new one; of who has an account it is not for others to choose.
    """
    known = await people.credentials(connection, form.email)
    if known is not None and password is not None:
        raise Conflict("this address has an account already, whose owner chooses the password")
    person_id = known[0] if known is not None else await persons.create(connection, form, password, actor)
    await roles.grant(connection, person_id, Role.LEAD, Place(unit_id=await hub(connection)), actor)
    return person_id


async def hub(connection: AsyncConnection) -> int:
    """The topmost unit, made when it is first asked for."""
    found = await connection.scalar(select(UNIT.c.id).where(UNIT.c.slug == HUB))
    if found is None:
        found = await connection.scalar(insert(UNIT).values(slug=HUB, name="Hub").returning(UNIT.c.id))
    assert found is not None
    return int(found)


async def set_open(connection: AsyncConnection, programme_id: int, is_open: bool, actor: str) -> None:
    """Whether anybody may ask to take part from now on. Raises Conflict where it is so already."""
    other = update(PROGRAMME).where(PROGRAMME.c.id == programme_id, PROGRAMME.c.is_open.is_(not is_open))
    if not (await connection.execute(other.values(is_open=is_open))).rowcount:
        raise Conflict(f"the programme is {'open' if is_open else 'closed'} already")
    await write(connection, programme_id, actor, [Line("programme.opened" if is_open else "programme.closed")])
