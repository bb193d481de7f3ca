"""`community serve`, `db upgrade`, `standings refresh`, `ledger verify`, `status`: what touches many rooms at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.home import status as health
from community.home.refresh import refresh as refresh_all
from community.home.verify import Verified, verify
from community.kit import console, schema
from community.kit import settings as given
from community.kit.arguments import AsJson, AsOf, Slug
from community.kit.db import writing
from community.kit.settings import Settings
from community.people.actions import tokens
from community.people.letters import link
from community.people.rules import Purpose
from community.standings.actions.run import Report
from community.standings.rules.words import reason_words

database = console.group("db", "The database.")
standings = console.group("standings")
ledger = console.group("ledger")
SHOWN = 20
APPLICATION = "community.app:from_environment"
"""Named, not imported: it gathers every room, this one too."""


@database.command()
def upgrade() -> None:
    """Bring the database to what this version needs."""

    async def work(engine: AsyncEngine, _settings: Settings) -> bool:
        return await schema.upgrade(engine)

    done = console.run(work, prepare=False)
    console.say("the database is up to date now" if done else "the database was up to date")


@standings.command()
def refresh(
    slug: Slug,
    as_of: AsOf = None,
    full: Annotated[bool, typer.Option("--full", help="Everybody, also where the day was run already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be decided; change nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="What is decided sends no messages later.")] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate the members for one day.

    Everybody if that day was not run yet, else those touched since; then the boards are brought to the day.
    """

    async def work(engine: AsyncEngine, settings: Settings) -> Report:
        with console.progress("Evaluating") as progress:
            return await refresh_all(
                engine, slug, as_of, full=full, dry=dry_run, quiet=quiet, range_size=settings.range_size,
                connections=settings.connections, progress=progress,
            )  # fmt: skip

    report = console.run(work)
    if as_json:
        console.emit_json(plain(report))
    else:
        show(report, dry_run)


def plain(report: Report) -> dict[str, Any]:
    """A run's report as JSON; a dry run names whom it would change."""
    return {
        "day": report.day,
        "everybody": report.everybody,
        "happened": dict(sorted(report.happened.items())),
        "members": [
            {
                "handle": one.member.handle,
                "from": one.member.state.tier,
                "to": one.outcome.state.tier,
                "happened": [what.verb for what in one.outcome.happened],
                "reasons": one.outcome.step.reasons if one.outcome.step else [],
            }
            for one in report.judged
        ],
    }


def show(report: Report, dry_run: bool) -> None:
    """A run's report for people."""
    who = "everybody" if report.everybody else "those touched"
    would = "would be" if dry_run else "were"
    happened = ", ".join(f"{console.spaced(count)} {verb}" for verb, count in sorted(report.happened.items()))
    console.say(f"{report.day}, {who}: {f'{would} recorded: {happened}' if happened else 'nothing new'}")
    for one in report.judged[:SHOWN]:
        console.say(
            f"  {one.member.handle}: {one.member.state.tier or 'none'} → {one.outcome.state.tier or 'none'} "
            f"({', '.join(what.verb for what in one.outcome.happened) or 'decision'})"
        )
        for reason in one.outcome.step.reasons if one.outcome.step else []:
            console.say(f"    {'✓' if reason['met'] else '✗'} {reason_words(reason)}")
    if len(report.judged) > SHOWN:
        console.say(f"  and {console.spaced(len(report.judged) - SHOWN)} more (all with --json)")


@ledger.command("verify")
def verify_ledger(
    slug: Annotated[str | None, typer.Argument(metavar="[SLUG]", help="One programme; left out: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute everything, and list what differs.

    Awards, balances, the chain of decisions and board values. Exit status 1 where anything differs.
    """

    async def work(engine: AsyncEngine, _settings: Settings) -> list[Verified]:
        return [one async for one in verify(engine, slug)]

    found = console.run(work)
    if as_json:
        console.emit_json(
            [
                {"programme": one.slug, "position": one.position, "differences": one.shown, "found": one.differences,
                 "pending": one.pending}
                for one in found
            ]
        )  # fmt: skip
    else:
        for one in found:
            _show_verified(one)
    if any(one.differences for one in found):
        raise typer.Exit(1)


def _show_verified(found: Verified) -> None:
    state = "clean" if not found.differences else f"{console.spaced(found.differences)} differences"
    waits = f", {console.spaced(found.pending)} awards wait for their new price" if found.pending else ""
    console.say(f"{found.slug}: {state} up to entry {console.spaced(found.position)}{waits}")
    for difference in found.shown[:SHOWN]:
        console.say(f"  {difference}")
    if found.differences > SHOWN:
        console.say(f"  and {console.spaced(found.differences - SHOWN)} more (--json shows {len(found.shown)})")


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="On which port; 0: any.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes behind the port.")] = 1,
) -> None:
    """Serve the pages and the API.

    Until SIGTERM or Ctrl-C; requests under way are finished first.
    """
    from community.kit.web import server  # half a second to load, which no other command needs

    for name, value in (("COMMUNITY_HOST", host), ("COMMUNITY_PORT", port)):
        if value is not None:
            os.environ[name] = str(value)  # for the processes that it starts, too

    async def begin(engine: AsyncEngine, settings: Settings) -> str | None:
        async with writing(engine) as connection:
            secret = await tokens.set_up(connection)
        return None if secret is None else link(settings, Purpose.SET_UP, secret)

    first = console.run(begin)
    if first is not None:
        console.say(f"Nobody has an account yet. Whoever opens this within an hour leads the hub:\n{first}")
    server.serve(APPLICATION, given.load(), workers)


def status(as_json: AsJson = False) -> None:
    """Say how each programme stands.

    Its version, members and last run; who waits to be evaluated, what waits for review and for its new price.
    """

    async def work(engine: AsyncEngine, _settings: Settings) -> Sequence[dict[str, Any]]:
        return await health.status(engine)

    rows = console.run(work)
    if as_json:
        console.emit_json(rows)
    elif rows:
        console.show_table(list(rows[0]), (list(row.values()) for row in rows))
    else:
        console.say("There is no programme yet: `community programme apply FILE` makes one.")
