"""Random small books, and next versions of them, as hypothesis draws them: plain mappings, always valid by the page.

Fields of one key are of one kind everywhere, thresholds are small so that they are often just met or just missed, and a
type keeps its fields from version to version (`Shapes`), so that an edit of an old contribution is always a good one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from .points import Book

Draw = Callable[..., Any]
Shapes = dict[str, list[str]]
"""The keys of the fields of each type that a story may have."""

TYPES = ["talk", "post", "code", "answer"]
TIERS = ["first", "second", "third", "fourth", "fifth"]
FIELDS: dict[str, dict[str, Any]] = {
    "size": {"type": "integer"},
    "hours": {"type": "decimal"},
    "kind": {"type": "choice", "choices": ["x", "y", "z"]},
    "fresh": {"type": "boolean"},
    "held_on": {"type": "date"},
    "note": {"type": "text"},
}
NUMERIC = {"size", "hours"}
PERIODS = ["day", "week", "month", "quarter", "year", "cycle", "lifetime"]
WINDOWS = [
    *("lifetime", "7d", "30d", "90d", "365d", "1mo", "2mo", "12mo", "month", "quarter", "year", "cycle"),
    *("last_month", "last_quarter", "last_year", "last_cycle"),
]
CYCLES = [{}, {"starts": "07-01"}, {"starts": "02-28", "months": 3}, {"starts": "03-15", "months": 1}, {"months": 6}]
THRESHOLDS: dict[str, Sequence[Any]] = {
    "points": [1, 4, 8, 10, 15, 20, 30, Decimal("7.5"), 0, -2],
    "contributions": [1, 1, 2, 3, 4],
    "distinct_types": [1, 2, 2, 3],
    "reach": [1, 5, 10, 20],
    "active_days": [1, 2, 3, 4],
    "active_months": [1, 2, 3],
    "best_month": [1, 5, 10, 16],
    "field": [1, 2, 4, Decimal("0.5"), Decimal("2.125")],
    "tenure": [0, 30, 90, 180, 400],
    "held": [1, 5, 30, 60],
}
METRICS = ["points"] * 5 + ["contributions"] * 3 + list(THRESHOLDS)


def yaml_text(book: Book) -> str:
    """The book as a file: JSON is YAML, and decimals of few places are written as they are."""
    return json.dumps(book, indent=1, default=float)


@st.composite
def shapes(draw: Draw) -> Shapes:
    """Which fields each type has."""
    return {key: draw(st.lists(st.sampled_from(sorted(FIELDS)), unique=True, max_size=3)) for key in TYPES}


@st.composite
def books(draw: Draw, of: Shapes, slug: str = "aces", timezone: str = "UTC") -> Book:
    """A first version."""
    book: Book = {
        "format": 1,
        "programme": {"slug": slug, "name": "Aces", "timezone": timezone, "locale": "en"},
        "contribution_types": [draw(types(key, of[key])) for key in draw(_some(TYPES[:3], least=2))],
    }
    if cycle := draw(st.sampled_from(CYCLES)):
        book["programme"]["cycle"] = cycle
    if draw(st.booleans()):
        book["programme"]["ladder"] = draw(st.sampled_from(["highest", "stepwise"]))
    book["caps"] = [draw(caps(book)) for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3])))]
    book["tiers"] = [draw(tiers(key, book)) for key in TIERS[: draw(st.sampled_from([0, 1, 2, 2, 3, 3, 4]))]]
    book["leaderboards"] = [draw(boards(f"board-{number}", book)) for number in range(draw(st.integers(0, 2)))]
    return book


@st.composite
def next_books(draw: Draw, before: Book, of: Shapes) -> Book:
    """A later version: one to three changes, and whatever named a dropped type drawn anew."""
    book = copy.deepcopy(before)
    changes = [
        _change_type,
        _drop_type,
        _add_type,
        _change_caps,
        _change_tier,
        _drop_tier,
        _add_tier,
        _change_programme,
    ]
    weights = [0, 1, 2, 3, 4, 4, 4, 5, 6, 7]
    for number in draw(st.lists(st.sampled_from(weights), min_size=1, max_size=3)):
        changes[number](draw, book, of)
    keys = [each["key"] for each in book["contribution_types"]]
    book["caps"] = [draw(caps(book)) if _lost(each, keys) else each for each in book["caps"]]
    book["tiers"] = [draw(tiers(each["key"], book)) if _lost(each, keys) else each for each in book["tiers"]]
    book["leaderboards"] = [
        draw(boards(each["key"], book)) if _lost(each, keys) else each for each in book["leaderboards"]
    ]
    return book


def _change_type(draw: Draw, book: Book, of: Shapes) -> None:
    place = draw(st.integers(0, len(book["contribution_types"]) - 1))
    key = book["contribution_types"][place]["key"]
    book["contribution_types"][place] = draw(types(key, of[key]))


def _drop_type(draw: Draw, book: Book, of: Shapes) -> None:
    if len(book["contribution_types"]) > 1:
        del book["contribution_types"][draw(st.integers(0, len(book["contribution_types"]) - 1))]


def _add_type(draw: Draw, book: Book, of: Shapes) -> None:
    there = {each["key"] for each in book["contribution_types"]}
    if missing := [key for key in TYPES if key not in there]:
        key = draw(st.sampled_from(missing))
        book["contribution_types"].append(draw(types(key, of[key])))


def _change_caps(draw: Draw, book: Book, of: Shapes) -> None:
    book["caps"] = [draw(caps(book)) for _ in range(draw(st.integers(0, 2)))]


def _change_tier(draw: Draw, book: Book, of: Shapes) -> None:
    if book["tiers"]:
        place = draw(st.integers(0, len(book["tiers"]) - 1))
        book["tiers"][place] = draw(tiers(book["tiers"][place]["key"], book))


def _drop_tier(draw: Draw, book: Book, of: Shapes) -> None:
    if book["tiers"]:
        del book["tiers"][draw(st.integers(0, len(book["tiers"]) - 1))]


def _add_tier(draw: Draw, book: Book, of: Shapes) -> None:
    there = {each["key"] for each in book["tiers"]}
    if missing := [key for key in TIERS if key not in there]:
        place = draw(st.integers(0, len(book["tiers"])))
        book["tiers"].insert(place, draw(tiers(draw(st.sampled_from(missing)), book)))


def _change_programme(draw: Draw, book: Book, of: Shapes) -> None:
    book["programme"]["ladder"] = draw(st.sampled_from(["highest", "stepwise"]))
    book["programme"]["cycle"] = draw(st.sampled_from(CYCLES[1:]))


def _lost(part: Any, keys: list[str]) -> bool:
    """Whether something in it names a type, or sums a field, that may not be there any more."""
    if isinstance(part, dict):
        named = [*part.get("types", []), *part.get("except", [])]
        gone = part.get("metric") == "field" or any(key not in keys for key in named)
        nothing_left = "except" in part and set(keys) <= set(part["except"])
        return gone or nothing_left or any(_lost(each, keys) for each in part.values())
    return isinstance(part, list) and any(_lost(each, keys) for each in part)


@st.composite
def types(draw: Draw, key: str, fields: list[str]) -> dict[str, Any]:
    """A contribution type with a price."""
    rule: dict[str, Any] = {"base": draw(st.sampled_from([5, 5, 3, 8, 10, 1, 0, -4]))}
    bonuses = [draw(_bonuses(fields)) for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2])))]
    factors = [
        {"when": draw(_conditions(fields)), "times": draw(st.sampled_from([0, 2, Decimal("0.5"), Decimal("1.333")]))}
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))
    ]
    rule |= ({"bonuses": bonuses} if bonuses else {}) | ({"factors": factors} if factors else {})
    reach = draw(st.booleans())
    kept = [{"key": each, "name": each, **FIELDS[each]} for each in fields]
    return {
        "key": key,
        "name": key.title(),
        "review": draw(st.sampled_from(["manual", "manual", "automatic"])),
        "fields": [{**each, "reach": True} if each["key"] == "size" and reach else each for each in kept],
        "points": rule,
    }


@st.composite
def _bonuses(draw: Draw, fields: list[str]) -> dict[str, Any]:
    points = draw(st.sampled_from([1, 2, 3, 7, -2]))
    numeric = sorted(NUMERIC.intersection(fields))
    if not numeric or draw(st.booleans()):
        return {"when": draw(_conditions(fields)), "points": points}
    bonus = {"per": draw(st.sampled_from(numeric)), "every": draw(st.integers(1, 4)), "points": points}
    return {**bonus, **draw(st.sampled_from([{}, {"at_most": 4}, {"at_most": 0}, {"at_most": 9}]))}


@st.composite
def _conditions(draw: Draw, fields: list[str], depth: int = 2) -> dict[str, Any]:
    if depth and draw(st.integers(0, 3)) == 0:
        word = draw(st.sampled_from(["all", "any", "none"]))
        return {word: draw(st.lists(_conditions(fields, depth - 1), min_size=1, max_size=2))}
    field: str = draw(st.sampled_from([*fields, "language", "has_url"]))
    tests: dict[str, list[dict[str, Any]]] = {
        "size": [{"min": 3}, {"max": 4}, {"min": 2, "max": 6}, {"is": 5}],
        "hours": [{"min": Decimal("0.5")}, {"max": 2}, {"min": 1, "max": Decimal("1.25")}],
        "kind": [{"is": "x"}, {"in": ["x", "y"]}, {"in": ["z"]}],
        "fresh": [{"is": True}, {"is": False}],
        "held_on": [{"min": "2024-02-29"}, {"max": "2024-06-30"}],
        "note": [{"is": "a note"}, {"in": ["a note", "b"]}],
        "language": [{"is": "fr"}, {"in": ["en", "fr"]}],
        "has_url": [{"is": True}, {"is": False}],
    }
    return {"field": field, **draw(st.sampled_from(tests[field]))}


@st.composite
def caps(draw: Draw, book: Book) -> dict[str, Any]:
    """A cap of either kind."""
    limit = draw(st.sampled_from([{"points": 0}, {"points": 6}, {"points": 12}, {"points": 20}, {"points": 9}]))
    if draw(st.booleans()):
        limit = {"contributions": draw(st.integers(0, 3))}
    return {**limit, "per": draw(st.sampled_from(PERIODS)), **draw(_limits(book))}


@st.composite
def boards(draw: Draw, key: str, book: Book) -> dict[str, Any]:
    """A leaderboard that everybody may stand on."""
    metrics = ["points", "contributions", "distinct_types", "reach", "active_days", "active_months"]
    ties = draw(st.sampled_from(["competition", "dense", "ordinal"]))
    rest = {"metric": draw(st.sampled_from(metrics)), "window": draw(st.sampled_from(WINDOWS)), "ties": ties}
    return {"key": key, "name": key, **rest, **draw(_limits(book))}


@st.composite
def tiers(draw: Draw, key: str, book: Book) -> dict[str, Any]:
    """A tier of any kind: gate or not, gain left out, keep left out, a share or its own."""
    tier: dict[str, Any] = {"key": key, "name": key.title()}
    tier |= draw(st.sampled_from([{}, {"promotion": "automatic"}, {"promotion": "manual"}]))
    if tier.get("promotion") != "manual" or draw(st.integers(0, 4)):
        tier["gain"] = draw(st.one_of(requirements(book), _usual_gains()))
    keep = draw(st.sampled_from(["left out", "left out", "share", "own"]))
    if keep == "own":
        tier["keep"] = draw(requirements(book, in_gain=False))
    if keep == "share" and "gain" in tier:
        tier["keep"] = {"share": draw(st.sampled_from([Decimal("0.9"), Decimal("0.5"), Decimal("0.333"), 1]))}
    tier |= draw(st.sampled_from([{}, {}, {"demotion": "cycle_end"}, {"demotion": "manual"}, {"demotion": "never"}]))
    tier |= draw(st.sampled_from([{}, {"grace_days": 20}, {"grace_days": 3}, {"grace_days": 60}]))
    return {**tier, **draw(st.sampled_from([{}, {}, {"minimum_stay_days": 14}, {"minimum_stay_days": 90}]))}


def _usual_gains() -> st.SearchStrategy[dict[str, Any]]:
    """What many programmes ask: so many points in some weeks or months, which are got and lost again."""
    windows = st.sampled_from(["30d", "90d", "month", "cycle", "2mo"])
    return st.fixed_dictionaries(
        {"metric": st.just("points"), "min": st.sampled_from([3, 5, 8, 12]), "window": windows}
    )


@st.composite
def requirements(draw: Draw, book: Book, in_gain: bool = True, depth: int = 2) -> dict[str, Any]:
    """A leaf or a combination; `held` only where it may stand."""
    if depth == 0 or draw(st.integers(0, 4)) > 1:
        return dict(draw(leaves(book, in_gain)))
    word = draw(st.sampled_from(["all", "any", "none", "at_least"]))
    inner = requirements(book, in_gain and word != "none", depth - 1)
    parts = draw(st.lists(inner, min_size=1, max_size=3))
    if word == "at_least":
        return {"at_least": {"count": draw(st.integers(1, len(parts))), "of": parts}}
    return {word: parts}


@st.composite
def leaves(draw: Draw, book: Book, held: bool = True) -> dict[str, Any]:
    """A leaf of any metric and window."""
    metric = draw(st.sampled_from([each for each in METRICS if held or each != "held"]))
    limits = draw(_limits(book))
    leaf: dict[str, Any] = {"metric": metric}
    if metric == "field":
        seen = [each for each in book["contribution_types"] if _sees(limits, each["key"])]
        fields = sorted({each["key"] for type_ in seen for each in type_["fields"] if each["key"] in NUMERIC})
        if not fields:
            return {"metric": "contributions", "min": 1}
        leaf["field"] = draw(st.sampled_from(fields))
    low = draw(st.sampled_from(THRESHOLDS[metric]))
    high = low + draw(st.sampled_from([0, 3, 20]))
    with_max = [{"max": high}, {"min": low, "max": high}] if metric != "held" else []
    leaf |= draw(st.sampled_from([{"min": low}] * 4 + with_max))
    if metric in ("tenure", "held"):
        return leaf
    window = draw(st.sampled_from([None, *WINDOWS, "30d", "90d", "month", "cycle"]))
    return {**leaf, **limits, **({"window": window} if window else {})}


def _sees(limits: dict[str, Any], key: str) -> bool:
    return key in limits["types"] if "types" in limits else key not in limits.get("except", [])


@st.composite
def _limits(draw: Draw, book: Book) -> dict[str, Any]:
    """Nothing, `types` or `except`; at least one type is always looked at."""
    keys = [each["key"] for each in book["contribution_types"]]
    word = draw(st.sampled_from(["", "", "types", "except"]))
    if word == "types":
        return {"types": draw(_some(keys))}
    if word == "except" and len(keys) > 1:
        return {"except": draw(_some(keys[1:]))}
    return {}


def _some(keys: list[str], least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(keys), unique=True, min_size=least)
