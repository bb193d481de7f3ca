"""Requirements, caps and prices in English words, for `plan`, `explain` and logs (rulebook, sections 3 to 5)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from community.programmes.book import AtLeast, Book, Cap, KeepShare, Leaf, Neither, Requirement, Tier, parts
from community.programmes.requirements import Selection
from community.programmes.windows import parse_window

_NOUNS: Final = {
    "points": ("point", "points"),
    "contributions": ("contribution", "contributions"),
    "distinct_types": ("different type", "different types"),
    "active_days": ("day with a contribution", "days with a contribution"),
    "active_months": ("month with a contribution", "months with a contribution"),
    "best_month": ("point in one calendar month", "points in one calendar month"),
}
_COMBINED: Final = {"all": "all of", "any": "any of", "none": "none of"}


def sentence(leaf: Leaf) -> str:
    """A leaf: `at least 3 contributions of type talk in the last 365 days`."""
    if leaf.metric == "tenure":
        return f"a member for {_bounds(leaf)} {_days(leaf)}"
    if leaf.metric == "held":
        return f"in the present tier for {_bounds(leaf)} {_days(leaf)}"
    if leaf.metric == "reach":
        counted = f"a reach of {_bounds(leaf)}"
    elif leaf.metric == "field":
        counted = f"a sum of {leaf.field} of {_bounds(leaf)}"
    else:
        one, many = _NOUNS[leaf.metric]
        counted = f"{_bounds(leaf)} {one if _last_bound(leaf) == 1 else many}"
    return " ".join(part for part in (counted, selection_words(leaf, leaf.metric), window_words(leaf.window)) if part)


def requirement_words(requirement: Requirement | None) -> str:
    """A requirement in one line: `all of (at least 200 points in the last 365 days; …)`."""
    if requirement is None:
        return "no contributions: it is given by hand"
    if isinstance(requirement, Leaf):
        return sentence(requirement)
    name, inner = parts(requirement)
    count = "" if name in _COMBINED else f"at least {_count(requirement)} of"
    joined = "; ".join(requirement_words(one) for one in inner)
    if len(inner) == 1 and not isinstance(requirement, Neither):
        return joined
    return f"{_COMBINED.get(name, count)} ({joined})"


def keep_words(tier: Tier) -> str:
    """What keeps a tier."""
    if isinstance(tier.keep, KeepShare):
        return f"{number_words(tier.keep.share * 100)} % of what it takes to gain it"
    if tier.keep is None:
        return "what it takes to gain it" if tier.gain is not None else "itself, until it is taken"
    return requirement_words(tier.keep)


def cap_words(cap: Cap) -> str:
    """A cap: `at most 50 points a month from contributions of type answer`."""
    per = "in a lifetime" if cap.per == "lifetime" else f"a {cap.per}"
    if cap.points is not None:
        return " ".join(part for part in (f"at most {cap.points} points {per}", selection_words(cap, "points")) if part)
    counted = f"points for at most {cap.contributions} contributions {per}"
    return " ".join(part for part in (counted, selection_words(cap, "contributions")) if part)


def window_words(window: str) -> str:
    """`in the last 365 days`; empty for all time."""
    parsed = parse_window(window)
    if parsed.unit == "lifetime":
        return ""
    if parsed.unit in ("days", "months"):
        return f"in the last {parsed.count} {parsed.unit if parsed.count > 1 else parsed.unit[:-1]}"
    unit = "programme cycle" if parsed.unit == "cycle" else f"calendar {parsed.unit}"
    return f"in the {unit} before" if parsed.previous else f"in this {unit}"


def selection_words(selection: Selection, metric: str) -> str:
    """`of type talk`, `of types a or b`, `of any type but c`; empty for all."""
    if selection.types is None and selection.except_ is None:
        return ""
    of = "of" if metric in ("contributions", "active_days", "active_months") else "from contributions of"
    if metric == "distinct_types":
        of = "out of" if selection.types is not None else "of"
    if selection.types is not None:
        return f"{of} type{'s' if len(selection.types) > 1 else ''} {either(selection.types)}"
    return f"{of} any type but {either(selection.except_ or ())}"


def either(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def number_words(number: Decimal | int) -> str:
    """`200`, `2.7`: no trailing zeros, no exponent."""
    plain = format(Decimal(number), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def ladder_words(book: Book) -> list[str]:
    """One line a tier, lowest first: what gains it and what keeps it."""
    return [f"{tier.key}: {requirement_words(tier.gain)}; kept by {keep_words(tier)}" for tier in book.tiers]


def _bounds(leaf: Leaf) -> str:
    if leaf.min is None:
        return f"at most {number_words(leaf.max or 0)}"
    if leaf.max is None:
        return f"at least {number_words(leaf.min)}"
    return f"{number_words(leaf.min)} to {number_words(leaf.max)}"


def _last_bound(leaf: Leaf) -> Decimal | None:
    return leaf.min if leaf.max is None else leaf.max


def _days(leaf: Leaf) -> str:
    return "day" if _last_bound(leaf) == 1 else "days"


def _count(requirement: Requirement) -> int:
    return requirement.at_least.count if isinstance(requirement, AtLeast) else 0
