"""Reading snapshots: which there are, their places, and the digest over these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.digests import digest
from community.kit.errors import NotFound, UsageError
from community.kit.text import fold
from community.leaderboards.models import SNAPSHOT, SNAPSHOT_PLACE
from community.leaderboards.rules import Due, Row, frozen_alike, periods
from community.ledger.queries import entries_digest
from community.members.models import MEMBER
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow, history
from community.programmes.windows import plus_days

AT_ONCE = 5_000
"""Places that are fetched in one go."""
PLACED = ("place", "rank", "member_id", "value", "contributions", "tier")
"""What the digest of a snapshot covers of a place: not the country, which erasure empties."""
LEDGER = "ledger"
"""The line with which the digest of the first entries begins."""
_S, _P = SNAPSHOT.c, SNAPSHOT_PLACE.c


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot as lists show it."""

    number: int
    board: str
    first_on: date
    last_on: date
    version: int
    position: int
    ledger_digest: str
    rows: int
    digest: str
    taken_at: datetime

    @property
    def head(self) -> str:
        """The first line under the digest: what the places rest on."""
        taken = self.taken_at.strftime("%Y-%m-%d %H:%M:%S.%f")
        return (
            f"{self.board}|{self.first_on}|{self.last_on}|{self.version}|{self.position}|{self.ledger_digest}|{taken}"
        )


_COLUMNS = tuple(_S[name] for name in SnapshotRow.__slots__)


async def snapshots(connection: AsyncConnection, programme_id: int, board: str | None = None) -> list[SnapshotRow]:
    """The snapshots of a programme, or of one of its boards, in the order in which they were taken."""
    statement = select(*_COLUMNS).where(_S.programme_id == programme_id).order_by(_S.number)
    if board is not None:
        statement = statement.where(_S.board == board)
    return [SnapshotRow(*row) for row in await connection.execute(statement)]


async def last_snapshot(connection: AsyncConnection, programme_id: int) -> SnapshotRow | None:
    """The snapshot of a programme that was taken last."""
    statement = select(*_COLUMNS).where(_S.programme_id == programme_id).order_by(_S.number.desc()).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else SnapshotRow(*row)


async def taken(connection: AsyncConnection, programme_id: int, due: Due) -> SnapshotRow | None:
    """The snapshot of a board for a period, if it was taken."""
    row = (
        await connection.execute(
            select(*_COLUMNS).where(
                _S.programme_id == programme_id, _S.board == due.board, _S.first_on == due.first, _S.last_on == due.last
            )
        )
    ).one_or_none()
    return None if row is None else SnapshotRow(*row)


async def snapshot_of(
    connection: AsyncConnection, programme: ProgrammeRow, board: str, first: date, last: date | None = None
) -> SnapshotRow:
    """The snapshot of a board for the period from `first` (to `last`, where several begin then).

    Raises NotFound that names those there are; UsageError where `first` alone does not say which.
    """
    there = await snapshots(connection, programme.id, board)
    found = [one for one in there if one.first_on == first and last in (None, one.last_on)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"several periods begin on {first}: {', '.join(f'{first}/{one.last_on}' for one in found)}")
    known = ", ".join(str(one.first_on) for one in there) or "none yet"
    raise NotFound(f"the board {board} has no snapshot of a period from {first}; it has: {known}")


async def due_snapshots(connection: AsyncConnection, programme: ProgrammeRow, today: date) -> list[Due]:
    """What is to be frozen on `today` and was not yet, in the order of the periods' ends, then of the book.

    A board is frozen for every period that ended since it came into the book as it is (with these periods), once
    `freeze_after_days` have passed after the day that follows; also where nothing ran meanwhile.
    """
    there = {(one.board, one.first_on, one.last_on) for one in await snapshots(connection, programme.id)}
    zone = ZoneInfo(programme.book.programme.timezone)
    applied = {row.number: row.applied_at.astimezone(zone).date() for row in await history(connection, programme.id)}
    due = []
    for board in programme.book.leaderboards:
        since, until = applied[_since(programme, board)], plus_days(today, -1 - board.freeze_after_days)
        due += [one for one in periods(board, programme.book.programme.cycle, since, until) if one not in there]
    return sorted(due, key=lambda one: one.last)


def _since(programme: ProgrammeRow, board: Board) -> int:
    """The version since which the book has the board without a break, with the same periods."""
    versions = programme.versions
    number = versions.current
    while number > 1 and frozen_alike(versions.book(number - 1), programme.book, board.key):
        number -= 1
    return number


async def ledger_digest(connection: AsyncConnection, programme_id: int, before: SnapshotRow | None, seen: int) -> str:
    """The digest of the ledger up to a position, from that of the snapshot before."""
    if before is None:
        return await entries_digest(connection, programme_id, LEDGER, last=seen)
    if before.position == seen:
        return before.ledger_digest
    return await entries_digest(connection, programme_id, before.ledger_digest, after=before.position, last=seen)


async def digest_of(connection: AsyncConnection, programme_id: int, snapshot: SnapshotRow) -> str:
    """SHA-256 over the head of a snapshot and its places as they are stored (`kit.digests`)."""
    columns = [_P[name] for name in PLACED]
    mine = (_P.programme_id == programme_id, _P.snapshot == snapshot.number)
    return await digest(connection, snapshot.head, columns, where=mine, number=_P.place, first=1, last=snapshot.rows)


async def page(
    connection: AsyncConnection, programme_id: int, snapshot: SnapshotRow, *, after: int = 0, most: int
) -> list[Row]:
    """The places of a snapshot that follow the one numbered `after` in line, at most `most`."""
    found = await connection.execute(_shown(programme_id, snapshot).where(_P.place > after, _P.place <= after + most))
    return [Row(*row) for row in found]


async def around(
    connection: AsyncConnection, programme: ProgrammeRow, snapshot: SnapshotRow, handle: str, neighbours: int = 5
) -> list[Row]:
    """A member's place in a snapshot with `neighbours` on either side; nobody for a member who has none.

    Raises NotFound for an unknown handle.
    """
    mine = and_(_P.programme_id == programme.id, _P.member_id == MEMBER.c.id, _P.snapshot == snapshot.number)
    found = (
        await connection.execute(
            select(MEMBER.c.id, _P.place)
            .select_from(MEMBER.outerjoin(SNAPSHOT_PLACE, mine))
            .where(MEMBER.c.programme_id == programme.id, MEMBER.c.folded == fold(handle))
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"no member of the programme has the handle {handle!r}")
    if found.place is None:
        return []
    first = max(0, found.place - neighbours - 1)
    return await page(connection, programme.id, snapshot, after=first, most=found.place + neighbours - first)


async def rows(
    connection: AsyncConnection, programme_id: int, snapshot: SnapshotRow, at_once: int = AT_ONCE
) -> AsyncIterator[Sequence[Row]]:
    """All places of a snapshot in line, streamed in batches of `at_once`."""
    for after in range(0, snapshot.rows, at_once):
        yield await page(connection, programme_id, snapshot, after=after, most=at_once)


def _shown(programme_id: int, snapshot: SnapshotRow) -> Select[Any]:
    """Places as they were frozen, with the handles and names of today."""
    who = and_(MEMBER.c.programme_id == programme_id, MEMBER.c.id == _P.member_id)
    return (
        select(_P.rank, MEMBER.c.handle, MEMBER.c.name, _P.country, _P.tier, _P.value, _P.contributions)
        .select_from(SNAPSHOT_PLACE.join(MEMBER, who))
        .where(_P.programme_id == programme_id, _P.snapshot == snapshot.number)
        .order_by(_P.place)
    )
