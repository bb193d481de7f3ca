"""What differs between the values of boards as they are kept and as the ledger gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from community.leaderboards.queries.valued import Asked


class Change(NamedTuple):
    """A member's value on a board as it should be and as it was; None: not on the board."""

    board: str
    member_id: int
    folded: str
    value: int | None
    contributions: int | None
    was: int | None
    contributions_were: int | None

    @property
    def came(self) -> bool:
        """The member was not on the board."""
        return self.was is None

    @property
    def went(self) -> bool:
        """The member is on the board no more."""
        return self.value is None


def differences(asked: Asked, rows: Sequence[Any]) -> Iterator[Change]:
    """The differences in rows of `queries.valued.differing`."""
    keys = [board.key for board in asked.boards]
    for row in rows:
        member_id, folded = row[0], row[1]
        for place, key in enumerate(keys):
            should_be, contributions, was, were = row[2 + 4 * place : 6 + 4 * place]
            if should_be != was or contributions != were:
                yield Change(key, member_id, folded, should_be, contributions, was, were)
