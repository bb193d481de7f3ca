"""`community boards show | export | snapshots`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit import console
from community.kit.arguments import AsJson, AsOf, Slug, read_day
from community.kit.db import reading
from community.kit.errors import UsageError
from community.kit.settings import Settings
from community.kit.tabular import WRITERS, Metadata, Target
from community.leaderboards import exports
from community.leaderboards.queries import snapshots as frozen
from community.leaderboards.queries.shown import around as around_member
from community.leaderboards.queries.shown import board_of, top
from community.leaderboards.queries.snapshots import SnapshotRow
from community.leaderboards.rules import Row
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow

boards = console.group("boards", "Leaderboards: who stands where, on any day, on the screen or in a file.")

FIRST_PLACES = 100
STANDARD_OUTPUT = "-"
LISTED = ("first_on", "last_on", "rows", "version", "position", "taken_at", "digest")


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a snapshot as one names it: its first day, and its last one where several begin then."""

    first: date
    last: date | None = None


def read_period(text: str) -> Period:
    """The period that an option names, `FIRST` or `FIRST/LAST`. Raises BadParameter for anything else."""
    first, slash, last = text.partition("/")
    return Period(read_day(first), read_day(last) if slash else None)


BoardKey = Annotated[str, typer.Argument(metavar="BOARD", help="The board's key.")]
First = Annotated[
    int | None,
    typer.Option("--top", metavar="N", min=1, help=f"The first N places; default: {FIRST_PLACES}, without --around."),
]
Around = Annotated[
    str | None, typer.Option("--around", metavar="HANDLE", help="A member's place, with five neighbours on each side.")
]
Frozen = Annotated[
    Period | None,
    typer.Option("--period", metavar="FIRST", parser=read_period, help="The snapshot of the period from that day on."),
]


@boards.command()
def show(
    slug: Slug,
    board: BoardKey,
    as_of: AsOf = None,
    period: Frozen = None,
    first: First = None,
    around: Around = None,
    as_json: AsJson = False,
) -> None:
    """Show the first places of a board, or those around a member; as it is, or as it was frozen."""

    async def work(engine: AsyncEngine, _settings: Settings) -> tuple[Metadata, list[Row]]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            most = first if first is not None or around is not None else FIRST_PLACES
            if period is None:
                return await _as_it_is(connection, programme, board, as_of or programme.today, most, around)
            snapshot = await _snapshot(connection, programme, board, period, as_of)
            return await _as_frozen(connection, programme, snapshot, most, around)

    described, rows = console.run(work)
    if as_json:
        console.emit_json({"metadata": described, "rows": [row._asdict() for row in rows]})
    else:
        _show(described, rows)


async def _as_it_is(
    connection: AsyncConnection, programme: ProgrammeRow, board: str, day: date, most: int | None, handle: str | None
) -> tuple[Metadata, list[Row]]:
    found = board_of(programme, board)
    rows = [] if most is None else await top(connection, programme, found, day, most)
    if handle is not None:
        rows = _joined(rows, await around_member(connection, programme, found, day, handle), handle, board)
    return await exports.metadata(connection, programme, found, day), rows


async def _as_frozen(
    connection: AsyncConnection, programme: ProgrammeRow, snapshot: SnapshotRow, most: int | None, handle: str | None
) -> tuple[Metadata, list[Row]]:
    rows = [] if most is None else await frozen.page(connection, programme.id, snapshot, most=most)
    if handle is not None:
        rows = _joined(rows, await frozen.around(connection, programme, snapshot, handle), handle, snapshot.board)
    return exports.snapshot_metadata(programme, snapshot), rows


def _joined(rows: list[Row], near: list[Row], handle: str, board: str) -> list[Row]:
    """The first places, and those around a member that are not among them."""
    if not near:
        console.complain(f"{handle} does not stand on the board {board}")
    return rows + [row for row in near if row not in rows]


async def _snapshot(
    connection: AsyncConnection, programme: ProgrammeRow, board: str, period: Period, as_of: date | None
) -> SnapshotRow:
    if as_of is not None:
        raise UsageError("--period and --as-of: only one of them")
    return await frozen.snapshot_of(connection, programme, board, period.first, period.last)


def _show(described: Metadata, rows: Sequence[Row]) -> None:
    console.show_table(
        Row._fields, rows, right=("rank", "value", "contributions"), title=f"{described['board']} on {_days(described)}"
    )


def _days(described: Metadata) -> str:
    days = " ".join(f"{name} {described[name]}" for name in ("from", "to") if described[name])
    frozen_at = f", frozen at {described['frozen_at']}" if "frozen_at" in described else ""
    return f"{described['as_of']} (what counts: {days}){frozen_at}"


@boards.command()
def export(
    slug: Slug,
    board: BoardKey,
    file_format: Annotated[str, typer.Option("--format", metavar="|".join(WRITERS), help="The format of the file.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The file; - is standard output.")],
    as_of: AsOf = None,
    period: Frozen = None,
) -> None:
    """Write all places of a board to a file; as it is, or as it was frozen."""
    to_screen = out == STANDARD_OUTPUT
    target: Target = cast(BinaryIO, sys.stdout.buffer) if to_screen else Path(out)

    async def work(engine: AsyncEngine, _settings: Settings) -> tuple[int, date]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            if period is not None:
                snapshot = await _snapshot(connection, programme, board, period, as_of)
                written = await exports.export_snapshot(connection, programme, snapshot, file_format, target)
                return written, snapshot.last_on
            found, day = board_of(programme, board), as_of or programme.today
            return await exports.export(connection, programme, found, day, file_format, target), day

    written, day = console.run(work)
    if not to_screen:
        console.say(f"{out}: {written} places of {board} on {day}")


@boards.command()
def snapshots(slug: Slug, board: BoardKey, as_json: AsJson = False) -> None:
    """List the snapshots of a board: for which period, by which book, and what proves them."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[SnapshotRow]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found = await frozen.snapshots(connection, programme.id, board)
            if not found:
                board_of(programme, board)
            return found

    found = console.run(work)
    if as_json:
        console.emit_json([asdict(one) for one in found])
    else:
        rows = [[getattr(one, name) for name in LISTED] for one in found]
        console.show_table(LISTED, rows, right=("rows", "version", "position"))
