"""Freezing a board for good: its rows as of the last day of a period, as known at the ledger position of the moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.db import Big, is_sqlite, plan_anew
from community.kit.errors import Conflict, UsageError
from community.leaderboards.models import SNAPSHOT, SNAPSHOT_PLACE
from community.leaderboards.queries.shape import rank_column
from community.leaderboards.queries.shown import board_of
from community.leaderboards.queries.snapshots import SnapshotRow, digest_of, last_snapshot, ledger_digest, taken
from community.leaderboards.queries.valued import EVERYBODY, Asked, standing_on, tier_on
from community.leaderboards.rules import Due
from community.ledger.queries import position
from community.programmes.models import PROGRAMME
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run import BY_RULES


async def freeze(
    connection: AsyncConnection, programme: ProgrammeRow, due: Due, *, actor: str = BY_RULES
) -> SnapshotRow:
    """Freezes a board by the book in force, in the caller's transaction; what was frozen already is answered as it is.

    Raises NotFound for a board that the book lacks, UsageError for a period that is not over, Conflict where another
    version of the book came into force meanwhile.
    """
    board_of(programme, due.board)
    if due.last >= programme.today:
        raise UsageError(f"the period of {due.board} to {due.last} is not over")
    await _one_at_a_time(connection, programme)
    before = await taken(connection, programme.id, due)
    if before is not None:
        return before
    last = await last_snapshot(connection, programme.id)
    seen = await position(connection, programme.id)
    snapshot = SnapshotRow(
        number=last.number + 1 if last else 1,
        board=due.board,
        first_on=due.first,
        last_on=due.last,
        version=programme.version,
        position=seen,
        ledger_digest=await ledger_digest(connection, programme.id, last, seen),
        rows=0,
        digest="",
        taken_at=now(),
    )
    await _write_places(connection, programme, snapshot)
    snapshot = replace(snapshot, rows=await _count(connection, programme.id, snapshot.number))
    snapshot = replace(snapshot, digest=await digest_of(connection, programme.id, snapshot))
    values = {name: getattr(snapshot, name) for name in SnapshotRow.__slots__}
    await connection.execute(insert(SNAPSHOT).values(programme_id=programme.id, **values))
    await write(connection, programme.id, actor, [_line(snapshot)])
    return snapshot


async def _one_at_a_time(connection: AsyncConnection, programme: ProgrammeRow) -> None:
    """Snapshots of a programme are numbered one after another, by one book; on SQLite the transaction's begin did it.

    The lock lets others refer to the programme, as whoever adds members does.
    """
    in_force = await connection.scalar(
        select(PROGRAMME.c.version).where(PROGRAMME.c.id == programme.id).with_for_update(key_share=True)
    )
    if in_force != programme.version:
        raise Conflict(f"version {in_force} of the book is in force, not {programme.version}")


async def _write_places(connection: AsyncConnection, programme: ProgrammeRow, snapshot: SnapshotRow) -> None:
    """All places in one statement, which the database does by itself."""
    await plan_anew(connection)
    board = board_of(programme, snapshot.board)
    asked = Asked(
        programme.id, programme.book, programme.versions.known_types, (board,), snapshot.last_on, EVERYBODY,
        is_sqlite(connection), snapshot.position,
    )  # fmt: skip
    on_board = standing_on(asked).subquery("on_board")
    value, folded = on_board.c.value, on_board.c.folded
    columns = {
        "programme_id": literal(programme.id, Big),
        "snapshot": literal(snapshot.number, Big),
        "place": rank_column("ordinal", value, folded).label("place"),
        "member_id": on_board.c.member_id,
        "rank": rank_column(board.ties, value, folded),
        "value": value,
        "contributions": on_board.c.contributions,
        "tier": tier_on(programme.id, on_board.c.member_id, snapshot.last_on),
        "country": on_board.c.country,
    }
    places = select(*columns.values())
    await connection.execute(insert(SNAPSHOT_PLACE).from_select(list(columns), places), asked.parameters())


async def _count(connection: AsyncConnection, programme_id: int, number: int) -> int:
    places = SNAPSHOT_PLACE.c
    last = select(func.max(places.place)).where(places.programme_id == programme_id, places.snapshot == number)
    return int(await connection.scalar(last) or 0)


def _line(snapshot: SnapshotRow) -> Line:
    names = ("number", "first_on", "last_on", "version", "position", "rows", "digest")
    kept = {name: getattr(snapshot, name) for name in names}
    data = {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}
    return Line("board.frozen", subject=snapshot.board, data=data)
