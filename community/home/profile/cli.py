"""`community people erase`, `community members erase`: for whoever asks by letter, and again after a restore."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.home.profile import actions
from community.kit import console
from community.kit.arguments import Handle, Slug
from community.kit.db import writing
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.people.cli import Email, on_person, people
from community.programmes import queries as programmes

members = console.group("members")
Yes = Annotated[bool, typer.Option("--yes", help="Do it: nobody can undo it.")]


@people.command("erase")
def erase_person(email: Email, yes: Yes = False) -> None:
    """Erase an account and its person in every programme; the ledger keeps its sums."""
    _sure(email, yes)
    on_person(email, lambda connection, person_id: actions.erase(connection, person_id, console.ACTOR))
    console.say("erased")


@members.command("erase")
def erase_member(slug: Slug, handle: Handle, yes: Yes = False) -> None:
    """Erase a member who has no account; the ledger keeps its sums."""
    _sure(handle, yes)

    async def work(engine: AsyncEngine, _settings: Settings) -> None:
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, slug)
            await actions.erase_member(connection, programme, handle, console.ACTOR)

    console.run(work)
    console.say("erased")


def _sure(whom: str, yes: bool) -> None:
    if not yes:
        raise UsageError(f"{whom} would be erased for good, and nobody can undo it: --yes does it")
