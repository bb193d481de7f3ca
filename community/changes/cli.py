"""`community programme plan | apply`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.changes import actions
from community.changes.actions import Plan
from community.changes.queries import ORDER
from community.kit import console
from community.kit.arguments import AsJson
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.standings.rules.words import reason_words

programme = console.group("programme")
SHOWN = 12
"""People whom a plan names of each kind; `--json` names all."""

File = Annotated[str, typer.Argument(metavar="FILE", help="The book as YAML; - reads standard input.")]
Retroactive = Annotated[bool, typer.Option("--retroactive", help="Price everything approved anew by this version.")]


def read_book(file: str, *, retroactive: bool, note: str = "") -> NewVersion:
    """The book in a file. Raises InputRefused with every problem; warnings go to standard error."""
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    parsed = parse(text, "standard input" if file == "-" else file)
    for warning in parsed.warnings:
        console.complain(f"warning: {warning}")
    return NewVersion(parsed.book, text.decode("utf-8-sig"), note, retroactive)


@programme.command()
def plan(file: File, retroactive: Retroactive = False, as_json: AsJson = False) -> None:
    """Show what a book would do to rules and people.

    Nothing is changed.
    """
    version = read_book(file, retroactive=retroactive)

    async def work(engine: AsyncEngine, settings: Settings) -> Plan:
        return await actions.plan(engine, version, range_size=settings.range_size)

    made = console.run(work)
    if as_json:
        console.emit_json(plain(made))
    else:
        show(made)


@programme.command()
def apply(
    file: File,
    retroactive: Retroactive = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept with the version.")] = "",
) -> None:
    """Put a book in force as a new numbered version.

    A new programme where there is none. Asks before on a terminal.
    """
    version = read_book(file, retroactive=retroactive, note=note)
    slug = version.book.programme.slug
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody to ask: say --yes")

        async def planned(engine: AsyncEngine, settings: Settings) -> Plan:
            return await actions.plan(engine, version, range_size=settings.range_size)

        show(console.run(planned))
        typer.confirm("Apply?", abort=True)

    async def work(engine: AsyncEngine, _settings: Settings) -> tuple[int | None, int]:
        number = await actions.apply(engine, version, actor=console.ACTOR)
        with console.progress("Pricing anew") as progress:
            return number, await actions.reprice(engine, slug, progress)

    number, repriced = console.run(work)
    if number is None:
        console.say(f"{slug}: no change, the book in force means the same")
    else:
        console.say(f"{slug}: version {number} is in force; standings follow with `community standings refresh {slug}`")
    if repriced:
        console.say(f"{console.spaced(repriced)} awards changed")


def plain(made: Plan) -> dict[str, object]:
    """A plan as JSON."""
    moved = None
    if made.repriced is not None:
        moved = dict(zip(("members", "points_up", "points_down"), made.repriced, strict=True))
    return {
        "slug": made.slug,
        "new": made.new,
        "day": None if made.new else made.day,
        "rules": [asdict(one) for one in made.rules],
        "people": [one.plain() for one in made.people],
        "repriced": moved,
    }


def show(made: Plan) -> None:
    """A plan for people: the rules, then the people by what would happen to them, and why."""
    if made.new:
        console.say(f"{made.slug} would be a new programme.")
        return
    if not made.rules:
        console.say(f"{made.slug}: no rule would change.")
    else:
        console.say(f"{made.slug}: rules that would change")
        for rule in made.rules:
            console.say(f"  {rule.sentence}")
    if made.repriced is not None:
        members, up, down = map(console.spaced, made.repriced)
        console.say(f"Points of {members} members would change: {up} up, {down} down.")
    if not made.people:
        console.say("Nobody's standing would be another today.")
        return
    counts = Counter(one.what for one in made.people)
    console.say(f"People whom it would touch on {made.day}: {console.spaced(len(made.people))}")
    for what in ORDER:
        if not counts[what]:
            continue
        console.say(f"  {what.replace('_', ' ')}: {console.spaced(counts[what])}")
        for one in [person for person in made.people if person.what == what][:SHOWN]:
            step = f"{one.from_tier or 'none'} → {one.to_tier or 'none'}"
            due = f", lost on {one.lost_on}" if one.lost_on else ""
            why = "; ".join(reason_words(reason) for reason in one.reasons if _telling(reason, what))
            console.say(f"    {one.handle}: {step}{due}{' — ' + why if why else ''}")
        if counts[what] > SHOWN:
            console.say(f"    and {console.spaced(counts[what] - SHOWN)} more (all with --json)")


def _telling(reason: dict[str, object], what: str) -> bool:
    """Whether a reason tells why: the met ones of a rise, the failed ones of a fall."""
    return bool(reason["met"]) is (what in ("promoted", "proposed", "safe"))
