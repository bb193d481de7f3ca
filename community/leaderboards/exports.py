"""A board, or a snapshot of one, as a file: the same rows in each format, with what they rest on as metadata."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import now
from community.kit.errors import UsageError
from community.kit.tabular import WRITERS, Column, Kind, Metadata, Target, Writer
from community.leaderboards.queries import snapshots
from community.leaderboards.queries.shown import rows
from community.leaderboards.queries.snapshots import SnapshotRow
from community.leaderboards.rules import window
from community.ledger.queries import position
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow

COLUMNS = (
    Column("rank", Kind.WHOLE),
    Column("handle"),
    Column("name"),
    Column("country"),
    Column("tier"),
    Column("value", Kind.WHOLE),
    Column("contributions", Kind.WHOLE),
)


async def export(
    connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, file_format: str, target: Target
) -> int:
    """Writes all places of a board on a day to a file or stream, and answers how many they are.

    `file_format` is `csv`, `xlsx`, `json` or `parquet`. Raises UsageError for another one, and for a target that cannot
    be written; MachineryError where the disk gives out.
    """
    writer = _writer(file_format)
    described = await metadata(connection, programme, board, day)
    return await writer(target, COLUMNS, rows(connection, programme, board, day), described)


async def export_snapshot(
    connection: AsyncConnection, programme: ProgrammeRow, snapshot: SnapshotRow, file_format: str, target: Target
) -> int:
    """Writes all places of a snapshot to a file or stream, as `export` does those of a board."""
    places = snapshots.rows(connection, programme.id, snapshot)
    return await _writer(file_format)(target, COLUMNS, places, snapshot_metadata(programme, snapshot))


async def metadata(connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date) -> Metadata:
    """What the rows of a board on a day rest on; `from` is None for a window without a first day."""
    seen = await position(connection, programme.id)
    return _described(programme, programme.version, board.key, day, seen)


def snapshot_metadata(programme: ProgrammeRow, snapshot: SnapshotRow) -> Metadata:
    """What the rows of a snapshot rest on: as of a board on the last day of the period, and what proves them."""
    return {
        **_described(programme, snapshot.version, snapshot.board, snapshot.last_on, snapshot.position),
        "period": f"{snapshot.first_on}/{snapshot.last_on}",
        "frozen_at": snapshot.taken_at,
        "digest": snapshot.digest,
        "ledger_digest": snapshot.ledger_digest,
    }


def _described(programme: ProgrammeRow, version: int, board: str, day: date, seen: int) -> Metadata:
    book = programme.versions.book(version)
    first, last = window(book.board(board), day, book.programme.cycle)
    return {
        "programme": programme.slug,
        "board": board,
        "as_of": day,
        "from": first,
        "to": last,
        "book_version": version,
        "ledger_position": seen,
        "exported_at": now(),
    }


def _writer(file_format: str) -> Writer:
    writer = WRITERS.get(file_format)
    if writer is None:
        raise UsageError(f"format: found {file_format!r}; accepted: {', '.join(WRITERS)}")
    return writer
