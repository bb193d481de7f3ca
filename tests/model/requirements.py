"""Metrics and requirements with their reasons (rulebook, sections 3 and 4)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Any

from .points import Value, of_types
from .windows import Cycle, bounds, ends

Requirement = dict[str, Any]
Reason = dict[str, Any]
EXACT = Context(prec=200)


@dataclass(frozen=True)
class Credit:
    """A credited contribution with the points that it was awarded, or, without a type, an adjustment."""

    type: str | None
    day: date
    points: int
    reach: int
    fields: dict[str, Value]


@dataclass(frozen=True)
class Facts:
    """All that the requirements of one member read on one day. `since` is None without a tier."""

    day: date
    cycle: Cycle
    joined_on: date
    since: date | None
    credits: tuple[Credit, ...]


def value(leaf: Requirement, facts: Facts) -> int | Decimal:
    """The value of a leaf's metric for the member on the day."""
    if leaf["metric"] == "tenure":
        return max(0, (facts.day - facts.joined_on).days)
    if leaf["metric"] == "held":
        return max(0, (facts.day - facts.since).days) if facts.since else 0
    first, last = bounds(leaf.get("window", "lifetime"), facts.day, facts.cycle)
    counted = [
        each
        for each in facts.credits
        if of_types(leaf, each.type) and (first is None or first <= each.day) and each.day <= last
    ]
    contributions = [each for each in counted if each.type is not None]
    match leaf["metric"]:
        case "points":
            return sum(each.points for each in counted)
        case "contributions":
            return len(contributions)
        case "distinct_types":
            return len({each.type for each in contributions})
        case "reach":
            return sum(each.reach for each in contributions)
        case "active_days":
            return len({each.day for each in contributions})
        case "active_months":
            return len({(each.day.year, each.day.month) for each in contributions})
        case "best_month":
            return _best_month(counted)
        case "field":
            return sum((_number(each.fields.get(leaf["field"])) for each in contributions), 0)
    raise AssertionError(leaf["metric"])


def _best_month(counted: list[Credit]) -> int:
    months: dict[tuple[int, int], int] = defaultdict(int)
    for each in counted:
        months[each.day.year, each.day.month] += each.points
    return max([0, *months.values()])


def _number(value: Value | None) -> int | Decimal:
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else 0


def evaluate(requirement: Requirement, facts: Facts, path: str) -> tuple[bool, list[Reason]]:
    """Whether the requirement holds, and a reason for each leaf in the order of the file; `path` is where it stands."""
    for word in ("all", "any", "none", "at_least"):
        if word in requirement:
            parts = requirement[word]["of"] if word == "at_least" else requirement[word]
            inner = f"{path}.at_least.of" if word == "at_least" else f"{path}.{word}"
            found = [evaluate(part, facts, f"{inner}[{index}]") for index, part in enumerate(parts)]
            count = sum(met for met, _ in found)
            verdicts = {"all": count == len(parts), "any": count >= 1, "none": count == 0}
            met = count >= requirement[word]["count"] if word == "at_least" else verdicts[word]
            return met, [reason for _, reasons in found for reason in reasons]
    reason = _reason(requirement, facts, path)
    return reason["met"], [reason]


def _reason(leaf: Requirement, facts: Facts, path: str) -> Reason:
    actual = value(leaf, facts)
    window = None if leaf["metric"] in ("tenure", "held") else leaf.get("window", "lifetime")
    first, last = bounds(window or "lifetime", facts.day, facts.cycle)
    within = leaf.get("min", actual) <= actual <= leaf.get("max", actual)
    return {
        "path": path,
        "metric": leaf["metric"],
        "types": leaf.get("types"),
        "window": window,
        "from": first,
        "to": last,
        "ends": ends(window or "lifetime", facts.day, facts.cycle),
        "actual": actual,
        "min": leaf.get("min"),
        "max": leaf.get("max"),
        "met": within,
    }


def keep_of(tier: dict[str, Any]) -> Requirement | None:
    """What keeps a tier: its own requirement, its gain or a share of it; None for one that is kept until taken."""
    keep = tier.get("keep")
    if keep is not None and "share" not in keep:
        own: Requirement = keep
        return own
    if "gain" not in tier:
        return None
    return derive_keep(tier["gain"], Decimal(keep["share"]) if keep else Decimal(1))


def derive_keep(gain: Requirement, share: Decimal) -> Requirement:
    """The gain with each `min` above 0 times the share, save inside a `none`; its `held` count as met."""
    if "none" in gain:
        return gain
    for word in ("all", "any"):
        if word in gain:
            return {word: [derive_keep(part, share) for part in gain[word]]}
    if "at_least" in gain:
        parts = [derive_keep(part, share) for part in gain["at_least"]["of"]]
        return {"at_least": {"count": gain["at_least"]["count"], "of": parts}}
    if gain["metric"] == "held":
        return {**gain, "min": 0}
    if gain.get("min", 0) <= 0:
        return gain
    return {**gain, "min": EXACT.multiply(Decimal(gain["min"]), share)}
