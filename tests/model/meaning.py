"""What a book, or a part of one, says: the defaults of section 1 filled in, and lists that are sets in one order."""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, dict[str, Any]] = {
    "contribution_types": {"evidence": "optional", "review": "manual", "fields": [], "points": {"base": 0}},
    "fields": {"required": False, "reach": False},
    "points": {"base": 0, "bonuses": [], "factors": []},
    "tiers": {"promotion": "automatic", "demotion": "automatic", "minimum_stay_days": 0, "grace_days": 0},
    "leaderboards": {"window": "lifetime", "ties": "competition", "audience": "members", "freeze_after_days": 0},
    "programme": {"cycle": {}, "ladder": "highest"},
    "cycle": {"starts": "01-01", "months": 12},
    "": {"caps": [], "tiers": [], "leaderboards": [], "rewards": []},
}
"""By the key under which the map, or the list of maps, stands."""
SETS = {"types", "except", "in"}


def meaning(part: Any, under: str = "") -> Any:
    """The part in one form: equal forms say the same. `under` is the key under which it stands; the book's is empty."""
    if isinstance(part, list):
        return sorted(part, key=repr) if under in SETS else [meaning(each, under) for each in part]
    if not isinstance(part, dict):
        return part
    filled = {**DEFAULTS.get(under, {}), **part}
    if "metric" in part and part["metric"] not in ("tenure", "held"):
        filled = {"window": "lifetime", **filled}
    return {key: meaning(value, key) for key, value in filled.items()}
