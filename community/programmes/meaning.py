"""Whether two books mean the same, and the rules in which they differ (rulebook, section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from community.programmes.book import Book, Cap, Tier
from community.programmes.words import cap_words, keep_words, requirement_words

_SETS: Final = frozenset({"types", "except", "in", "countries"})
"""Lists whose order says nothing."""
_KEYED: Final = {
    "contribution_types": "type",
    "tiers": "tier",
    "leaderboards": "board",
    "rewards": "reward",
    "fields": "field",
    "choices": "choice",
    "asks": "question",
}
"""Lists whose items are known by their keys, and what one is called."""
_ATOMS: Final = frozenset({"gain", "keep", "grant", "when"})
"""Maps that are shown whole."""
_BY_PLACE: Final = ("bonuses", "factors")
"""Lists without keys whose items are compared place by place."""


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """One rule that differs: its path (items by key: `tiers[pro].gain`), both values as JSON data (None: not there)."""

    path: str
    old: Any
    new: Any
    sentence: str


def same_meaning(one: Book, other: Book) -> bool:
    """Whether the books say the same, however they are written."""
    return _meaning(one) == _meaning(other)


def differences(old: Book | None, new: Book) -> list[RuleDifference]:
    """The rules in which a new book differs from the one in force (None: there is none), in the order of the file."""
    after = _meaning(new)
    if old is None:
        slug = new.programme.slug
        head = RuleDifference("programme", None, after.pop("programme"), f"the programme {slug} is new")
        return [head, *_Comparison(None, new).maps({"format": new.format}, after, "", "")]
    return list(_Comparison(old, new).maps(_meaning(old), after, "", ""))


def _meaning(book: Book) -> dict[str, Any]:
    """The book as JSON data in one form: defaults written out, lists that are sets sorted."""
    found = _in_order(book.model_dump(mode="json", by_alias=True, exclude_none=True))
    return found if isinstance(found, dict) else {}


def _in_order(node: Any, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _in_order(one, name) for name, one in node.items()}
    if isinstance(node, list):
        items = [_in_order(one) for one in node]
        is_set = key in _SETS or (key == "tiers" and all(isinstance(one, str) for one in items))
        return sorted(items, key=repr) if is_set else items
    return node


class _Comparison:
    """Compares the data of two books; the books themselves give the words."""

    def __init__(self, old: Book | None, new: Book) -> None:
        self.old = old
        self.new = new

    def maps(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, subject: str) -> Iterator[RuleDifference]:
        for key in dict.fromkeys((*new, *old)):
            before, after = old.get(key), new.get(key)
            if before == after:
                continue
            here = f"{path}.{key}" if path else key
            if key == "caps":
                yield from self._caps(before or [], after or [])
            elif key in _KEYED and _has_keys(before) and _has_keys(after):
                yield from self._keyed(before or [], after or [], here, subject, _KEYED[key])
            elif key in _BY_PLACE and before and after and len(before) == len(after):
                for index, (one, other) in enumerate(zip(before, after, strict=True)):
                    if one != other:
                        yield self._changed(f"{here}[{index}]", f"{key}[{index}]", one, other, subject)
            elif key not in _ATOMS and isinstance(after, dict) and isinstance(before, dict | None) and _is_rule(key):
                yield from self.maps(before or {}, after, here, _joined(subject, key))
            else:
                yield self._changed(here, key, before, after, subject)

    def _keyed(
        self, old: Sequence[Any], new: Sequence[Any], path: str, subject: str, what: str
    ) -> Iterator[RuleDifference]:
        before = {one["key"]: one for one in old}
        after = {one["key"]: one for one in new}
        for key, one in after.items():
            here = f"{path}[{key}]"
            name = _joined(subject, f"{what} {key}")
            if key not in before:
                yield RuleDifference(here, None, one, f"{name} is added{self._tier_words(path, key)}")
            elif before[key] != one:
                yield from self.maps(before[key], one, here, name)
        for key, one in before.items():
            if key not in after:
                yield RuleDifference(f"{path}[{key}]", one, None, f"{_joined(subject, f'{what} {key}')} is removed")
        yield from self._order([key for key in before if key in after], [key for key in after if key in before], path)

    def _order(self, old: list[str], new: list[str], path: str) -> Iterator[RuleDifference]:
        if old != new:
            sentence = f"the order of {path} was {', '.join(old)} and is {', '.join(new)}"
            yield RuleDifference(path, old, new, sentence)

    def _caps(self, old: Sequence[Any], new: Sequence[Any]) -> Iterator[RuleDifference]:
        """Caps have no keys: those on one side only are added or removed."""
        for side, others, verb in ((new, old, "added"), (old, new, "removed")):
            left = list(others)
            for index, cap in enumerate(side):
                if cap in left:
                    left.remove(cap)
                    continue
                words = cap_words(Cap.model_validate(cap))
                was, now = (None, cap) if verb == "added" else (cap, None)
                yield RuleDifference(f"caps[{index}]", was, now, f"the cap of {words} is {verb}")

    def _changed(self, path: str, key: str, before: Any, after: Any, subject: str) -> RuleDifference:
        name = f"{subject}: {key}" if subject else key
        was, now = self._words(path, key, before, self.old), self._words(path, key, after, self.new)
        return RuleDifference(path, before, after, f"{name} was {was} and is {now}")

    def _words(self, path: str, key: str, value: Any, book: Book | None) -> str:
        tier = _tier_at(path, book)
        if tier is not None and key == "gain":
            return requirement_words(tier.gain)
        if tier is not None and key == "keep":
            return keep_words(tier)
        return _plain(value)

    def _tier_words(self, path: str, key: str) -> str:
        return f": {requirement_words(self.new.tier(key).gain)}" if path == "tiers" else ""


def _tier_at(path: str, book: Book | None) -> Tier | None:
    if book is None or not path.startswith("tiers["):
        return None
    key = path.removeprefix("tiers[").partition("]")[0]
    return book.tier(key) if book.level(key) else None


def _is_rule(key: str) -> bool:
    """A map of rules, not a text by language."""
    return key not in ("name", "description", "text")


def _has_keys(items: Any) -> bool:
    return items is None or (isinstance(items, list) and all(isinstance(one, dict) and "key" in one for one in items))


def _joined(subject: str, part: str) -> str:
    return f"{subject}, {part}" if subject else part


def _plain(value: Any) -> str:
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_plain(one) for one in value) + "]"
    return str(value)
