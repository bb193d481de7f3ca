"""What the presets give for the contributions of published examples; whole ways through the engine run these.

Sources as in the head of each preset. A vector that starts with a tier held is one about keeping it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

YEAR_END = date(2026, 12, 31)
LONG_AGO = date(2025, 1, 1)


@dataclass(frozen=True)
class Did:
    """One contribution, approved."""

    type: str
    occurred_on: date
    fields: dict[str, Any]


@dataclass(frozen=True)
class Vector:
    """These contributions of one member, evaluated once on `as_of`, give that.

    `held`: a tier that the member holds since `held_since` when the evaluation comes.
    """

    preset: str
    says: str
    did: tuple[Did, ...]
    as_of: date
    points: int
    tier: str | None
    held: str | None = None
    held_since: date = LONG_AGO
    at_risk: bool = False


def times(count: int, kind: str, last: date = YEAR_END, *, every_days: int = 1, **fields: Any) -> tuple[Did, ...]:
    """That many of one type, the last on `last`, one each `every_days` days before (0: all on one day)."""
    return tuple(Did(kind, last - timedelta(days=every_days * back), fields) for back in range(count))


def trust(days: int, replies: int, given: int, received: int) -> tuple[Did, ...]:
    """What a member of the forum did in the last hundred days."""
    return (
        *times(days, "visit"),
        *times(replies, "topic-replied"),
        *times(given, "like-given"),
        *times(received, "like-received"),
    )


LONG_REVIEWS = times(10, "review", characters=201)
LINKED = (
    Did("merge-request-created", date(2026, 5, 4), {}),
    Did("merge-request-merged", date(2026, 5, 6), {"linked_issue": True}),
    Did("commit-merged", date(2026, 5, 6), {}),
)
CHAMPION = (Did("activity", date(2026, 10, 5), {"amount": 501}),)

VECTORS = (
    Vector("local-guides", "10 long reviews are 200 points: level 3", LONG_REVIEWS, YEAR_END, 200, "level-3"),
    Vector(
        "local-guides",
        "and 10 photos are 250 points: level 4",
        (*LONG_REVIEWS, *times(10, "photo")),
        YEAR_END,
        250,
        "level-4",
    ),
    Vector(
        "local-guides",
        "a review of 200 characters is not longer than 200",
        times(1, "review", characters=200),
        YEAR_END,
        10,
        "level-1",
    ),
    Vector(
        "stack-exchange",
        "25 answers voted up and 2 accepted on one day are 230 points",
        (*times(25, "answer-upvote", every_days=0), *times(2, "answer-accepted", every_days=0)),
        YEAR_END,
        230,
        None,
    ),
    Vector(
        "stack-exchange",
        "501 suggested edits over a long time are 1 000 points",
        times(501, "suggested-edit"),
        YEAR_END,
        1_000,
        None,
    ),
    Vector("gitlab", "a linked merge request with a commit is 130 points: level 1", LINKED, YEAR_END, 130, "level-1"),
    Vector("gitlab", "four of them are 520 points: level 2", LINKED * 4, YEAR_END, 520, "level-2"),
    Vector("gitlab", "one event is 500 points: level 2", times(1, "event"), YEAR_END, 500, "level-2"),
    Vector("odoo-karma", "99 is the first rank", times(1, "karma", amount=99), YEAR_END, 99, "newbie"),
    Vector("odoo-karma", "100 is the second rank", times(1, "karma", amount=100), YEAR_END, 100, "student"),
    Vector(
        "gainsight-champion",
        "1 000 points with a best month of 499: not yet",
        (
            Did("activity", date(2026, 10, 5), {"amount": 499}),
            Did("activity", date(2026, 11, 5), {"amount": 499}),
            Did("activity", date(2026, 12, 5), {"amount": 2}),
        ),
        YEAR_END,
        1_000,
        None,
    ),
    Vector(
        "gainsight-champion",
        "1 000 points with a best month of 501",
        (*CHAMPION, Did("activity", date(2026, 11, 5), {"amount": 499})),
        YEAR_END,
        1_000,
        "champion",
    ),
    Vector(
        "cncf-ambassadors",
        "two of the five paths: yes",
        (*times(1, "speaking"), *times(1, "content")),
        YEAR_END,
        2,
        "ambassador",
    ),
    Vector("cncf-ambassadors", "one of the five paths: no", times(3, "speaking"), YEAR_END, 3, None),
    Vector(
        "cncf-ambassadors",
        "eleven months of leadership are no path",
        (*times(1, "community-leadership", months=11), *times(1, "content")),
        YEAR_END,
        2,
        None,
    ),
    Vector(
        "oracle-ace-2017-style",
        "10 presentations in the year are 200 points: kept",
        times(10, "presentation", every_days=30),
        YEAR_END,
        200,
        "ace",
        held="ace",
    ),
    Vector(
        "oracle-ace-2017-style",
        "9 presentations and a post are 185 points: not kept",
        (*times(9, "presentation", every_days=30), *times(1, "post")),
        YEAR_END,
        185,
        "ace",
        held="ace",
        at_risk=True,
    ),
    Vector("discourse-trust", "gained at 50, 10, 30, 20", trust(50, 10, 30, 20), YEAR_END, 0, "trust-level-3"),
    Vector("discourse-trust", "not gained at 49 days", trust(49, 10, 30, 20), YEAR_END, 0, None),
    Vector(
        "discourse-trust",
        "kept at 45, 9, 27, 18",
        trust(45, 9, 27, 18),
        YEAR_END,
        0,
        "trust-level-3",
        held="trust-level-3",
    ),
    Vector("discourse-trust", "lost at 44, 8, 26, 17", trust(44, 8, 26, 17), YEAR_END, 0, None, held="trust-level-3"),
    Vector(
        "discourse-trust",
        "not lost within 14 days of the promotion",
        trust(44, 8, 26, 17),
        YEAR_END,
        0,
        "trust-level-3",
        held="trust-level-3",
        held_since=YEAR_END - timedelta(days=13),
        at_risk=True,
    ),
)
