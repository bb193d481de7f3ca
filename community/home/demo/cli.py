"""`community demo`: the whole way on invented data, and what came of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.demo.show import SLUG, Demonstration
from community.kit import clock, console, db, schema, settings
from community.kit.db import reading
from community.leaderboards.queries.shown import board_of, top
from community.members.queries import member
from community.programmes import queries as programmes
from community.programmes.book import text
from community.programmes.queries import ProgrammeRow
from community.standings.queries import present
from community.standings.queries.explained import explain
from community.standings.rules.words import reason_words

SHOWN = 5
TOP = 10
RECENT_DAYS = 14
APPLICATION = "community.app:from_environment"
"""Named, not imported: it gathers every room, this one too."""


def demo(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Folder of the demonstration, made anew; default: demo in the home folder."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another programme.")] = 7,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve it, with its cast signed in by one click.")
    ] = False,
) -> None:
    """Build a demonstration programme and show what happened.

    Some 2 000 invented advocates over three years up to today, French and English.
    """
    folder = (home or settings.load().folder / "demo").expanduser()
    asyncio.run(_demonstrate(_emptied(folder), seed))
    if serve:
        _serve(folder)


def _serve(folder: Path) -> None:
    """Serves the folder's own database and no other, on this machine."""
    from community.kit.web import server  # half a second to load, which no other command needs

    for name in ("COMMUNITY_DATABASE_URL", "COMMUNITY_REDIS_URL", "COMMUNITY_BASE_URL", "COMMUNITY_HOST"):
        os.environ.pop(name, None)
    os.environ["COMMUNITY_HOME"] = str(folder.resolve())
    present = settings.load()
    console.say(f"\nOpen http://localhost:{present.port}/demo and choose who you are. Ctrl-C ends it.")
    server.serve(APPLICATION, present, 1)


def _emptied(folder: Path) -> Path:
    """The folder, without what an earlier demonstration left there; nothing else is touched."""
    for name in ("boards", "mail", "tmp"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for file in [
        *folder.glob("community.sqlite3*"),
        *(folder / f for f in ("book.yaml", "members.csv", "contributions.csv")),
    ]:
        file.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _demonstrate(folder: Path, seed: int) -> None:
    url = f"sqlite:///{folder.resolve() / 'community.sqlite3'}"
    engine = db.create_engine(url)
    began = time.monotonic()
    try:
        await schema.ensure(engine)
        with _bar() as bar:
            task = bar.add_task("", total=None)

            def step(words: str) -> None:
                bar.update(task, description=words, completed=0, total=None)
                if not bar.console.is_terminal:
                    console.complain(f"{words} …")

            def progress(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            made = Demonstration(engine, folder, seed, clock.today("Europe/Paris"), step, progress)
            await made.build()
            verified = await made.proof()
        async with reading(engine) as connection:
            await _tell(connection, made)
        files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
        console.say(f"\nFiles in {folder}")
        for name in files:
            if not name.endswith(("-wal", "-shm")):
                console.say(f"  {name}")
        found = "clean" if not verified.differences else f"{verified.differences} differences"
        console.say(f"\nledger verify: {found} up to entry {console.spaced(verified.position)}")
        console.say(f"Built in {time.monotonic() - began:.0f} s. Look around with:")
        console.say(f"  export COMMUNITY_HOME={folder}")
        console.say(f"  community standings list {SLUG} --at-risk")
        console.say("  community serve    # then open http://localhost:8000/demo and choose who you are")
        if verified.differences:
            raise typer.Exit(1)
    finally:
        await engine.dispose()


def _bar() -> Progress:
    terminal = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal)


async def _tell(connection: AsyncConnection, made: Demonstration) -> None:
    programme = await programmes.programme(connection, SLUG)
    name = text(programme.book.programme.name, programme.book.programme.locale, SLUG)
    console.say(f"\n{name}, as of {made.today}")
    await _ladder(connection, programme)
    await _rose(connection, programme, made)
    await _at_risk(connection, programme, made)
    await _board(connection, programme, made)


async def _ladder(connection: AsyncConnection, programme: ProgrammeRow) -> None:
    tally = await present.tally(connection, programme.id)
    total = sum(count for count, _, _ in tally.values())
    rows: list[list[Any]] = []
    for key, label in [(tier.key, text(tier.name, "en", tier.key)) for tier in reversed(programme.book.tiers)] + [
        (None, "no tier")
    ]:
        count, at_risk, waiting = tally.get(key, (0, 0, 0))
        rows.append([label, console.spaced(count), f"{100 * count / total:.1f} %", at_risk or "", waiting or ""])
    console.say("\nThe ladder")
    console.show_table(
        ("tier", "members", "share", "at risk", "proposals"), rows, right=("members", "share", "at risk", "proposals")
    )


async def _rose(connection: AsyncConnection, programme: ProgrammeRow, made: Demonstration) -> None:
    since = made.today.fromordinal(made.today.toordinal() - RECENT_DAYS)
    decided = await present.decided_since(connection, programme.id, since)
    level = programme.book.level
    rose = [one for one in decided if level(one.to_tier) > level(one.from_tier)]
    console.say(f"\nWho rose in the last {RECENT_DAYS} days ({len(rose)})")
    for one in rose[:SHOWN]:
        console.say(f"  {one.handle}: {one.from_tier or 'none'} → {one.to_tier} on {one.day}")
        for reason in one.reasons:
            if reason["met"]:
                console.say(f"    ✓ {reason_words(reason)}")


async def _at_risk(connection: AsyncConnection, programme: ProgrammeRow, made: Demonstration) -> None:
    rows = [row async for row in present.standings(connection, programme.id, at_risk=True)]
    rows.sort(key=lambda row: (row.state.lost_on or made.today, row.handle))
    console.say(f"\nWho is at risk ({len(rows)}), the soonest first")
    for row in rows[:SHOWN]:
        found = await explain(connection, programme, await member(connection, programme.id, row.handle), made.today)
        console.say(f"  {row.handle}: {row.state.tier}, lost on {row.state.lost_on} unless something changes")
        _gain, keep = found.tiers[row.state.tier or ""]
        for reason in keep.reasons:
            if not reason["met"]:
                console.say(f"    ✗ {reason_words(reason)}")


async def _board(connection: AsyncConnection, programme: ProgrammeRow, made: Demonstration) -> None:
    board = board_of(programme, programme.book.leaderboards[0].key)
    rows = await top(connection, programme, board, made.today, TOP)
    console.say(f"\n{text(board.name, 'en', board.key)}, the first {TOP}")
    columns = ("rank", "handle", "name", "country", "tier", "value", "contributions")
    console.show_table(
        columns,
        ([getattr(row, column) for column in columns] for row in rows),
        right=("rank", "value", "contributions"),
    )
