"""Writing the values that differ, and the tally that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ARRAY, BigInteger, String, column, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among, update_rows
from community.kit.db import Big, is_sqlite
from community.kit.rows import insert_rows
from community.leaderboards.models import BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.differences import Change
from community.leaderboards.rules import counters

KEY = ("programme_id", "board", "member_id")


async def store(connection: AsyncConnection, programme_id: int, changes: Sequence[Change]) -> None:
    """Writes the changes; the members' rows are locked. Their share of the tally is for `Tally`."""
    came = [(programme_id, c.board, c.member_id, c.value, c.contributions, c.folded) for c in changes if c.came]
    stayed = [
        (programme_id, c.board, c.member_id, c.value, c.contributions) for c in changes if not c.came and not c.went
    ]
    if came:
        await insert_rows(connection, BOARD_VALUE, (*KEY, "value", "contributions", "folded"), came)
    await update_rows(connection, BOARD_VALUE, KEY, ("value", "contributions"), stayed)
    await _remove(connection, programme_id, [change for change in changes if change.went])


async def _remove(connection: AsyncConnection, programme_id: int, changes: Sequence[Change]) -> None:
    for board in sorted({change.board for change in changes}):
        ids = [change.member_id for change in changes if change.board == board]
        await connection.execute(
            delete(BOARD_VALUE).where(
                BOARD_VALUE.c.programme_id == programme_id,
                BOARD_VALUE.c.board == board,
                BOARD_VALUE.c.member_id.between(min(ids), max(ids)),  # so the key is used without statistics, too
                among(connection, BOARD_VALUE.c.member_id, ids),
            )
        )


class Tally:
    """What came to and went from the members of each value, to be counted at the end of a transaction."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[str, int]] = Counter()

    def add(self, changes: Sequence[Change]) -> None:
        """Takes in what some changes come to."""
        for change in changes:
            if change.value != change.was:
                for value, by in ((change.was, -1), (change.value, 1)):
                    for key in () if value is None else counters(value):
                        self._counted[change.board, key] += by

    async def write(self, connection: AsyncConnection, programme_id: int) -> None:
        """Counts it, in the order of the key: other transactions count in the same rows."""
        moved = sorted((key, by) for key, by in self._counted.items() if by)
        if not moved:
            return
        await _count(connection, programme_id, moved)
        fewer = [key for key, by in moved if by < 0]
        if fewer:
            await connection.execute(
                delete(BOARD_TALLY).where(
                    BOARD_TALLY.c.programme_id == programme_id,
                    among(connection, BOARD_TALLY.c.board, sorted({board for board, _value in fewer})),
                    among(connection, BOARD_TALLY.c.value, sorted({value for _board, value in fewer})),
                    BOARD_TALLY.c.members == 0,
                )
            )


async def _count(connection: AsyncConnection, programme_id: int, moved: Sequence[tuple[tuple[str, int], int]]) -> None:
    """Adds to the tally's rows, in the order given: arrays in one statement on PostgreSQL, row by row on SQLite."""
    by_row = is_sqlite(connection)
    insert = (sqlite.insert if by_row else postgresql.insert)(BOARD_TALLY)
    more = {"members": BOARD_TALLY.c.members + insert.excluded.members}
    adding = insert.on_conflict_do_update(index_elements=["programme_id", "board", "value"], set_=more)
    if by_row:
        names = ("programme_id", "board", "value", "members")
        rows = [dict(zip(names, (programme_id, *key, by), strict=True)) for key, by in moved]
        await connection.execute(adding, rows)
        return
    boards, values = zip(*(key for key, _by in moved), strict=True)
    listed = (
        func.unnest(
            literal(list(boards), ARRAY(String)),
            literal(list(values), ARRAY(BigInteger)),
            literal([by for _key, by in moved], ARRAY(BigInteger)),
        )
        .table_valued(column("board", String), column("value", BigInteger), column("members", BigInteger))
        .render_derived("listed")
    )
    await connection.execute(
        adding.from_select(
            ["programme_id", "board", "value", "members"],
            select(literal(programme_id, Big), listed.c.board, listed.c.value, listed.c.members),
        )
    )
