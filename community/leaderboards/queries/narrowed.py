"""The places of a board in pages by key, of all who stand on it or of those of one country or tier.

Ranks of a part are computed among that part, as those of a board with `only` are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import is_sqlite
from community.kit.errors import NotFound
from community.kit.text import fold
from community.leaderboards.queries import kept as kept_board
from community.leaderboards.queries import shown as whole
from community.leaderboards.queries.shape import ON_BOARD, PROGRAMME_AND_BOARD, rank_column, shown
from community.leaderboards.queries.valued import EVERYBODY, Asked, standing_on, tier_on
from community.leaderboards.rules import Row
from community.members.models import MEMBER
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow
from community.standings.models import STANDING


@dataclass(frozen=True, slots=True)
class Part:
    """A board on a day, or those on it who are of a country or hold a tier."""

    programme: ProgrammeRow
    board: Board
    day: date
    country: str | None = None
    tier: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it is everybody on the board."""
        return self.country is None and self.tier is None


async def first(connection: AsyncConnection, part: Part, most: int) -> Sequence[Row]:
    """The first places."""
    if part.whole:
        return await whole.top(connection, part.programme, part.board, part.day, most)
    return await _places(connection, part, lambda places: places.c.place <= most)


async def following(connection: AsyncConnection, part: Part, handle: str, most: int) -> Sequence[Row]:
    """The places after that of a member, at most `most`; none after one who does not stand there."""
    if not part.whole:
        return await _places(connection, part, lambda places: (places.c.place - _own(places, handle)).between(1, most))
    try:
        found = await whole.around(connection, part.programme, part.board, part.day, handle, most)
    except NotFound:
        return []
    own = [place for place, row in enumerate(found) if fold(row.handle) == fold(handle)]
    return found[own[0] + 1 :] if own else []


async def near(connection: AsyncConnection, part: Part, handle: str, neighbours: int = 5) -> Sequence[Row]:
    """A member's own place with neighbours on either side; nobody for a member who does not stand there."""
    if part.whole:
        return await whole.around(connection, part.programme, part.board, part.day, handle, neighbours)
    return await _places(
        connection, part, lambda places: (places.c.place - _own(places, handle)).between(-neighbours, neighbours)
    )


async def countries(connection: AsyncConnection, programme_id: int) -> list[str]:
    """The countries that members of a programme are of, each looked up in the index, however many members there are."""
    country, mine = MEMBER.c.country, MEMBER.c.programme_id == programme_id
    found = select(func.min(country).label("country")).where(mine).cte("countries", recursive=True)
    following_one = select(func.min(country)).where(mine, country > found.c.country).scalar_subquery()
    found = found.union_all(select(following_one).where(found.c.country.is_not(None)))
    asked = select(found.c.country).where(found.c.country.is_not(None))
    return list(await connection.scalars(asked))


def _own(places: CTE, handle: str) -> ColumnElement[int]:
    return select(places.c.place).where(places.c.folded == fold(handle)).scalar_subquery()


async def _places(connection: AsyncConnection, part: Part, chosen: Any) -> Sequence[Row]:
    """The places of a part that `chosen` says of all its places, numbered in line."""
    source = await kept_board.kept(connection, part.programme, part.board, part.day)
    parameters = kept_board.named(part.programme, part.board, part.day)
    standing: FromClause = select(*ON_BOARD).where(*PROGRAMME_AND_BOARD).subquery("on_board")
    if not source.fresh:
        known = part.programme.versions.known_types
        asked = Asked(
            part.programme.id, part.programme.book, known, (part.board,), part.day, EVERYBODY, is_sqlite(connection)
        )
        standing, parameters = standing_on(asked).subquery("on_board"), {**parameters, **asked.parameters()}
    places = _numbered(part, standing, present=source.present)
    chosen_ones = select(places).where(chosen(places)).subquery("chosen")
    statement = shown(chosen_ones, source.present, chosen_ones.c.rank).order_by(chosen_ones.c.place)
    return [Row(row[6], *row[:6]) for row in await connection.execute(statement, parameters)]


def _numbered(part: Part, standing: FromClause, *, present: bool) -> CTE:
    programme_id, member_id = part.programme.id, standing.c.member_id
    columns = [standing.c[one.name] for one in ON_BOARD]
    ranks = [
        rank_column(ties, standing.c.value, standing.c.folded).label(label)
        for label, ties in (("rank", part.board.ties), ("place", "ordinal"))
    ]
    asked = select(*columns, *ranks).select_from(standing)
    if part.country is not None:
        who = and_(MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
        asked = asked.join(MEMBER, who).where(MEMBER.c.country == part.country)
    if part.tier is not None and present:
        held = and_(STANDING.c.programme_id == programme_id, STANDING.c.member_id == member_id)
        asked = asked.join(STANDING, held).where(STANDING.c.tier == part.tier)
    elif part.tier is not None:
        asked = asked.where(tier_on(programme_id, member_id, part.day) == part.tier)
    return asked.cte("places")
