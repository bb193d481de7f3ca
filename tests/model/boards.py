"""Ranking (rulebook, section 6, Boards): members by one metric of one window."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from .machine import Model
from .requirements import value


def rows(model: Model, board: dict[str, Any], day: date) -> list[tuple[int, str, int, int]]:
    """Rank, handle, value and credited contributions of everybody on the board, in the order of rank."""
    leaf: dict[str, Any] = {name: board[name] for name in ("types", "except", "window") if name in board}
    facts = {handle: model.facts(handle, day)(None) for handle in model.members if _stands(model, board, handle, day)}
    values = {handle: int(value({**leaf, "metric": board["metric"]}, facts[handle])) for handle in facts}
    ranks = rank({handle: worth for handle, worth in values.items() if worth > 0}, board.get("ties", "competition"))
    counts = {handle: int(value({**leaf, "metric": "contributions"}, facts[handle])) for handle in facts}
    return [(place, handle, values[handle], counts[handle]) for place, handle in ranks]


def rank(values: dict[str, int], ties: str) -> list[tuple[int, str]]:
    """Rank and handle by value, highest first, then by folded handle."""
    order = sorted(values, key=lambda handle: (-values[handle], fold(handle)))
    ranks = {
        "ordinal": {handle: place for place, handle in enumerate(order, 1)},
        "competition": {handle: 1 + sum(other > values[handle] for other in values.values()) for handle in order},
        "dense": {handle: 1 + len({o for o in values.values() if o > values[handle]}) for handle in order},
    }
    return [(ranks[ties][handle], handle) for handle in order]


def fold(handle: str) -> str:
    """How handles are told apart and ordered."""
    return unicodedata.normalize("NFKC", handle).casefold()


def tier_on(model: Model, handle: str, day: date) -> str | None:
    """The tier after the last decision on or before the day."""
    return next((each.tier for each in reversed(model.decisions) if each.handle == handle and each.day <= day), None)


def _stands(model: Model, board: dict[str, Any], handle: str, day: date) -> bool:
    member, only = model.members[handle], board.get("only", {})
    return (
        member.status in ("active", "on_leave")
        and (member.on_boards or board.get("audience") == "managers")
        and ("tiers" not in only or tier_on(model, handle, day) in only["tiers"])
        and ("countries" not in only or member.country in only["countries"])
    )
