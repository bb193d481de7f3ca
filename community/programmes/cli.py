"""`community presets list | show` and `community programme list | export | versions | schema`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, Slug
from community.kit.db import reading
from community.kit.settings import Settings
from community.programmes import presets as shipped
from community.programmes import queries
from community.programmes.book import text
from community.programmes.queries import VersionRow
from community.programmes.schema import shipped_schema

presets = console.group("presets", "Rule books that come with the product.")
programme = console.group("programme", "Programmes and their books: plan, apply, export.")


@presets.command("list")
def list_presets() -> None:
    """Name the presets."""
    console.show_table(("preset", "what it is"), ((name, shipped.title(name)) for name in shipped.names()))


@presets.command("show")
def show_preset(name: Annotated[str, typer.Argument(metavar="NAME", help="A preset's name.")]) -> None:
    """Print a preset as a book that can be changed and applied."""
    sys.stdout.write(shipped.text(name))


@programme.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the programmes of this installation."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[dict[str, object]]:
        async with reading(engine) as connection:
            return [
                {
                    "slug": one.slug,
                    "name": text(one.book.programme.name, one.book.programme.locale, one.slug),
                    "version": one.version,
                    "timezone": one.book.programme.timezone,
                    "today": one.today,
                }
                for one in await queries.programmes(connection)
            ]

    rows = console.run(work)
    if as_json:
        console.emit_json(rows)
    elif rows:
        console.show_table(list(rows[0]), (list(row.values()) for row in rows), right=("version",))
    else:
        console.say("There is no programme yet: `community programme apply FILE` makes one.")


@programme.command()
def export(
    slug: Slug,
    version: Annotated[int | None, typer.Option("--version", metavar="N", help="An earlier version.")] = None,
) -> None:
    """Print the book as it was applied, comments included."""

    async def work(engine: AsyncEngine, _settings: Settings) -> str:
        async with reading(engine) as connection:
            found = await queries.programme(connection, slug)
            return await queries.text_of(connection, found.id, found.version if version is None else version)

    sys.stdout.write(console.run(work))


@programme.command("versions")
def versions(slug: Slug, as_json: AsJson = False) -> None:
    """List the versions of a book, newest first."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[VersionRow]:
        async with reading(engine) as connection:
            found = await queries.programme(connection, slug)
            return list(await queries.history(connection, found.id))

    rows = console.run(work)
    columns = VersionRow.__slots__
    if as_json:
        console.emit_json([{name: getattr(row, name) for name in columns} for row in rows])
    else:
        console.show_table(columns, ([getattr(row, name) for name in columns] for row in rows), right=("number",))


@programme.command("schema")
def schema() -> None:
    """Print the JSON Schema of the book's format."""
    sys.stdout.write(shipped_schema())
