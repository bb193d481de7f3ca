"""What a version of the book changed, in the language at work: the differences of `meaning`, said again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.programmes.book import Book, Cap, text
from community.programmes.meaning import RuleDifference, differences
from community.programmes.said import BookSaid, window_said

_STEP = re.compile(r"([a-z_]+)(?:\[([^\]]*)\])?")
_LISTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "contribution_types": ("contribution_types", lambda: _("Contribution type")),
    "tiers": ("tiers", lambda: _("Tier")),
    "leaderboards": ("leaderboards", lambda: _("Board")),
    "rewards": ("rewards", lambda: _("Reward")),
    "fields": ("fields", lambda: _("field")),
}
_KEYS: Mapping[str, Callable[[], str]] = {
    "gain": lambda: _("to gain it"),
    "keep": lambda: _("to keep it"),
    "name": lambda: _("name"),
    "description": lambda: _("description"),
    "promotion": lambda: _("who decides on the step up"),
    "demotion": lambda: _("who decides on the step down"),
    "grace_days": lambda: _("days of grace"),
    "minimum_stay_days": lambda: _("shortest stay in days"),
    "base": lambda: _("points for each one"),
    "bonuses": lambda: _("bonuses"),
    "factors": lambda: _("factors"),
    "points": lambda: _("points"),
    "evidence": lambda: _("evidence"),
    "review": lambda: _("review"),
    "required": lambda: _("required"),
    "metric": lambda: _("what it ranks by"),
    "window": lambda: _("what counts"),
    "audience": lambda: _("who sees it"),
    "ties": lambda: _("equal places"),
    "price": lambda: _("price"),
    "stock": lambda: _("stock"),
    "timezone": lambda: _("time zone"),
    "locale": lambda: _("language"),
    "cycle": lambda: _("cycle"),
    "starts": lambda: _("first day"),
    "months": lambda: _("months"),
    "ladder": lambda: _("ladder"),
}
"""What people read for the keys of the file; any other key is shown as it stands."""
_VALUES: Mapping[tuple[str, str], Callable[[], str]] = {
    ("promotion", "automatic"): lambda: _("nobody: it comes by itself"),
    ("promotion", "manual"): lambda: _("a manager"),
    ("demotion", "automatic"): lambda: _("nobody: it comes by itself"),
    ("demotion", "manual"): lambda: _("a manager"),
    ("demotion", "never"): lambda: _("there is none"),
    ("demotion", "cycle_end"): lambda: _("nobody: it comes at the end of a cycle"),
    ("evidence", "required"): lambda: _("required"),
    ("evidence", "optional"): lambda: _("optional"),
    ("evidence", "none"): lambda: _("none"),
    ("review", "automatic"): lambda: _("none: it counts at once"),
    ("review", "manual"): lambda: _("by a reviewer"),
    ("audience", "public"): lambda: _("everybody"),
    ("audience", "members"): lambda: _("members"),
    ("audience", "managers"): lambda: _("managers"),
    ("ladder", "highest"): lambda: _("straight to the highest tier that is met"),
    ("ladder", "stepwise"): lambda: _("one tier after the other"),
}
"""The same for what stands behind some of them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that changed: what it is, and what it was and is in words (None: it was not there, or is no more)."""

    subject: str
    was: str | None
    now: str | None


def changes(old: Book | None, new: Book) -> Sequence[Change]:
    """The rules in which a version differs from the one before it; none for the first."""
    if old is None:
        return []
    return [_change(one, old, new) for one in differences(old, new)]


def _change(one: RuleDifference, old: Book, new: Book) -> Change:
    steps = [(found[1], found[2]) for found in _STEP.finditer(one.path)]
    if steps and steps[0][0] == "caps":
        return Change(_("Cap"), _cap(old, one.old), _cap(new, one.new))
    shown = [place for place, (key, _item) in enumerate(steps) if key != "points" or place == len(steps) - 1]
    subject = [words for place in shown if (words := _words(steps[: place + 1], old, new))]
    return Change(reduce(_joined, subject), _value(steps, one.old, old), _value(steps, one.new, new))


def _joined(what: str, rule: str) -> str:
    return _("{what}: {rule}").format(what=what, rule=rule)


def _words(steps: Sequence[tuple[str, str]], old: Book, new: Book) -> str:
    key, item = steps[-1]
    if key in _LISTS and item:
        what = _LISTS[key][1]()
        return f"{what} {_quoted(_name(steps, new) or _name(steps, old) or item)}"
    if key in _LISTS or key in ("programme", "choices", "asks"):
        return {"programme": _("Programme"), "contribution_types": _("Order of the contribution types")}.get(
            key, _("Order of the tiers") if key == "tiers" else key if not item else f"{key} {item}"
        )
    return _KEYS.get(key, lambda: key)()


def _quoted(name: str) -> str:
    return _("“{name}”").format(name=name)


def _name(steps: Sequence[tuple[str, str]], book: Book) -> str:
    """What the item is called to which the steps lead, in that book; empty where it has none."""
    found: Any = book
    for key, item in steps:
        found = getattr(found, key, None)
        if item and isinstance(found, tuple):
            found = next((one for one in found if getattr(one, "key", None) == item), None)
        if found is None:
            return ""
    return text(getattr(found, "name", None), i18n.language(), book.programme.locale)


def _cap(book: Book, value: Any) -> str | None:
    return None if value is None else BookSaid(book).cap(Cap.model_validate(value))


def _value(steps: Sequence[tuple[str, str]], value: Any, book: Book) -> str | None:
    key = steps[-1][0] if steps else ""
    said = BookSaid(book)
    if steps and steps[0][0] == "tiers" and len(steps) <= 2 and book.level(steps[0][1]):
        tier = book.tier(steps[0][1])
        if key == "keep":
            return said.keep_line(tier)
        if key == "gain" or (len(steps) == 1 and value is not None):
            return said.gain_line(tier)
    if value is None:
        return None
    if isinstance(value, str) and (key, value) in _VALUES:
        return _VALUES[key, value]()
    if key == "window" and isinstance(value, str):
        return window_said(value) or _("of all time")
    if isinstance(value, Mapping) and ("key" in value or len(steps) == 1):
        return text(value.get("name"), i18n.language(), book.programme.locale) or str(value.get("key", ""))
    return _plain(value, book)


def _plain(value: Any, book: Book) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return i18n.number(value)
    if isinstance(value, Mapping):
        if book.programme.locale in value or "en" in value:
            return text(value, i18n.language(), book.programme.locale)
        return ", ".join(f"{key} {_plain(one, book)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(_plain(one, book) for one in value)
    return str(value)
