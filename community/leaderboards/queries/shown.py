"""The rows of a board, for any day: from the values kept where those are fresh, else from the ledger itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, FromClause, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import is_sqlite
from community.kit.errors import NotFound
from community.leaderboards.models import BOARD_VALUE
from community.leaderboards.queries import kept as kept_board
from community.leaderboards.queries.shape import ON_BOARD, PROGRAMME_AND_BOARD, at_most, rank_column, shown
from community.leaderboards.queries.valued import EVERYBODY, Asked, standing_on
from community.leaderboards.rules import Row, first_ranks
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow

AT_ONCE = 5_000
"""Rows that are fetched in one go."""


def board_of(programme: ProgrammeRow, key: str) -> Board:
    """A board of the book in force. Raises NotFound that names those there are."""
    try:
        return programme.book.board(key)
    except KeyError:
        known = ", ".join(board.key for board in programme.book.leaderboards) or "none"
        raise NotFound(f"the programme has no board {key!r}; it has: {known}") from None


async def top(connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, n: int) -> list[Row]:
    """The first `n` places of a board on a day, by rank, then folded handle."""
    text = _kept_first(connection.dialect, programme.id, board.key, day, programme.version, n)
    found = (await connection.exec_driver_sql(text)).all()
    if found and found[0].fresh and found[0].present:
        ranks = first_ranks(board.ties, [row.value for row in found])
        return [Row._make((rank, *row[:6])) for rank, row in zip(ranks, found, strict=True)]
    source = await kept_board.kept(connection, programme, board, day)
    statement, parameters = _ranked(connection, programme, board, day, source, n)
    return [Row(row[6], *row[:6]) for row in await connection.execute(statement, parameters)]


async def around(
    connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, handle: str, neighbours: int = 5
) -> list[Row]:
    """A member's own place with `neighbours` on either side; empty for a member who does not stand on the board.

    Raises NotFound for an unknown handle.
    """
    own = await kept_board.place(connection, programme, board, day, handle)
    if not own.kept.fresh:
        return await _around_from_ledger(connection, programme, board, day, own, neighbours)
    return await kept_board.around(connection, programme, board, day, own, neighbours)


async def rows(
    connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, at_once: int = AT_ONCE
) -> AsyncIterator[Sequence[Row]]:
    """All places of a board on a day, by rank, then folded handle, streamed in batches of `at_once`."""
    source = await kept_board.kept(connection, programme, board, day)
    statement, parameters = _ranked(connection, programme, board, day, source)
    found = await connection.stream(statement, parameters, execution_options={"yield_per": at_once})
    async for batch in found.partitions(at_once):
        yield [Row(row[6], *row[:6]) for row in batch]


async def _around_from_ledger(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    board: Board,
    day: date,
    own: kept_board.Place,
    neighbours: int,
) -> list[Row]:
    ranked, parameters = _from_ledger(connection, programme, board, day, numbered=True)
    places = ranked.cte("places")
    mine = select(places.c.place).where(places.c.folded == own.folded).scalar_subquery()
    near = select(places).where(places.c.place.between(mine - neighbours, mine + neighbours)).subquery("near")
    statement = shown(near, own.kept.present, near.c.rank).order_by(near.c.place)
    found = await connection.execute(statement, {**kept_board.named(programme, board, day), **parameters})
    return [Row(row[6], *row[:6]) for row in found]


def _ranked(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    board: Board,
    day: date,
    source: kept_board.Kept,
    most: int | None = None,
) -> tuple[Select[Any], dict[str, Any]]:
    """The statement for all places, or for the first `most`, and its parameters."""
    named = kept_board.named(programme, board, day)
    if source.fresh:
        return _from_kept(board.ties, source.present, most), named
    ranked, parameters = _from_ledger(connection, programme, board, day)
    return _dressed(ranked, source.present, most), {**named, **parameters}


@lru_cache(maxsize=512)
def _kept_first(dialect: Dialect, programme_id: int, board: str, day: date, version: int, n: int) -> str:
    """The first places as they are kept, and in the same statement whether they may be shown so, as mostly they may.

    Ranks that begin at 1 need no window function, which would cost half as much again. The same text serves everybody
    who looks at the board that day: without parameters PostgreSQL plans it once.
    """
    best = BOARD_VALUE.c.value.desc(), BOARD_VALUE.c.folded
    placed = select(*ON_BOARD).where(*PROGRAMME_AND_BOARD).order_by(*best).limit(at_most(n)).subquery("placed")
    statement = shown(placed, True, *kept_board.freshness()).order_by(placed.c.value.desc(), placed.c.folded)
    values = {"programme": programme_id, "board": board, "day": day, "version": version}
    return str(statement.params(**values).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


@lru_cache
def _from_kept(ties: str, present: bool, most: int | None) -> Select[Any]:
    rank = rank_column(ties, BOARD_VALUE.c.value, BOARD_VALUE.c.folded)
    return _dressed(select(*ON_BOARD, rank).where(*PROGRAMME_AND_BOARD), present, most)


def _from_ledger(
    connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, *, numbered: bool = False
) -> tuple[Select[Any], dict[str, Any]]:
    """Who stands on the board with value and rank, and with `numbered` the place in line: statement and parameters."""
    known_types = programme.versions.known_types
    asked = Asked(programme.id, programme.book, known_types, (board,), day, EVERYBODY, is_sqlite(connection))
    standing: FromClause = standing_on(asked).subquery("on_board")
    value, folded = standing.c.value, standing.c.folded
    columns = [*standing.c, rank_column(board.ties, value, folded)]
    if numbered:
        columns.append(rank_column("ordinal", value, folded).label("place"))
    return select(*columns), asked.parameters()


def _dressed(ranked: Select[Any], present: bool, most: int | None) -> Select[Any]:
    """Ranked members in their order with all that is shown of them; the rank comes last."""
    if most is not None:
        columns = ranked.selected_columns
        ranked = ranked.order_by(columns["value"].desc(), columns["folded"]).limit(at_most(most))
    placed = ranked.subquery("placed")
    return shown(placed, present, placed.c.rank).order_by(placed.c.value.desc(), placed.c.folded)
