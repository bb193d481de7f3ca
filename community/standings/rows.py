"""A reason as a row, ready for `templates/standings/reason.html`: the same on every page that shows reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from community.kit.i18n import number
from community.programmes.book import AtLeast, Requirement, parts
from community.standings import words
from community.standings.words import Said


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason as a row: what is asked in words, the days that count, the figures, and the hint that helps most.

    `filled` is the length of the bar, 0 to 100. `nearest`: where there is a choice, it is closed soonest. `made_of`
    narrows the statement to what the figure is made of; None where it is made of no entries. `depth` says how deep it
    stands below combinations.
    """

    text: str
    window: str
    actual: str
    bound: str
    met: bool
    filled: int
    hint: str
    nearest: bool
    made_of: dict[str, str] | None
    depth: int


@dataclass(frozen=True, slots=True)
class Heading:
    """What a combination inside a requirement asks for of the rows after it."""

    text: str
    depth: int


def reason_row(
    reason: Mapping[str, Any], said: Said, *, hint: str = "", nearest: bool = False, depth: int = 0
) -> ReasonRow:
    """The row of a reason; `said` gives the name of a contribution type."""
    (low, high), actual = words.bounds(reason), reason["actual"]
    bound = low if low is not None else high or 0
    filled = 100 if reason["met"] else int(min(1, max(0, actual) / low) * 100) if low else 0
    return ReasonRow(
        _capital(words.requirement(reason, said)), _capital(words.window(reason)), number(actual), number(bound),
        reason["met"], filled, hint, nearest, made_of(reason), depth,
    )  # fmt: skip


def combination(requirement: Requirement) -> str:
    """What a combination asks for in a few words; empty for a leaf."""
    word, inner = parts(requirement)
    if not word:
        return ""
    count = 1 if word == "any" else len(inner)
    if isinstance(requirement, AtLeast):
        count = requirement.at_least.count
    return words.combined(word, count, len(inner))


def made_of(reason: Mapping[str, Any]) -> dict[str, str] | None:
    """What the statement is asked for, to show what a figure is made of."""
    if reason["metric"] in ("tenure", "held", "field"):
        return None
    found = {"from": reason["from"], "to": reason["to"]}
    if reason["types"]:
        found["types"] = ",".join(reason["types"])
    return {name: value for name, value in found.items() if value}


def _capital(text: str) -> str:
    """With a capital to begin with."""
    return text[:1].upper() + text[1:]
