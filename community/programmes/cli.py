"""`community presets list | show`, `community programme list | export | versions | schema`, and what people are on
units and programmes: `community people list | create-admin | grant | revoke`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, Slug, read_day
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.people import queries as people_queries
from community.people.actions import roles, tokens
from community.people.cli import Email, on_person, people
from community.people.forms import read_person
from community.people.letters import link
from community.people.rules import Place, Purpose, Role
from community.programmes import actions, queries
from community.programmes import presets as shipped
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


@programme.command("open")
def open_(slug: Slug) -> None:
    """Let anybody ask to take part: the application form is open."""
    console.run(_setting(slug, True))
    console.say(f"{slug} is open: anybody may apply at /p/{slug}/application")


@programme.command("close")
def close(slug: Slug) -> None:
    """Take no applications any more; those that wait can still be decided."""
    console.run(_setting(slug, False))
    console.say(f"{slug} is closed: people come by invitation")


def _setting(slug: str, is_open: bool) -> Callable[[AsyncEngine, Settings], Awaitable[None]]:
    async def work(engine: AsyncEngine, _settings: Settings) -> None:
        async with writing(engine) as connection:
            found = await queries.programme(connection, slug)
            await actions.set_open(connection, found.id, is_open, console.ACTOR)

    return work


@programme.command("schema")
def schema() -> None:
    """Print the JSON Schema of the book's format."""
    sys.stdout.write(shipped_schema())


RoleName = Annotated[Role, typer.Argument(metavar="ROLE", help="lead, manager or reviewer.")]
OnProgramme = Annotated[str | None, typer.Option("--programme", metavar="SLUG", help="On this programme.")]
OnUnit = Annotated[str | None, typer.Option("--unit", metavar="SLUG", help="On this unit and all that is below it.")]
Until = Annotated[
    date | None, typer.Option("--until", metavar="DATE", parser=read_day, help="The last day of it; default: no end.")
]


async def place_of(connection: AsyncConnection, programme_slug: str | None, unit_slug: str | None) -> Place:
    """The place that the options name. Raises UsageError unless it is one."""
    if (programme_slug is None) == (unit_slug is None):
        raise UsageError("name one place: --programme SLUG or --unit SLUG")
    if programme_slug is not None:
        return Place(programme_id=(await queries.programme(connection, programme_slug)).id)
    assert unit_slug is not None
    return Place(unit_id=(await queries.unit_of(connection, unit_slug))[0])


@people.command("list")
def list_people(as_json: AsJson = False) -> None:
    """List the accounts, by address, with the roles that they hold."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[dict[str, Any]]:
        async with reading(engine) as connection:
            units, programmes = await queries.slugs(connection)
            held = await people_queries.roles(connection)
            return [
                {
                    "id": one.id, "email": one.email, "name": one.name, "state": one.state, "locale": one.locale,
                    "password": one.password, "created_at": one.created_at,
                    "roles": [
                        {"role": role.role.value, "unit": units.get(role.unit_id or 0),
                         "programme": programmes.get(role.programme_id or 0), "until": role.until}
                        for role in held if role.person_id == one.id
                    ],
                }
                for one in await people_queries.persons(connection)
            ]  # fmt: skip

    rows = console.run(work)
    if as_json:
        console.emit_json(rows)
        return
    columns = ("email", "name", "state", "locale")
    console.show_table([*columns, "roles"], ([*(row[name] for name in columns), _roles(row["roles"])] for row in rows))


def _roles(held: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['role']} of {one['unit'] or one['programme']}" for one in held)


@people.command()
def grant(
    email: Email, role: RoleName, programme: OnProgramme = None, unit: OnUnit = None, until: Until = None
) -> None:
    """Grant a role on a programme, or on a unit and all that is below it."""

    async def verb(connection: AsyncConnection, person_id: UUID) -> None:
        place = await place_of(connection, programme, unit)
        await roles.grant(connection, person_id, role, place, console.ACTOR, until=until)

    on_person(email, verb)
    console.say(f"{email} is {role} of {programme or unit}{f' until {until}' if until else ''}")


@people.command()
def revoke(email: Email, role: RoleName, programme: OnProgramme = None, unit: OnUnit = None) -> None:
    """Take a role."""

    async def verb(connection: AsyncConnection, person_id: UUID) -> None:
        await roles.revoke(connection, person_id, role, await place_of(connection, programme, unit), console.ACTOR)

    on_person(email, verb)
    console.say(f"{email} is no longer {role} of {programme or unit}")


@people.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address of whoever is to lead the hub.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="How they are called.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
    ] = False,
) -> None:
    """Make somebody lead of the hub, which is above every unit and programme.

    Without a password it prints a link by which they choose one.
    """
    from community.kit.rates.limiter import Limiter  # what signs people in takes long to load; other commands need none
    from community.people.door import Door
    from community.people.passwords import Hasher

    given = sys.stdin.readline().removesuffix("\n") if password_stdin else None

    async def work(engine: AsyncEngine, settings: Settings) -> str | None:
        form = read_person({"email": email, "name": name or email.partition("@")[0]})
        door = Door(engine, Limiter(engine), Hasher(), settings.password_length, queries.titles)
        hashed = None if given is None else await door.hashed(given, form.name, form.email)
        async with writing(engine) as connection:
            person_id = await actions.lead_hub(connection, form, hashed, console.ACTOR)
            if (await people_queries.person(connection, person_id)).password:
                return None
            return link(settings, Purpose.RESET, await tokens.mint(connection, Purpose.RESET, person_id=person_id))

    found = console.run(work)
    console.say(f"{email} leads the hub")
    if found is not None:
        console.say(f"A password is chosen here, once, within an hour:\n{found}")
