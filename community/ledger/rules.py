"""What is posted: values only."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Posting(NamedTuple):
    """An entry before it has its number. Deltas of points, balance, contributions and reach; see `models.Entry`."""

    member_id: int
    kind: str
    effective_on: date
    type: str | None
    points: int
    balance: int
    contributions: int
    reach: int
    cause: str
    reverses: int | None
    version: int


def award(member_id: int, day: date, type_key: str, points: int, reach: int, cause: str, version: int) -> Posting:
    """The posting of a credited contribution."""
    return Posting(member_id, "award", day, type_key, points, points, 1, reach, cause, None, version)


def reversal(
    number: int,
    member_id: int,
    day: date,
    type_key: str | None,
    points: int,
    contributions: int,
    reach: int,
    version: int,
    balance: int,
) -> Posting:
    """The posting that takes entry `number` back: same day, type and version, measures with opposite signs."""
    return Posting(
        member_id,
        "reversal",
        day,
        type_key,
        -points,
        -balance,
        -contributions,
        -reach,
        f"reversal:{number}",
        number,
        version,
    )
