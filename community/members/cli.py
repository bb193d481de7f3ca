"""`community members list | show | status`, and `community people invite`, which may be to be a member."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, Handle, Note, Slug, read_day
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.members import queries
from community.members.actions import status as statuses
from community.members.models import Status
from community.members.queries import MemberRow
from community.people.actions import invitations
from community.people.actions.invitations import Asked
from community.people.cli import people, send_now
from community.people.forms import PersonForm, read_person
from community.people.rules import Place, Role
from community.programmes import queries as programmes
from community.programmes.book import text
from community.programmes.cli import OnProgramme, OnUnit, Until, place_of

members = console.group("members", "Bring in, list and show members; change status.")


def plain(row: MemberRow) -> dict[str, Any]:
    """A member as JSON shows them."""
    return {name: value for name, value in asdict(row).items() if name not in ("id", "folded")}


@members.command("list")
def list_(
    slug: Slug,
    status: Annotated[Status | None, typer.Option("--status", help="Only those of this status.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the members of a programme, by handle."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[MemberRow]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found = queries.members(connection, programme.id, status.value if status else None)
            return [row async for row in found]

    rows = console.run(work)
    if as_json:
        console.emit_json([plain(row) for row in rows])
        return
    columns = ("handle", "name", "country", "joined_on", "status")
    console.show_table(columns, ([getattr(row, name) for name in columns] for row in rows))


@members.command()
def show(slug: Slug, handle: Handle, as_json: AsJson = False) -> None:
    """Show one member."""

    async def work(engine: AsyncEngine, _settings: Settings) -> MemberRow:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            return await queries.member(connection, programme.id, handle)

    found = plain(console.run(work))
    if as_json:
        console.emit_json(found)
        return
    attributes = found.pop("attributes")
    console.show_table(("", ""), [*found.items(), *attributes.items()])


@members.command()
def status(
    slug: Slug,
    handle: Handle,
    to: Annotated[Status, typer.Argument(metavar="STATUS", help="active, on_leave, alumni, left or removed.")],
    return_on: Annotated[
        date | None,
        typer.Option("--return-on", metavar="DATE", parser=read_day, help="With on_leave: the day of return."),
    ] = None,
    note: Note = None,
) -> None:
    """Change a member's status from today on."""

    async def work(engine: AsyncEngine, _settings: Settings) -> None:
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, slug)
            member = await queries.member(connection, programme.id, handle)
            await statuses.set_status(
                connection, programme.id, member.id, to, today=programme.today, actor=console.ACTOR,
                return_on=return_on, note=note,
            )  # fmt: skip

    console.run(work)
    console.say(f"{handle} is {to.value} from today on")


@people.command()
def invite(
    emails: Annotated[list[str], typer.Argument(metavar="EMAIL...", help="Whom to invite.")],
    programme: OnProgramme = None,
    unit: OnUnit = None,
    handle: Annotated[
        str | None, typer.Option("--handle", metavar="HANDLE", help="The member of the programme that they are.")
    ] = None,
    role: Annotated[Role | None, typer.Option("--role", metavar="ROLE", help="lead, manager or reviewer.")] = None,
    until: Until = None,
    locale: Annotated[
        str | None, typer.Option("--locale", metavar="TAG", help="The language of the mail: en or fr.")
    ] = None,
) -> None:
    """Invite people by mail: to have an account, to be a member, to hold a role.

    Whoever accepts a member's invitation is that member from then on. Without --handle, in a programme, it is the
    member whose address it is, where there is exactly one.
    """
    if handle is not None and (programme is None or len(emails) > 1):
        raise UsageError("--handle goes with --programme and one address")

    async def work(engine: AsyncEngine, settings: Settings) -> str:
        async with writing(engine) as connection:
            for email in emails:
                form = read_person({"email": email, "name": email.partition("@")[0], "locale": locale or ""})
                asked = await _asked(connection, form, programme, unit, handle)
                asked = replace(asked, role=role, until=until)
                await invitations.invite(connection, form, asked, console.ACTOR)
        return await send_now(engine, settings)

    console.say(console.run(work))


async def _asked(
    connection: AsyncConnection, form: PersonForm, slug: str | None, unit: str | None, handle: str | None
) -> Asked:
    """What the address is invited to, by the options."""
    if slug is not None and unit is None:
        programme = await programmes.programme(connection, slug)
        title = text(programme.book.programme.name, form.locale or "", programme.book.programme.locale)
        if handle is not None:
            member_id: int | None = (await queries.member(connection, programme.id, handle)).id
        else:
            member_id = await queries.unbound_by_email(connection, programme.id, form.folded)
        return Asked(Place(programme_id=programme.id), member_id, title=title)
    if unit is not None:
        place = await place_of(connection, slug, unit)
        return Asked(place, title=(await programmes.unit_of(connection, unit))[1])
    return Asked()
