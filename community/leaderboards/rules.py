"""Boards as values: what is shown of a place, what a board measures, and ranks (rulebook, section 6, Boards)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from community.programmes.book import Board, Book, Cycle
from community.programmes.windows import MONTHS_OF, bounds, cap_period, parse_window, plus_days
from community.standings.rules.measures import Measure

BUCKET: Final = 512
LEVELS: Final = 2
LEVEL_APART: Final = 1 << 60
"""More buckets than any level has; values stay below 10^18."""

Number = Any
"""A whole number, or an SQL expression of one: the keys of the tally are reckoned by one definition on both sides."""


class Row(NamedTuple):
    """A place on a board; `contributions` are the credited ones in the board's window and types."""

    rank: int
    handle: str
    name: str
    country: str | None
    tier: str | None
    value: int
    contributions: int


class Due(NamedTuple):
    """A board that is to be frozen as of the last day of a period, which is over."""

    board: str
    first: date
    last: date


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


def counters(value: Number) -> tuple[Number, ...]:
    """The keys of the tally under which a member with this value (above 0) is counted: a number, or a column in SQL.

    The value itself, and keys below 0 for the buckets of 512 and 512² values in which it lies: so a rank is a sum over
    some hundred rows, however many distinct values a board has.
    """
    return (value, *(_key(level, value // BUCKET**level) for level in range(1, LEVELS + 1)))


def higher(value: Number) -> list[tuple[Number, Number]]:
    """The ranges (first key, last key) of the tally that together count every member with a higher value, once."""
    found: list[tuple[Number, Number]] = []
    for level in range(LEVELS + 1):
        first = value // BUCKET**level + 1
        last = LEVEL_APART - 1 if level == LEVELS else (value // BUCKET ** (level + 1) + 1) * BUCKET - 1
        found.append((first, last) if level == 0 else (_key(level, last), _key(level, first)))
    return found


def _key(level: int, bucket: Number) -> Number:
    return -(bucket + level * LEVEL_APART)


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


def period_unit(board: Board) -> str:
    """The period at whose end a board is frozen: that of a calendar window, else the month."""
    unit = parse_window(board.window).unit
    return unit if unit in (*MONTHS_OF, "cycle") else "month"


def periods(board: Board, cycle: Cycle, since: date, until: date) -> Iterator[Due]:
    """The periods of a board that ended from `since` to `until`, in order."""
    unit, day = period_unit(board), since
    while day <= until:
        first, last = cap_period(unit, day, cycle)
        if last > until:
            return
        yield Due(board.key, first, last)
        if last == date.max:
            return
        day = plus_days(last, 1)


def frozen_alike(one: Book, other: Book, key: str) -> bool:
    """Whether both books have the board, and freeze it at the end of the same periods."""
    units = [period_unit(board) for book in (one, other) for board in book.leaderboards if board.key == key]
    if len(units) != 2 or units[0] != units[1]:
        return False
    return units[0] != "cycle" or one.programme.cycle == other.programme.cycle
