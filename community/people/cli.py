"""`community people deactivate | reactivate | sign-out`; the rooms below add what needs programmes and members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit import console
from community.kit.db import writing
from community.kit.mail.post import FOLDER
from community.kit.mail.sending import send_waiting
from community.kit.settings import Settings
from community.people import queries
from community.people.actions import persons, sessions
from community.people.letters import LETTERS

Result = TypeVar("Result")
people = console.group("people", "Accounts: who may sign in, and what they may do where.")
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address of an account, in any case.")]


def on_person(email: str, verb: Callable[[AsyncConnection, UUID], Awaitable[Result]]) -> Result:
    """Does something to the person of an address, in one transaction."""

    async def work(engine: AsyncEngine, _settings: Settings) -> Result:
        async with writing(engine) as connection:
            return await verb(connection, (await queries.by_email(connection, email)).id)

    return console.run(work)


async def send_now(engine: AsyncEngine, settings: Settings) -> str:
    """Sends the mails about accounts that wait, also where no server runs; says what became of them."""
    done = await send_waiting(engine, settings, LETTERS)
    where = "by SMTP" if settings.smtp_url.get_secret_value() else f"to {settings.folder / FOLDER}"
    waiting = f", {done.put_off} to be tried again" if done.put_off else ""
    refused = f", {done.failed} refused" if done.failed else ""
    return f"{done.sent} {'mail' if done.sent == 1 else 'mails'} sent {where}{waiting}{refused}"


@people.command()
def deactivate(email: Email) -> None:
    """Let somebody in no more: sessions, links, roles and invitations end."""

    async def verb(connection: AsyncConnection, person_id: UUID) -> None:
        await persons.deactivate(connection, person_id, console.ACTOR)

    on_person(email, verb)
    console.say(f"{email} is deactivated")


@people.command()
def reactivate(email: Email) -> None:
    """Let somebody in again; roles are to be granted anew."""

    async def verb(connection: AsyncConnection, person_id: UUID) -> None:
        await persons.reactivate(connection, person_id, console.ACTOR)

    on_person(email, verb)
    console.say(f"{email} is active")


@people.command("sign-out")
def sign_out(email: Email) -> None:
    """End all sessions of somebody."""

    async def verb(connection: AsyncConnection, person_id: UUID) -> int:
        return await sessions.end_all(connection, [person_id], console.ACTOR, why="everywhere")

    ended = on_person(email, verb)
    console.say(f"{email} is signed out of {ended} {'session' if ended == 1 else 'sessions'}")
