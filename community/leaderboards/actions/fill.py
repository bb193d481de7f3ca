"""Filling boards with members of whom nothing is kept yet: the database moves the rows and counts them by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, func, insert, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among
from community.kit.db import Big, Ordered, is_sqlite
from community.leaderboards.models import BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.valued import Asked, valued
from community.leaderboards.rules import counters
from community.programmes.queries import ProgrammeRow

_V = BOARD_VALUE.c


async def anything_kept(connection: AsyncConnection, programme: ProgrammeRow, ids: Sequence[int]) -> bool:
    """Whether any board keeps a value of any of the members, whose ids are in order."""
    mine = _of_members(connection, programme, ids)
    return await connection.scalar(select(_V.member_id).where(mine).limit(1)) is not None


async def fill(connection: AsyncConnection, asked: Asked) -> None:
    """Writes the values of members of whom none is kept; the members' rows are locked."""
    found = valued(asked).cte("found")
    rows = [
        select(
            literal(asked.programme_id, Big), literal(board.key, Ordered), found.c.id,
            found.c[f"value{place}"], found.c[f"contributions{place}"], found.c.folded,
        ).where(found.c[f"value{place}"].is_not(None))
        for place, board in enumerate(asked.boards)
    ]  # fmt: skip
    names = ("programme_id", "board", "member_id", "value", "contributions", "folded")
    await connection.execute(insert(BOARD_VALUE).from_select(names, union_all(*rows)), asked.parameters())


async def count(connection: AsyncConnection, programme: ProgrammeRow, ids: Sequence[int]) -> int:
    """Adds all values of the members to the tally, and answers how many they are.

    In the order of the key: other transactions count in the same rows.
    """
    mine = _of_members(connection, programme, ids)
    fresh = (
        select(_V.board, _V.value, func.count().label("members")).where(mine).group_by(_V.board, _V.value).cte("fresh")
    )
    keys = union_all(
        *(select(fresh.c.board, key.label("key"), fresh.c.members) for key in counters(fresh.c.value))
    ).subquery("keys")
    rows = (
        select(literal(programme.id, Big), keys.c.board, keys.c.key, func.sum(keys.c.members))
        .group_by(keys.c.board, keys.c.key)
        .order_by(keys.c.board, keys.c.key)
    )
    adding = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(BOARD_TALLY)
    more = {"members": BOARD_TALLY.c.members + adding.excluded.members}
    await connection.execute(
        adding.from_select(["programme_id", "board", "value", "members"], rows).on_conflict_do_update(
            index_elements=["programme_id", "board", "value"], set_=more
        )
    )
    return int(await connection.scalar(select(func.count()).select_from(BOARD_VALUE).where(mine)) or 0)


def _of_members(connection: AsyncConnection, programme: ProgrammeRow, ids: Sequence[int]) -> ColumnElement[bool]:
    """The values of the members. First and last are said, too, so that the index is read between them only."""
    boards: Iterable[str] = (board.key for board in programme.book.leaderboards)
    return and_(
        _V.programme_id == programme.id,
        _V.board.in_(sorted(boards)),
        _V.member_id.between(ids[0], ids[-1]),
        among(connection, _V.member_id, ids),
    )
