"""`community members list | show | status`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, Handle, Note, Slug, read_day
from community.kit.db import reading, writing
from community.kit.settings import Settings
from community.members import queries
from community.members.actions import status as statuses
from community.members.models import Status
from community.members.queries import MemberRow
from community.programmes import queries as programmes

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
