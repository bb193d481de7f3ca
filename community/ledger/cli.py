"""`community ledger balance | entries | adjust` (`verify` is the home room's)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, Day, Handle, NeededNote, Slug
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.ledger import actions, queries
from community.ledger.queries import Balance, EntryRow
from community.members.queries import MemberRow, member
from community.programmes import queries as programmes

ledger = console.group("ledger", "Points: balances, entries, adjustments, proof.")


@ledger.command()
def balance(slug: Slug, handle: Handle, as_json: AsJson = False) -> None:
    """What a member has earned and can spend."""

    async def work(engine: AsyncEngine, _settings: Settings) -> tuple[MemberRow, Balance]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found = await member(connection, programme.id, handle)
            return found, await queries.balance(connection, programme.id, found.id)

    found, sums = console.run(work)
    if as_json:
        console.emit_json({"handle": found.handle, **asdict(sums)})
    else:
        console.show_table(("handle", *asdict(sums)), [(found.handle, *asdict(sums).values())], right=asdict(sums))


@ledger.command()
def entries(slug: Slug, handle: Handle, as_json: AsJson = False) -> None:
    """Every entry of a member, the first one first."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[EntryRow]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found = await member(connection, programme.id, handle)
            return [row async for row in queries.entries(connection, programme.id, found.id)]

    rows = console.run(work)
    if as_json:
        console.emit_json([asdict(row) for row in rows])
        return
    columns = ("number", "effective_on", "kind", "type", "points", "balance", "contributions", "reach", "cause")
    numbers = ("number", "points", "balance", "contributions", "reach")
    console.show_table(columns, ([getattr(row, name) for name in columns] for row in rows), right=numbers)


@ledger.command(context_settings={"ignore_unknown_options": True})
def adjust(
    slug: Slug,
    handle: Handle,
    points: Annotated[int, typer.Argument(metavar="POINTS", help="Points to give; below 0 to take.")],
    note: NeededNote,
    day: Day = None,
) -> None:
    """Give or take points by hand, with a reason."""

    async def work(engine: AsyncEngine, _settings: Settings) -> int:
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found = await member(connection, programme.id, handle)
            if day is not None and day > programme.today:
                raise UsageError(f"--day: found {day}; accepted: a day up to today, {programme.today}")
            return await actions.adjust(
                connection, programme.id, found.id, points, day=day or programme.today, version=programme.version,
                note=note, actor=console.ACTOR,
            )  # fmt: skip

    console.say(f"entry {console.run(work)}: {points:+} points for {handle}")
