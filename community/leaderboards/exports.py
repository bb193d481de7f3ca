"""A board as a file: the same rows in each format, with what they rest on as metadata."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import now
from community.kit.errors import UsageError
from community.kit.tabular import WRITERS, Column, Kind, Metadata, Target
from community.leaderboards.queries.shown import rows
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
    writer = WRITERS.get(file_format)
    if writer is None:
        raise UsageError(f"format: found {file_format!r}; accepted: {', '.join(WRITERS)}")
    described = await metadata(connection, programme, board, day)
    return await writer(target, COLUMNS, rows(connection, programme, board, day), described)


async def metadata(connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date) -> Metadata:
    """What the rows of a board on a day rest on; `from` is None for a window without a first day."""
    first, last = window(board, day, programme.book.programme.cycle)
    return {
        "programme": programme.slug,
        "board": board.key,
        "as_of": day,
        "from": first,
        "to": last,
        "book_version": programme.version,
        "ledger_position": await position(connection, programme.id),
        "exported_at": now(),
    }
