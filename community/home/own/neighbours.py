"""A member's place on the first board that they may see, with those beside them.

As the board is kept, be it a moment old: a page that everybody opens ranks nobody anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from community.leaderboards.queries import kept
from community.leaderboards.rules import Row
from community.members.place import Place

BESIDE = 1


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The name of the board, its key, and the rows around the member; none for who does not stand on it."""

    name: str
    key: str
    rows: list[Row]


async def neighbours(connection: AsyncConnection, place: Place, handle: str) -> Neighbours | None:
    """The first board of the book that members see; None where there is none."""
    programme = place.programme
    board = next((one for one in programme.book.leaderboards if one.audience != "managers"), None)
    if board is None:
        return None
    own = await kept.place(connection, programme, board, programme.today, handle)
    rows = await kept.around(connection, programme, board, programme.today, own, BESIDE)
    return Neighbours(place.said(board.name), board.key, rows)
