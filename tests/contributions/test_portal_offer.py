"""Which caps cut what, by the table of the rulebook (section 5), and what one more contribution would give."""

from __future__ import annotations

from datetime import date

from community.contributions.rules import Claim, allot, offer
from community.programmes.book import Book, Cap
from community.programmes.versions import Versions

BOOK = Book.model_validate(
    {
        "format": 1,
        "programme": {"slug": "aces", "name": "Aces", "timezone": "UTC", "locale": "en"},
        "contribution_types": [{"key": key, "name": key} for key in ("talk", "post", "spam")],
        "caps": [{"points": 50, "per": "month"}, {"contributions": 3, "per": "month", "types": ["post"]}],
    }
)
VERSIONS = Versions(1, {1: BOOK})
POINTS, COUNT = BOOK.caps

LINE = (
    # day, type, price, award, the caps that cut it
    (2, "talk", 40, 40, ()),
    (3, "post", 5, 5, ()),
    (3, "post", 8, 5, (POINTS,)),
    (4, "spam", -10, -10, ()),
    (9, "post", 5, 0, (POINTS,)),
    (10, "post", -2, -2, ()),
    (11, "post", 4, 0, (POINTS, COUNT)),
)


def claim(day: int, kind: str, price: int, *, past_caps: bool = False) -> Claim:
    """A claim of May."""
    return Claim(kind, date(2026, 5, day), price, 1, past_caps)


def test_the_caps_that_cut_are_told() -> None:
    bound: list[tuple[Cap, ...]] = []
    claims = [claim(day, kind, price) for day, kind, price, *_ in LINE]
    assert allot(claims, VERSIONS, bound) == [award for *_, award, _ in LINE] == allot(claims, VERSIONS)
    assert bound == [caps for *_, caps in LINE]


def test_past_caps_nothing_cuts_and_without_caps_neither() -> None:
    bound: list[tuple[Cap, ...]] = []
    assert allot([claim(2, "talk", 60, past_caps=True)], VERSIONS, bound) == [60]
    free = Versions(1, {1: BOOK.model_copy(update={"caps": ()})})
    assert allot([claim(2, "talk", 60)], free, bound) == [60]
    assert bound == [(), ()]


def test_one_more_may_take_from_later_ones() -> None:
    line = [claim(3, "talk", 30), claim(4, "talk", 20)]
    before = sum(allot(line, VERSIONS))
    given = offer([claim(2, "talk", 15), *line], 0, VERSIONS, before=before)
    assert (given.points, given.caps, given.others) == (15, (), -15)
    given = offer([*line, claim(5, "talk", 15)], 2, VERSIONS, before=before)
    assert (given.points, given.caps, given.others) == (0, (POINTS,), 0)
