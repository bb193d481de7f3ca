"""What a path below `/p/{slug}/boards` names, and whether it is the visitor's to see.

A board says for whom it is: everybody, members (and whoever reviews or manages), or managers. Whoever may not see one
learns no more than that there is nothing; who is not signed in is asked to, whether there is one or not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from community.kit.errors import NotFound, SignInFirst, UsageError
from community.kit.web.request import Request
from community.leaderboards.queries import snapshots
from community.leaderboards.queries.snapshots import SnapshotRow
from community.members.place import Place, place
from community.people.portal.visit import SignedIn
from community.people.rules import Role
from community.programmes.book import Board
from community.programmes.queries import ProgrammeRow


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """A board that the visitor may see; `in_force`: the book has it still."""

    place: Place
    board: Board
    in_force: bool

    @property
    def programme_id(self) -> int:
        """The id of the programme."""
        return self.place.programme_id


@dataclass(frozen=True, slots=True)
class PeriodPlace:
    """A board that the visitor may see, frozen at the end of a period."""

    place: Place
    board: Board
    snapshot: SnapshotRow

    @property
    def programme_id(self) -> int:
        """The id of the programme."""
        return self.place.programme_id


def roles_of(request: Request[Any], at: Place) -> frozenset[Role]:
    """The roles that the visitor holds at the programme."""
    identity = request.identity
    if not isinstance(identity, SignedIn) or identity.visitor.programme_id != at.programme_id:
        return frozenset()
    return identity.visitor.roles


def may_see(request: Request[Any], at: Place, board: Board) -> bool:
    """Whether a board is the visitor's to see."""
    roles = roles_of(request, at)
    if board.audience == "public":
        return True
    if board.audience == "members":
        return at.member_id is not None or bool(roles)
    return Role.MANAGER in roles


def board_named(key: str) -> Callable[[Request[Any]], Awaitable[BoardPlace]]:
    """Loads the board of that key."""

    async def load(request: Request[Any]) -> BoardPlace:
        return _open(request, await place(request), key)

    return load


async def a_board(request: Request[Any]) -> BoardPlace:
    """Loads the board of the path. Raises NotFound, SignInFirst."""
    return _open(request, await place(request), str(request.path_params["board"]))


async def a_period(request: Request[Any]) -> PeriodPlace:
    """Loads the snapshot that the path names: board and first day, `2026-10-01`, or both days, `2026-10-01_2026-10-31`.

    Raises NotFound, SignInFirst.
    """
    found = await a_board(request)
    first, _, last = str(request.path_params["period"]).partition("_")
    programme = found.place.programme
    try:
        days = date.fromisoformat(first), date.fromisoformat(last) if last else None
        snapshot = await snapshots.snapshot_of(request.connection, programme, found.board.key, *days)
    except (ValueError, UsageError):
        raise NotFound("no such period") from None
    return PeriodPlace(found.place, found.board, snapshot)


def _open(request: Request[Any], at: Place, key: str) -> BoardPlace:
    board, in_force = _board(at.programme, key)
    if board is not None and may_see(request, at, board):
        return BoardPlace(at, board, in_force)
    if request.identity.person_id is None:
        raise SignInFirst("a board, or none")
    raise NotFound("no board, or none for whoever asks")


def _board(programme: ProgrammeRow, key: str) -> tuple[Board | None, bool]:
    """The board as the newest version has it that has one, and whether that is the one in force."""
    for number in range(programme.version, 0, -1):
        for board in programme.versions.book(number).leaderboards:
            if board.key == key:
                return board, number == programme.version
    return None, False
