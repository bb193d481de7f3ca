"""Boards as values: what is shown of a place, what a board measures, and ranks (rulebook, section 6, Boards)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from community.programmes.book import Board, Cycle
from community.programmes.windows import bounds
from community.standings.rules.measures import Measure

BUCKET_BITS: Final = 7
BUCKET_LEVELS: Final = 4
LEVEL_APART: Final = 1 << 57


class Row(NamedTuple):
    """A place on a board; `contributions` are the credited ones in the board's window and types."""

    rank: int
    handle: str
    name: str
    country: str | None
    tier: str | None
    value: int
    contributions: int


class Tie(NamedTuple):
    """A value on a board, and how many members have exactly this one."""

    value: int
    members: int


class Before(NamedTuple):
    """What stands before a member: members with a higher value, distinct higher values, and members with the same
    value and an earlier handle."""

    members: int
    values: int
    tied: int


def counters(value: int) -> tuple[int, ...]:
    """The keys of the tally under which a member with this value (above 0) is counted.

    The value itself, and keys below 0 for the buckets of 128, 128², 128³ and 128⁴ values in which it lies: so a rank is
    a sum over some hundred rows at most, however many distinct values a board has.
    """
    return (value, *(_bucket_key(level, value >> (BUCKET_BITS * level)) for level in range(1, BUCKET_LEVELS + 1)))


def higher(value: int) -> list[tuple[int, int]]:
    """The ranges (first key, last key) of the tally that together count every member with a higher value, once."""
    found = []
    for level in range(BUCKET_LEVELS + 1):
        first = (value >> (BUCKET_BITS * level)) + 1
        parent = value >> (BUCKET_BITS * (level + 1))
        last = LEVEL_APART - 1 if level == BUCKET_LEVELS else ((parent + 1) << BUCKET_BITS) - 1
        found.append((first, last) if level == 0 else (_bucket_key(level, last), _bucket_key(level, first)))
    return found


def _bucket_key(level: int, bucket: int) -> int:
    return -(level * LEVEL_APART + bucket)


def measures(board: Board) -> tuple[Measure, Measure]:
    """What a board ranks by, and the credited contributions in its window and types."""
    types = None if board.types is None else tuple(sorted(board.types))
    excluded = None if board.except_ is None else tuple(sorted(board.except_))
    return (
        Measure(board.metric, types, excluded, board.window),
        Measure("contributions", types, excluded, board.window),
    )


def window(board: Board, day: date, cycle: Cycle) -> tuple[date | None, date]:
    """The first (None: none) and the last day that count on a board at `day`."""
    return bounds(board.window, day, cycle)


def ranks(ties: str, line: Sequence[Tie], own: int, before: Before) -> list[int]:
    """The ranks of members who stand one after another, from what stands before the one at index `own`.

    `competition` 1 2 2 4, `dense` 1 2 2 3, `ordinal` 1 2 3 4.
    """
    if ties == "ordinal":
        first = before.members + before.tied + 1 - own
        return list(range(first, first + len(line)))
    dense = ties == "dense"
    found = [0] * len(line)
    found[own] = (before.values if dense else before.members) + 1
    for place in range(own + 1, len(line)):
        higher, lower = line[place - 1], line[place]
        step = 0 if lower.value == higher.value else 1 if dense else higher.members
        found[place] = found[place - 1] + step
    for place in range(own - 1, -1, -1):
        higher, lower = line[place], line[place + 1]
        step = 0 if lower.value == higher.value else 1 if dense else higher.members
        found[place] = found[place + 1] - step
    return found


def first_ranks(ties: str, values: Sequence[int]) -> list[int]:
    """The ranks of the first places of a board, whose values are given from the highest on."""
    members = Counter(values)
    line = [Tie(value, members[value]) for value in values]
    return ranks(ties, line, 0, Before(0, 0, 0)) if line else []
