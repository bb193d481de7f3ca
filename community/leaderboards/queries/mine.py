"""Where a member stands on all boards at once, from the values kept: what a list of boards shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among
from community.kit.text import fold
from community.leaderboards.models import BOARD_TALLY, BOARD_VALUE
from community.leaderboards.rules import LEVEL_APART, LEVELS, higher
from community.members.models import MEMBER
from community.programmes.book import Board

_V = BOARD_VALUE.c
_T = BOARD_TALLY.c


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """A member's place on a board."""

    rank: int
    value: int


async def places(
    connection: AsyncConnection, programme_id: int, member_id: int, boards: Sequence[Board]
) -> dict[str, OwnPlace]:
    """The places of a member on those of the boards on which they stand, by board; one statement."""
    keys = {ties: [one.key for one in boards if one.ties == ties] for ties in ("competition", "dense", "ordinal")}
    rank = case(
        (_V.board.in_(keys["dense"]), _distinct_higher()),
        (_V.board.in_(keys["ordinal"]), _members_higher() + _tied_before()),
        else_=_members_higher(),
    )
    rows = await connection.execute(
        select(_V.board, rank + 1, _V.value).where(
            _V.programme_id == programme_id,
            _V.board.in_([one.key for one in boards]),
            _V.member_id == member_id,
            _V.value > 0,
        )
    )
    return {board: OwnPlace(int(rank), value) for board, rank, value in rows}


async def sizes(connection: AsyncConnection, programme_id: int) -> dict[str, int]:
    """How many members stand on each board: the sum of its widest buckets."""
    widest = _T.value <= -LEVELS * LEVEL_APART
    rows = await connection.execute(
        select(_T.board, func.sum(_T.members)).where(_T.programme_id == programme_id, widest).group_by(_T.board)
    )
    return {board: int(members) for board, members in rows}


async def staying_off(connection: AsyncConnection, programme_id: int, handles: Collection[str]) -> set[str]:
    """Which of these members stay off the boards now."""
    folded = sorted({fold(one) for one in handles})
    rows = await connection.scalars(
        select(MEMBER.c.handle).where(
            MEMBER.c.programme_id == programme_id,
            among(connection, MEMBER.c.folded, folded),
            MEMBER.c.on_boards.is_(False),
        )
    )
    return set(rows)


async def stands_on_boards(connection: AsyncConnection, programme_id: int, member_id: int) -> bool:
    """Whether a member wants to stand on boards."""
    mine = (MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id, MEMBER.c.on_boards.is_(True))
    return bool(await connection.scalar(select(exists().where(*mine))))


def _same_board() -> ColumnElement[bool]:
    return and_(_T.programme_id == _V.programme_id, _T.board == _V.board)


def _members_higher() -> ColumnElement[int]:
    ranges = or_(*(_T.value.between(first, last) for first, last in higher(_V.value)))
    counted = select(func.coalesce(func.sum(_T.members), 0)).where(_same_board(), ranges)
    return counted.correlate(BOARD_VALUE).scalar_subquery()


def _distinct_higher() -> ColumnElement[int]:
    counted = select(func.count()).select_from(BOARD_TALLY).where(_same_board(), _T.value > _V.value)
    return counted.correlate(BOARD_VALUE).scalar_subquery()


def _tied_before() -> ColumnElement[int]:
    tied = BOARD_VALUE.alias("tied")
    counted = (
        select(func.count())
        .select_from(tied)
        .where(
            tied.c.programme_id == _V.programme_id,
            tied.c.board == _V.board,
            tied.c.value == _V.value,
            tied.c.folded < _V.folded,
        )
    )
    return counted.correlate(BOARD_VALUE).scalar_subquery()
