"""What must hold of the values that are kept: they are what the ledger gives, and the tally counts them; and of what
was frozen: it is as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import groupby

from sqlalchemy import and_, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import Big, is_sqlite
from community.leaderboards.models import BOARD_STATE, BOARD_TALLY, BOARD_VALUE, SNAPSHOT_PLACE
from community.leaderboards.queries.differences import differences
from community.leaderboards.queries.snapshots import SnapshotRow, digest_of, ledger_digest, snapshots
from community.leaderboards.queries.valued import Asked, differing
from community.leaderboards.rules import counters
from community.ledger.queries import position
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


async def check_snapshots(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """What is not as it was frozen: places, what they rest on, and the entries up to the position of each snapshot.

    The digest of the ledger is proved from that of the snapshot before, so a changed entry is told of once.
    """
    before: SnapshotRow | None = None
    there = await snapshots(connection, programme.id)
    ends = await position(connection, programme.id)
    for number, one in enumerate(there, start=1):
        if one.number != number:
            yield f"the {'first snapshot' if before is None else 'next snapshot'} is number {one.number}, not {number}"
            break
        name = f"snapshot {one.number} of {one.board}"
        if one.position > ends:
            yield f"{name}: covers {one.position} entries, the ledger has {ends}"
        elif await ledger_digest(connection, programme.id, before, one.position) != one.ledger_digest:
            yield f"{name}: the ledger up to entry {one.position} is not the one that it saw"
        if await digest_of(connection, programme.id, one) != one.digest:
            yield f"{name}: its {one.rows} places are not those that were frozen"
        before = one
    async for difference in _strange_places(connection, programme.id, there):
        yield difference


CHECKS = (check_values, check_snapshots)


async def _strange_places(
    connection: AsyncConnection, programme_id: int, there: Sequence[SnapshotRow]
) -> AsyncIterator[str]:
    """Places beyond those of a snapshot, and places of none."""
    c = SNAPSHOT_PLACE.c
    stored = select(c.snapshot, func.count(), func.max(c.place)).where(c.programme_id == programme_id)
    expected = {one.number: one for one in there}
    for number, count, last in await connection.execute(stored.group_by(c.snapshot).order_by(c.snapshot)):
        one = expected.get(number)
        if one is None:
            yield f"there are places of snapshot {number}, which is none"
        elif not count == last == one.rows:
            yield f"snapshot {number} of {one.board}: {count} places are stored, not {one.rows}"


async def _values(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    states = await connection.execute(
        select(BOARD_STATE.c.day, BOARD_STATE.c.version, BOARD_STATE.c.board)
        .where(BOARD_STATE.c.programme_id == programme.id, BOARD_STATE.c.version > 0)
        .order_by(BOARD_STATE.c.day, BOARD_STATE.c.version, BOARD_STATE.c.board)
    )
    ranges = await member_queries.ranges(connection, programme.id, RANGE)
    for (day, version), group in groupby(states.all(), key=lambda row: (row.day, row.version)):
        book = programme.versions.book(version)
        boards = [book.board(row.board) for row in group]
        for first, last in ranges:
            everything = Asked(
                programme.id, book, programme.versions.known_types, tuple(boards), day, InRange(first, last),
                is_sqlite(connection),
            )  # fmt: skip
            for asked in everything.parts():
                for difference in await _differing(connection, asked):
                    yield difference


async def _differing(connection: AsyncConnection, asked: Asked) -> list[str]:
    waiting = select(TOUCHED.c.member_id).where(
        TOUCHED.c.programme_id == asked.programme_id, TOUCHED.c.reader == Reader.BOARDS.value
    )
    statement = differing(asked).where(MEMBER.c.id.not_in(waiting))
    rows = (await connection.execute(statement, asked.parameters())).all()
    return [
        f"board {change.board}: {change.folded}: kept {_said(change.was, change.contributions_were)},"
        f" the ledger gives {_said(change.value, change.contributions)} on {asked.day}"
        for change in differences(asked, rows)
    ]


def _said(value: int | None, contributions: int | None) -> str:
    return "no place" if value is None else f"{value} from {contributions} contributions"


async def _tallies(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Values that are tallied wrongly, or not at all, or that nobody has."""
    v, t = BOARD_VALUE.c, BOARD_TALLY.c
    kept = (
        select(v.board, v.value, func.count().label("members"))
        .where(v.programme_id == programme.id)
        .group_by(v.board, v.value)
        .cte("kept")
    )
    have = [
        select(kept.c.board.label("board"), key.label("key"), kept.c.members.label("have"), literal(0).label("tallied"))
        for key in counters(kept.c.value)
    ]
    tallied = select(t.board, t.value, literal(0), t.members).where(t.programme_id == programme.id)
    both = union_all(*have, tallied).subquery("both_sides")
    sums = func.sum(both.c.have), func.sum(both.c.tallied)
    statement = (
        select(both.c.board, both.c.key, *(cast(one, Big) for one in sums))
        .group_by(both.c.board, both.c.key)
        .having(sums[0] != sums[1])
        .order_by(both.c.board, both.c.key)
    )
    async for board, value, members, tally in await connection.stream(statement):
        what = f"the value {value}" if value > 0 else f"values in the bucket {value}"
        yield f"board {board}: {members} members have {what}, {tally} are tallied"


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
