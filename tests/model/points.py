"""Prices, caps and awards (rulebook, section 5), reckoned exactly and from the first contribution on each time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .windows import period

Book = dict[str, Any]
Value = int | Decimal | str | bool | date


@dataclass
class Contribution:
    """One contribution as it is recorded now. `arrival` is its place among those of the programme."""

    id: str
    member: str
    type: str
    day: date
    fields: dict[str, Value]
    language: str | None = None
    has_url: bool = False
    title: str = "A title"
    arrival: int = 0
    state: str = "submitted"
    version: int | None = None
    override: tuple[int, bool] | None = None
    """Points in place of the price, and whether they go past the caps."""
    causes: list[str] = field(default_factory=list)

    def values(self) -> dict[str, Value]:
        """What a price may read: the fields that are there, `language` if there, and `has_url`."""
        language: dict[str, Value] = {"language": self.language} if self.language is not None else {}
        return {**self.fields, **language, "has_url": self.has_url}

    def content(self) -> tuple[Any, ...]:
        """What a row of a file says: equal contents are an unchanged row."""
        return (self.member, self.type, self.day, self.fields, self.language, self.has_url, self.title)


def type_of(book: Book, key: str) -> dict[str, Any] | None:
    """The contribution type of that key, None where the book lacks it."""
    return next((each for each in book["contribution_types"] if each["key"] == key), None)


def of_types(limits: dict[str, Any], type_: str | None) -> bool:
    """Whether the `types` or `except` of a leaf, a cap or a board takes the type; None is that of an adjustment."""
    if "types" in limits:
        return type_ in limits["types"]
    return type_ not in limits.get("except", [])


def holds(condition: dict[str, Any], values: dict[str, Value]) -> bool:
    """Whether a condition is true; on a missing field it is false."""
    if "all" in condition:
        return all(holds(each, values) for each in condition["all"])
    if "any" in condition:
        return any(holds(each, values) for each in condition["any"])
    if "none" in condition:
        return not any(holds(each, values) for each in condition["none"])
    if condition["field"] not in values:
        return False
    value: Any = values[condition["field"]]
    if isinstance(value, date):
        value = value.isoformat()
    if "is" in condition:
        return bool(value == condition["is"])
    if "in" in condition:
        return value in condition["in"]
    return bool(condition.get("min", value) <= value <= condition.get("max", value))


def reads(condition: dict[str, Any]) -> set[str]:
    """The fields that a condition names."""
    parts = [each for word in ("all", "any", "none") for each in condition.get(word, [])]
    return {condition["field"]} if "field" in condition else set().union(*(reads(each) for each in parts))


def price_reads(type_: dict[str, Any]) -> set[str]:
    """The fields, `language` and `has_url` among them, that the price of a type reads."""
    rule = type_.get("points", {})
    conditions = [each["when"] for each in [*rule.get("bonuses", []), *rule.get("factors", [])] if "when" in each]
    units = {bonus["per"] for bonus in rule.get("bonuses", []) if "per" in bonus}
    return units.union(*(reads(each) for each in conditions))


def price(type_: dict[str, Any], values: dict[str, Value]) -> int:
    """floor((base + bonuses) × factors), floor towards minus infinity."""
    rule = type_.get("points", {})
    total = Fraction(rule.get("base", 0))
    for bonus in rule.get("bonuses", []):
        total += _per(bonus, values) if "per" in bonus else bonus["points"] if holds(bonus["when"], values) else 0
    for factor in rule.get("factors", []):
        if holds(factor["when"], values):
            total *= Fraction(factor["times"])
    return math.floor(total)


def _per(bonus: dict[str, Any], values: dict[str, Value]) -> int:
    value = values.get(bonus["per"], 0)
    assert isinstance(value, int | Decimal)
    points: int = math.floor(Fraction(value) / bonus.get("every", 1)) * bonus["points"]
    most: int = bonus.get("at_most", abs(points))
    return max(points, -most) if bonus["points"] < 0 else min(points, most)


def awards(versions: dict[int, Book], approved: Iterable[Contribution]) -> dict[str, int]:
    """The points of each approved contribution of ONE member, by its id: prices or overrides, cut by the caps."""
    line = sorted(approved, key=lambda each: (each.day, each.arrival))
    got: dict[str, int] = {}
    for place, contribution in enumerate(line):
        got[contribution.id] = _award(versions, contribution, line[:place], got)
    return got


def _award(versions: dict[int, Book], mine: Contribution, earlier: list[Contribution], got: dict[str, int]) -> int:
    assert mine.version is not None
    book = versions[mine.version]
    type_ = type_of(book, mine.type)
    assert type_ is not None
    worth, past_caps = mine.override or (price(type_, mine.values()), False)
    if past_caps:
        return worth
    results = [worth]
    for cap in book.get("caps", []):
        if of_types(cap, mine.type):
            first, last = period(cap["per"], mine.day, book["programme"].get("cycle", {}))
            charged = [each for each in earlier if first <= each.day <= last and of_types(cap, each.type)]
            results.append(_capped(cap, worth, [got[each.id] for each in charged]))
    return min(results)


def _capped(cap: dict[str, Any], worth: int, earlier_points: list[int]) -> int:
    if "contributions" in cap:
        return worth if len(earlier_points) < cap["contributions"] else min(worth, 0)
    left: int = cap["points"] - sum(points for points in earlier_points if points > 0)
    return min(worth, max(0, left))
