"""Prices and caps (rulebook, section 5): values in, points out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from community.programmes.book import Bonus, Book, Cap, Condition, ContributionType, Cycle, condition_fields
from community.programmes.conditions import holds
from community.programmes.windows import cap_period

PLACES = 1000
"""Fields and `times` have at most three places, so both are exact in whole thousandths."""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A line of the receipt: the base, a bonus (`points`) or a factor (`times`), and its place in the book."""

    path: str
    points: int | None = None
    times: Decimal | None = None


class Claim(NamedTuple):
    """An approved contribution in line: its price before caps (an override in place of it), and who priced it."""

    type: str
    day: date
    price: int
    version: int
    past_caps: bool = False


class Books(Protocol):
    """What the caps need: the book of each version that priced something."""

    def book(self, version: int) -> Book: ...


def facts(fields: Mapping[str, Any], language: str | None, url: str | None) -> dict[str, Any]:
    """What conditions may name: the type's own fields, `language` and `has_url`."""
    return {**fields, "language": language, "has_url": bool(url)}


def price(kind: ContributionType, values: Mapping[str, Any]) -> int:
    """floor((base + bonuses that apply) × factors that apply), floor towards minus infinity."""
    total = kind.points.base
    times = 1
    scale = 1
    for bonus in kind.points.bonuses:
        total += _bonus(bonus, values)
    for factor in kind.points.factors:
        if holds(factor.when, values):
            times *= int(factor.times * PLACES)
            scale *= PLACES
    return total * times // scale


def receipt(kind: ContributionType, values: Mapping[str, Any]) -> Iterator[PriceLine]:
    """The lines that make up `price`, those that apply only."""
    yield PriceLine("points.base", points=kind.points.base)
    for index, bonus in enumerate(kind.points.bonuses):
        if given := _bonus(bonus, values):
            yield PriceLine(f"points.bonuses[{index}]", points=given)
    for index, factor in enumerate(kind.points.factors):
        if holds(factor.when, values):
            yield PriceLine(f"points.factors[{index}]", times=factor.times)


def _bonus(bonus: Bonus, values: Mapping[str, Any]) -> int:
    if bonus.when is not None:
        return bonus.points if holds(bonus.when, values) else 0
    if bonus.per is None or bonus.every is None:
        return 0
    thousandths = int(Decimal(str(values.get(bonus.per) or 0)) * PLACES)
    given = thousandths // (bonus.every * PLACES) * bonus.points
    if bonus.at_most is None:
        return given
    return min(given, bonus.at_most) if bonus.points >= 0 else max(given, -bonus.at_most)


def read_by_price(kind: ContributionType) -> frozenset[str]:
    """The names that the price of a type reads: own fields, `language`, `has_url`."""
    conditions: list[Condition] = [factor.when for factor in kind.points.factors]
    conditions += [bonus.when for bonus in kind.points.bonuses if bonus.when is not None]
    names = {name for condition in conditions for name in condition_fields(condition)}
    return frozenset(names | {bonus.per for bonus in kind.points.bonuses if bonus.per is not None})


def allot(line: Sequence[Claim], books: Books, bound: list[tuple[Cap, ...]] | None = None) -> list[int]:
    """The award of each of one member's approved contributions, which stand in line; caps by the version of each.

    What earlier ones got counts against a cap if it is of its types, whatever version priced them, so the caps of every
    version in the line look at the whole line. `bound` is given the caps that cut each: those that left it the least.
    """
    tills = [
        _Till(cap, version, books.book(version).programme.cycle)
        for version in sorted({claim.version for claim in line})
        for cap in books.book(version).caps
    ]
    if not tills:
        if bound is not None:
            bound += [()] * len(line)
        return [claim.price for claim in line]
    awards = []
    for claim in line:
        given = claim.price
        looking = [till for till in tills if till.looks_at(claim)]
        if not claim.past_caps:
            for till in looking:
                if till.version == claim.version:
                    given = min(given, till.lets_have(claim.price))
        if bound is not None:
            bound.append(tuple(till.cap for till in looking if given < claim.price and till.cuts(claim, given)))
        for till in looking:
            till.charge(given)
        awards.append(given)
    return awards


@dataclass(frozen=True, slots=True)
class Offer:
    """What one contribution gives in its place in line: its award, the caps that cut it, and how many points more or
    fewer the others of the member get because of it."""

    points: int
    caps: tuple[Cap, ...]
    others: int


def offer(line: Sequence[Claim], place: int, books: Books, *, before: int | None) -> Offer:
    """What the claim at `place` of the line gives; `before` is what the others had without it, None: not asked for."""
    caps: list[tuple[Cap, ...]] = []
    after = allot(line, books, caps)
    others = 0 if before is None else sum(after) - after[place] - before
    return Offer(after[place], caps[place], others)


class _Till:
    """One cap at work: what was taken from it, in the period of the claim last seen (the line goes by day)."""

    __slots__ = ("cap", "covers", "cycle", "last", "taken", "version")

    def __init__(self, cap: Cap, version: int, cycle: Cycle) -> None:
        self.cap = cap
        self.version = version
        self.cycle = cycle
        self.covers: dict[str, bool] = {}
        self.last = date.min
        self.taken = 0

    def looks_at(self, claim: Claim) -> bool:
        """Whether the cap is about the claim, whose day begins another period if it lies behind the present one."""
        covered = self.covers.get(claim.type)
        if covered is None:
            covered = self.covers[claim.type] = self.cap.covers(claim.type)
        if covered and claim.day > self.last:
            _first, self.last = cap_period(self.cap.per, claim.day, self.cycle)
            self.taken = 0
        return covered

    def lets_have(self, price: int) -> int:
        """At most this, of the price."""
        if self.cap.points is not None:
            return min(price, max(0, self.cap.points - self.taken))
        assert self.cap.contributions is not None
        return price if self.taken < self.cap.contributions else min(price, 0)

    def cuts(self, claim: Claim, given: int) -> bool:
        """Whether it is this cap that leaves the claim no more than it was given."""
        return self.version == claim.version and self.lets_have(claim.price) == given

    def charge(self, given: int) -> None:
        """Takes what a claim got that the cap is about."""
        self.taken += max(given, 0) if self.cap.points is not None else 1


_LINK = re.compile(r"(?i)https?://(?:www\.)?([^/?#]+)([^#]*)")


def host_of(url: str) -> str:
    """The host of a link in small letters, without `www.`; empty for what is no link."""
    found = _LINK.match(url.strip())
    return found[1].rpartition("@")[2].partition(":")[0].lower() if found else ""


def same_links(url: str) -> list[str]:
    """The ways in which a link is written that leads to the same page, itself among them."""
    found = _LINK.match(url)
    if found is None:
        return [url]
    host, path = found[1].lower(), found[2].rstrip("/")
    ways = [
        f"{scheme}://{www}{host}{path}{end}"
        for scheme in ("https", "http")
        for www in ("", "www.")
        for end in ("", "/")
    ]
    return list(dict.fromkeys([url, *ways]))
