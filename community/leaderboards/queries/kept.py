"""A board as it is kept: its first places, and those around one member, in a time that does not grow with the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import Big
from community.kit.errors import NotFound
from community.kit.text import fold
from community.leaderboards.models import BOARD_STATE, BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.frozen import Frozen, frozen
from community.leaderboards.queries.shape import ON_BOARD, PROGRAMME_AND_BOARD, at_most, shown
from community.leaderboards.rules import LEVELS, Before, Row, Tie, higher, ranks
from community.members.models import MEMBER, TOUCHED, Reader
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow
from community.standings.models import DECISION

_V = BOARD_VALUE.c
_T = BOARD_TALLY.c
_PROGRAMME: ColumnElement[int] = bindparam("programme")


@dataclass(frozen=True, slots=True)
class Kept:
    """`fresh`: the kept values of a board are those of the day asked about. `present`: no decision is later than it."""

    fresh: bool
    present: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member stands on the board as it is kept; `value` is None for who does not."""

    kept: Kept
    folded: str
    value: int | None


async def kept(connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date) -> Kept:
    """Whether the kept values of a board may be read for `day`."""
    row = (await connection.execute(select(*freshness()), named(programme, board, day))).one()
    return Kept(bool(row.fresh), bool(row.present))


async def place(connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, handle: str) -> Place:
    """Where a member stands, and whether that may be relied on. Raises NotFound for an unknown handle."""
    found = await _place(connection.dialect).all(connection, {**named(programme, board, day), "handle": fold(handle)})
    if not found:
        raise NotFound(f"no member of the programme has the handle {handle!r}")
    row = found[0]
    return Place(Kept(bool(row.fresh), bool(row.present)), row.folded, row.value)


async def around(
    connection: AsyncConnection, programme: ProgrammeRow, board: Board, day: date, own: Place, neighbours: int
) -> list[Row]:
    """The member at `own` with `neighbours` on either side, in one statement; nobody where there is no place."""
    if own.value is None:
        return []
    parameters = {**named(programme, board, day), "own": own.value, "folded": own.folded}
    for level, (first_key, last_key) in enumerate(higher(own.value)):
        parameters |= {f"first{level}": first_key, f"last{level}": last_key}
    statement = _around(connection.dialect, board.ties, own.kept.present, neighbours + 1)
    found = sorted(await statement.all(connection, parameters), key=lambda row: (-row.value, row.folded))
    mine = next(index for index, row in enumerate(found) if row.folded == own.folded)
    first = max(0, mine - neighbours)
    near = found[first : mine + neighbours + 1]
    line = [Tie(row.value, row.members) for row in near]
    before = Before(near[0].higher_members, near[0].higher_values, near[0].tied)
    places = ranks(board.ties, line, mine - first, before)
    return [Row._make((rank, *row[:6])) for rank, row in zip(places, near, strict=True)]


def named(programme: ProgrammeRow, board: Board, day: date) -> dict[str, Any]:
    """The parameters by which these statements know a board and a day."""
    return {"programme": programme.id, "board": board.key, "day": day, "version": programme.version}


@lru_cache
def freshness() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The columns `fresh` (kept for the day and version, nobody touched since) and `present` (no later decision).

    The newest decision stands at the end of an index; asked whether a later one exists, PostgreSQL expects to meet one
    soon, and reads all of them where there is none. Parameters: programme, board, day, version.
    """
    state = exists().where(
        BOARD_STATE.c.programme_id == bindparam("programme"),
        BOARD_STATE.c.board == bindparam("board"),
        BOARD_STATE.c.day == bindparam("day"),
        BOARD_STATE.c.version == bindparam("version"),
    )
    touched = exists().where(
        TOUCHED.c.programme_id == bindparam("programme"), TOUCHED.c.reader == literal(Reader.BOARDS.value)
    )
    newest = select(func.max(DECISION.c.day)).where(DECISION.c.programme_id == bindparam("programme"))
    present = func.coalesce(newest.scalar_subquery() <= bindparam("day"), true())
    return and_(state, ~touched).label("fresh"), present.label("present")


@lru_cache
def _place(dialect: Dialect) -> Frozen:
    statement = (
        select(MEMBER.c.folded, _V.value, *freshness())
        .select_from(MEMBER.outerjoin(BOARD_VALUE, and_(*PROGRAMME_AND_BOARD, _V.member_id == MEMBER.c.id)))
        .where(MEMBER.c.programme_id == _PROGRAMME, MEMBER.c.folded == bindparam("handle"))
    )
    return frozen(statement, dialect)


@lru_cache
def _around(dialect: Dialect, ties: str, present: bool, most: int) -> Frozen:
    """The neighbours on both sides, each with how many have the same value, and what stands before the member.

    Four ranges of the index instead of one condition, because no index serves `value > v OR value = v AND …`.
    """
    own, folded = bindparam("own", type_=Big), bindparam("folded", type_=MEMBER.c.folded.type)
    ahead, behind = (_V.value, _V.folded.desc()), (_V.value.desc(), _V.folded)
    parts = [
        _range(and_(_V.value == own, _V.folded < folded), ahead, most),
        _range(_V.value > own, ahead, most),
        _range(and_(_V.value == own, _V.folded >= folded), behind, most),
        _range(_V.value < own, behind, most),
    ]
    near = union_all(*(select(part) for part in parts)).subquery("near")
    before = _before(ties, own, folded)
    return frozen(shown(near, present, near.c.folded, _T.members, *before, tallied=True), dialect)


def _before(ties: str, own: ColumnElement[int], folded: ColumnElement[str]) -> Sequence[ColumnElement[int]]:
    """What the kind of rank needs of what stands before the member: the columns of `rules.Before`."""
    tally = BOARD_TALLY.alias("higher").c
    counted = (tally.programme_id == _PROGRAMME, tally.board == bindparam("board"))
    none: ColumnElement[int] = literal(0)
    members = values = tied = none
    if ties == "dense":
        values = select(func.count()).where(*counted, tally.value > own).scalar_subquery()
    else:
        levels = [
            select(tally.members).where(*counted, tally.value.between(_key("first", level), _key("last", level)))
            for level in range(LEVELS + 1)
        ]
        buckets = union_all(*levels).subquery("buckets")
        members = select(cast(func.coalesce(func.sum(buckets.c.members), 0), Big)).scalar_subquery()
    if ties == "ordinal":
        earlier = and_(_V.value == own, _V.folded < folded)
        tied = select(func.count()).select_from(BOARD_VALUE).where(*PROGRAMME_AND_BOARD, earlier).scalar_subquery()
    return members.label("higher_members"), values.label("higher_values"), tied.label("tied")


def _key(name: str, level: int) -> ColumnElement[int]:
    return bindparam(f"{name}{level}", type_=Big)


def _range(condition: ColumnElement[bool], order: tuple[ColumnElement[Any], ...], most: int) -> FromClause:
    return (select(*ON_BOARD).where(*PROGRAMME_AND_BOARD, condition).order_by(*order).limit(at_most(most))).subquery()
