"""The shape of what is shown: ranked members with their names, countries and tiers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, func, literal_column, select

from community.kit.db import Big
from community.leaderboards.models import BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.valued import tier_on
from community.members.models import MEMBER
from community.standings.models import STANDING

ON_BOARD = tuple(BOARD_VALUE.c[name] for name in ("member_id", "folded", "value", "contributions"))
PROGRAMME_AND_BOARD = (
    BOARD_VALUE.c.programme_id == bindparam("programme"),
    BOARD_VALUE.c.board == bindparam("board"),
    BOARD_VALUE.c.value > literal_column("0"),
)
"""Every value is above 0. Saying so opens the index in the order of the board; who looks a member up does not say it,
since a database without statistics would take that index for the key."""


def at_most(most: int) -> ColumnElement[int]:
    """A limit as a literal: for one that it does not know PostgreSQL reckons with a tenth of the table."""
    return literal_column(str(int(most)), Big)


def shown(placed: FromClause, present: bool, *more: ColumnElement[Any], tallied: bool = False) -> Select[Any]:
    """Members who stand on a board (`placed`: member_id, value, contributions) as rows are shown, without the rank.

    Columns: handle, name, country, tier, value, contributions, and `more`. The tier is the present one where `present`
    says that no decision lies after the day, else that after the last decision on or before it. `tallied` joins how
    many have the same value. Parameters: programme, board, day.
    """
    programme: ColumnElement[int] = bindparam("programme")
    source = placed.join(MEMBER, and_(MEMBER.c.programme_id == programme, MEMBER.c.id == placed.c.member_id))
    tier: ColumnElement[Any] = STANDING.c.tier
    if present:
        mine = and_(STANDING.c.programme_id == programme, STANDING.c.member_id == placed.c.member_id)
        source = source.outerjoin(STANDING, mine)
    else:
        tier = tier_on(programme, placed.c.member_id, bindparam("day"))
    if tallied:
        same = (
            BOARD_TALLY.c.programme_id == programme,
            BOARD_TALLY.c.board == bindparam("board"),
            BOARD_TALLY.c.value == placed.c.value,
        )
        source = source.join(BOARD_TALLY, and_(*same))
    return select(
        MEMBER.c.handle,
        MEMBER.c.name,
        MEMBER.c.country,
        tier.label("tier"),
        placed.c.value,
        placed.c.contributions,
        *more,
    ).select_from(source)


def rank_column(ties: str, value: ColumnElement[int], folded: ColumnElement[str]) -> ColumnElement[int]:
    """The rank by a window function."""
    if ties == "ordinal":
        return func.row_number().over(order_by=(value.desc(), folded)).label("rank")
    ranked = func.dense_rank() if ties == "dense" else func.rank()
    return ranked.over(order_by=value.desc()).label("rank")
