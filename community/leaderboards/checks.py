"""What must hold of the values that are kept: they are what the ledger gives, and the tally counts them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from sqlalchemy import ColumnElement, Integer, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import is_sqlite
from community.leaderboards.changes import differences
from community.leaderboards.models import BOARD_STATE, BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.valued import Asked, differing
from community.leaderboards.rules import BUCKET_BITS, BUCKET_LEVELS, LEVEL_APART
from community.members import queries as member_queries
from community.members.models import MEMBER, TOUCHED, Reader
from community.programmes.queries import ProgrammeRow
from community.standings.queries.chosen import InRange

RANGE = 10_000
"""Members compared by one statement."""


async def check_values(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """What differs between the kept values and the ledger, for the day and by the version for which they are kept.

    Members who wait to be looked at again, and boards that are on their way to a new day, are not wrong.
    """
    async for difference in _values(connection, programme):
        yield difference
    async for difference in _tallies(connection, programme):
        yield difference
    async for difference in _strays(connection, programme):
        yield difference


CHECKS = (check_values,)


async def _values(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    states = await connection.execute(
        select(BOARD_STATE.c.board, BOARD_STATE.c.day, BOARD_STATE.c.version)
        .where(BOARD_STATE.c.programme_id == programme.id, BOARD_STATE.c.version > 0)
        .order_by(BOARD_STATE.c.board)
    )
    ranges = await member_queries.ranges(connection, programme.id, RANGE)
    for key, day, version in states.all():
        for first, last in ranges:
            for difference in await _differing(connection, programme, key, day, version, InRange(first, last)):
                yield difference


async def _differing(
    connection: AsyncConnection, programme: ProgrammeRow, key: str, day: date, version: int, chosen: InRange
) -> list[str]:
    book = programme.versions.book(version)
    asked = Asked(
        programme.id, book, programme.versions.known_types, (book.board(key),), day, chosen, is_sqlite(connection)
    )
    waiting = select(TOUCHED.c.member_id).where(
        TOUCHED.c.programme_id == programme.id, TOUCHED.c.reader == Reader.BOARDS.value
    )
    statement = differing(asked).where(MEMBER.c.id.not_in(waiting))
    rows = (await connection.execute(statement, chosen.parameters())).all()
    return [
        f"board {key}: {change.folded}: kept {_said(change.was, change.contributions_were)},"
        f" the ledger gives {_said(change.value, change.contributions)} on {day}"
        for change in differences(asked, rows)
    ]


def _said(value: int | None, contributions: int | None) -> str:
    return "no place" if value is None else f"{value} from {contributions} contributions"


async def _tallies(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Values that are tallied wrongly, or not at all, or that nobody has."""
    v, t = BOARD_VALUE.c, BOARD_TALLY.c
    kept = select(v.board, v.value).where(v.programme_id == programme.id).subquery("kept")
    levels = [select(kept.c.board, key.label("key")) for key in counter_columns(kept.c.value)]
    keys = union_all(*levels).subquery("keys")
    counted = (
        select(keys.c.board, keys.c.key.label("value"), func.count().label("members"))
        .group_by(keys.c.board, keys.c.key)
        .subquery("counted")
    )
    tallied = select(t.board, t.value, t.members).where(t.programme_id == programme.id).subquery("tallied")
    matches = and_(counted.c.board == tallied.c.board, counted.c.value == tallied.c.value)
    statement = (
        select(
            func.coalesce(counted.c.board, tallied.c.board),
            func.coalesce(counted.c.value, tallied.c.value),
            func.coalesce(counted.c.members, 0),
            func.coalesce(tallied.c.members, 0),
        )
        .select_from(counted.join(tallied, matches, full=True))
        .where(func.coalesce(counted.c.members, 0) != func.coalesce(tallied.c.members, 0))
        .order_by(func.coalesce(counted.c.board, tallied.c.board), func.coalesce(counted.c.value, tallied.c.value))
    )
    async for board, value, members, kept in await connection.stream(statement):
        what = f"the value {value}" if value > 0 else f"values in the bucket {value}"
        yield f"board {board}: {members} members have {what}, {kept} are tallied"


def counter_columns(value: ColumnElement[int]) -> list[ColumnElement[int]]:
    """`rules.counters` as SQL."""
    buckets = (
        level * LEVEL_APART + value.op(">>")(literal(BUCKET_BITS * level, Integer))
        for level in range(1, BUCKET_LEVELS + 1)
    )
    return [value, *(-bucket for bucket in buckets)]


async def _strays(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Values of boards that are not kept for any day, and values filed under another handle than the member's."""
    v = BOARD_VALUE.c
    known = select(BOARD_STATE.c.board).where(BOARD_STATE.c.programme_id == programme.id)
    stray = select(v.board, func.count()).where(v.programme_id == programme.id, v.board.not_in(known)).group_by(v.board)
    for board, count in await connection.execute(stray):
        yield f"board {board}: {count} values are kept, though the board is not"
    misfiled = (
        select(v.board, v.folded, MEMBER.c.folded)
        .join(MEMBER, and_(MEMBER.c.programme_id == v.programme_id, MEMBER.c.id == v.member_id))
        .where(v.programme_id == programme.id, v.folded != MEMBER.c.folded)
    )
    async for board, kept, folded in await connection.stream(misfiled):
        yield f"board {board}: the value of {folded} is filed under {kept}"
