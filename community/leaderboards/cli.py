"""`community boards show | export`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, AsOf, Slug
from community.kit.db import reading
from community.kit.settings import Settings
from community.kit.tabular import WRITERS, Metadata, Target
from community.leaderboards import exports
from community.leaderboards.queries.shown import around as around_member
from community.leaderboards.queries.shown import board_of, top
from community.leaderboards.rules import Row
from community.programmes import queries as programmes

boards = console.group("boards", "Leaderboards: who stands where, on any day, on the screen or in a file.")

FIRST_PLACES = 100
STANDARD_OUTPUT = "-"

BoardKey = Annotated[str, typer.Argument(metavar="BOARD", help="The board's key.")]
First = Annotated[
    int | None,
    typer.Option("--top", metavar="N", min=1, help=f"The first N places; default: {FIRST_PLACES}, without --around."),
]
Around = Annotated[
    str | None, typer.Option("--around", metavar="HANDLE", help="A member's place, with five neighbours on each side.")
]


@boards.command()
def show(
    slug: Slug,
    board: BoardKey,
    as_of: AsOf = None,
    first: First = None,
    around: Around = None,
    as_json: AsJson = False,
) -> None:
    """Show the first places of a board, or those around a member."""

    async def work(engine: AsyncEngine, _settings: Settings) -> tuple[Metadata, list[Row]]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found, day = board_of(programme, board), as_of or programme.today
            rows: list[Row] = []
            if first is not None or around is None:
                rows = await top(connection, programme, found, day, first or FIRST_PLACES)
            if around is not None:
                near = await around_member(connection, programme, found, day, around)
                if not near:
                    console.complain(f"{around} does not stand on the board {board}")
                rows += [row for row in near if row not in rows]
            return await exports.metadata(connection, programme, found, day), rows

    described, rows = console.run(work)
    if as_json:
        console.emit_json({"metadata": described, "rows": [row._asdict() for row in rows]})
    else:
        _show(described, rows)


def _show(described: Metadata, rows: Sequence[Row]) -> None:
    console.show_table(
        Row._fields, rows, right=("rank", "value", "contributions"), title=f"{described['board']} on {_days(described)}"
    )


def _days(described: Metadata) -> str:
    days = " ".join(f"{name} {described[name]}" for name in ("from", "to") if described[name])
    return f"{described['as_of']} (what counts: {days})"


@boards.command()
def export(
    slug: Slug,
    board: BoardKey,
    file_format: Annotated[str, typer.Option("--format", metavar="|".join(WRITERS), help="The format of the file.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The file; - is standard output.")],
    as_of: AsOf = None,
) -> None:
    """Write all places of a board to a file."""
    to_screen = out == STANDARD_OUTPUT
    target: Target = cast(BinaryIO, sys.stdout.buffer) if to_screen else Path(out)

    async def work(engine: AsyncEngine, _settings: Settings) -> tuple[int, date]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found, day = board_of(programme, board), as_of or programme.today
            return await exports.export(connection, programme, found, day, file_format, target), day

    written, day = console.run(work)
    if not to_screen:
        console.say(f"{out}: {written} places of {board} on {day}")
