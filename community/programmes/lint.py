"""What is suspicious in a valid book: warnings, never errors (rulebook, section 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from community.programmes.book import All, AtLeast, Book, Either, KeepShare, Leaf, Neither, Requirement, Tier, walk
from community.programmes.ceilings import Ceilings, highest_price, lowest_price
from community.programmes.document import Path
from community.programmes.windows import parse_window

_COUNTS_POINTS: Final = ("points", "best_month")
Measured = tuple[str, frozenset[str] | None, frozenset[str] | None, str, str | None]
"""What a leaf measures: metric, types, except, window, field."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A place of the book and why it is suspicious."""

    path: Path
    text: str


def lint(book: Book) -> list[Suspicion]:
    """Everything suspicious, in the order of the file."""
    return [
        *_useless_types(book),
        *_shrinking(book),
        *_out_of_reach(book),
        *_hard_keeps(book),
        *_all_gates(book),
    ]


def measured(leaf: Leaf) -> Measured:
    """What two leaves must have in common for their bounds to be compared."""
    types = None if leaf.types is None else frozenset(leaf.types)
    excepted = None if leaf.except_ is None else frozenset(leaf.except_)
    return leaf.metric, types, excepted, leaf.window, leaf.field


def asks(requirement: Requirement | None) -> dict[Measured, Leaf]:
    """The leaves that must all hold: the requirement itself, or those of an `all`; the hardest of each measure."""
    found: dict[Measured, Leaf] = {}
    if isinstance(requirement, Leaf):
        found[measured(requirement)] = requirement
    elif isinstance(requirement, All):
        for one in requirement.all:
            for key, leaf in asks(one).items():
                if key not in found or _least(leaf) > _least(found[key]):
                    found[key] = leaf
    return found


def _least(leaf: Leaf) -> Decimal:
    return Decimal("-Infinity") if leaf.min is None else leaf.min


def _useless_types(book: Book) -> Iterator[Suspicion]:
    leaves = [leaf for tier in book.tiers for side in (tier.gain, tier.own_keep) if side for _, leaf, _ in walk(side)]
    for index, one in enumerate(book.contribution_types):
        if highest_price(one) == 0 == lowest_price(one) and not any(_counts(leaf, one.key) for leaf in leaves):
            text = f"the type `{one.key}` gives no points and appears in no requirement"
            yield Suspicion(("contribution_types", index), text)


def _counts(leaf: Leaf, key: str) -> bool:
    """Whether the leaf names the type, or counts its contributions by something else than points."""
    if leaf.types is not None:
        return key in leaf.types
    return leaf.metric not in (*_COUNTS_POINTS, "tenure", "held") and leaf.covers(key)


def _shrinking(book: Book) -> Iterator[Suspicion]:
    for (_, lower), (index, higher) in combinations(enumerate(book.tiers), 2):
        below, above = asks(lower.gain), asks(higher.gain)
        shared = [key for key in above if key in below and above[key].min is not None and below[key].min is not None]
        for key in shared:
            if _least(above[key]) < _least(below[key]):
                text = (
                    f"`{higher.key}` asks for {above[key].min} {key[0]}, less than the lower `{lower.key}` with "
                    f"{below[key].min}: thresholds should grow with them"
                )
                yield Suspicion(("tiers", index, "gain"), text)
        if higher.gain is not None and higher.gain == lower.gain:
            text = f"`{higher.key}` asks for no more than the lower `{lower.key}`: thresholds should grow with them"
            yield Suspicion(("tiers", index, "gain"), text)


def _out_of_reach(book: Book) -> Iterator[Suspicion]:
    ceilings = Ceilings(book)
    for index, tier in enumerate(book.tiers):
        for name, side in (("gain", tier.gain), ("keep", tier.own_keep)):
            if side is not None and not _reachable(side, ceilings):
                text = f"nobody could reach `{tier.key}` by contributions: the caps are below what it asks for"
                yield Suspicion(("tiers", index, name), text)


def _reachable(requirement: Requirement, ceilings: Ceilings) -> bool:
    if isinstance(requirement, All):
        return all(_reachable(one, ceilings) for one in requirement.all)
    if isinstance(requirement, Either):
        return any(_reachable(one, ceilings) for one in requirement.any)
    if isinstance(requirement, AtLeast):
        counted = requirement.at_least
        return sum(_reachable(one, ceilings) for one in counted.of) >= counted.count
    if isinstance(requirement, Neither):
        return True
    if requirement.metric not in _COUNTS_POINTS or requirement.min is None or requirement.min <= 0:
        return True
    most = ceilings.most_points(requirement)
    return most is None or most >= requirement.min


def _hard_keeps(book: Book) -> Iterator[Suspicion]:
    for index, tier in enumerate(book.tiers):
        if tier.gain is None or tier.keep is None or isinstance(tier.keep, KeepShare):
            continue
        if any(_harder(kept, gained) for kept in asks(tier.keep).values() for gained in asks(tier.gain).values()):
            text = f"the `keep` of `{tier.key}` is harder than its `gain`; it must hold to gain the tier, too"
            yield Suspicion(("tiers", index, "keep"), text)


def _harder(kept: Leaf, gained: Leaf) -> bool:
    """The same measure with tighter bounds, or as much within fewer days."""
    if measured(kept) == measured(gained):
        return _tighter(kept, gained)
    same_but_window = measured(kept.model_copy(update={"window": gained.window})) == measured(gained)
    wants = kept.min is not None and gained.min is not None and 0 < gained.min <= kept.min
    return same_but_window and wants and _narrower(kept.window, gained.window)


def _tighter(kept: Leaf, gained: Leaf) -> bool:
    least = kept.min is not None and kept.min > 0 and (gained.min is None or kept.min > gained.min)
    most = kept.max is not None and (gained.max is None or kept.max < gained.max)
    return least or most


def _narrower(one: str, other: str) -> bool:
    """Whether a rolling window is shorter than another of its unit, or than all time."""
    first, second = parse_window(one), parse_window(other)
    if second.unit == "lifetime":
        return first.unit != "lifetime"
    return first.unit == second.unit in ("days", "months") and first.count < second.count


def _all_gates(book: Book) -> Iterator[Suspicion]:
    if book.tiers and all(_is_gate(tier) for tier in book.tiers):
        yield Suspicion(("tiers",), "no tier has `promotion: automatic`: nobody rises without a manager")


def _is_gate(tier: Tier) -> bool:
    return tier.promotion == "manual"
