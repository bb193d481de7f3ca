"""What the parts of a book may refer to, and the checks that every list shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from community.programmes.book import Book, ContributionType
from community.programmes.document import Finding, Path
from community.programmes.part import suggestion
from community.programmes.requirements import Selection
from community.programmes.structure import Readable


class Keyed(Protocol):
    """A part with a key."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Known:
    """The readable book, and the keys of the whole file: a reference to a broken part is no mistake of its own."""

    readable: Readable
    book: Book
    type_keys: tuple[str, ...]
    tier_keys: tuple[str, ...]

    @classmethod
    def of(cls, readable: Readable) -> Known:
        """What the file names."""
        document = readable.document
        return cls(
            readable,
            readable.book,
            tuple(keys_in(document.at(("contribution_types",)))),
            tuple(keys_in(document.at(("tiers",)))),
        )

    def whole_types(self) -> list[ContributionType]:
        """The types of which everything could be read."""
        return [
            one
            for index, one in enumerate(self.book.contribution_types)
            if self.readable.is_whole(self.readable.path(("contribution_types", index)))
        ]

    def all_types_are_whole(self) -> bool:
        """Whether nothing of any type was left out."""
        return self.readable.is_whole(("contribution_types",))

    def selection(self, path: Path, selection: Selection) -> Iterator[Finding]:
        """References of `types` and `except`."""
        yield from self.types((*path, "types"), selection.types)
        yield from self.types((*path, "except"), selection.except_)

    def types(self, path: Path, keys: Sequence[str] | None) -> Iterator[Finding]:
        """References to contribution types."""
        if self._can_be_named("contribution_types", self.type_keys):
            yield from _references(path, keys, self.type_keys, "contribution types")

    def tiers(self, path: Path, keys: Sequence[str] | None) -> Iterator[Finding]:
        """References to tiers."""
        if self._can_be_named("tiers", self.tier_keys):
            yield from _references(path, keys, self.tier_keys, "tiers")

    def _can_be_named(self, part: str, keys: tuple[str, ...]) -> bool:
        """Not where a whole list is broken: then nobody knows what it would have held."""
        return bool(keys) or self.readable.is_whole((part,))


def keys_in(items: Any) -> Iterator[str]:
    """The keys that a list of the file gives to its items, as far as it can be read."""
    for item in items if isinstance(items, list) else ():
        key = item.get("key") if isinstance(item, Mapping) else item
        if isinstance(key, str):
            yield key


def _references(path: Path, keys: Sequence[str] | None, known: Sequence[str], what: str) -> Iterator[Finding]:
    for index, key in enumerate(keys or ()):
        if key not in known:
            yield Finding((*path, index), "", among(key, known, what), "reference")


def among(key: str, known: Sequence[str], what: str) -> str:
    """`one of the tiers a, b; did you mean a?`, or that there are none."""
    if not known:
        return f"one of the {what} of this book, which has none"
    shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return f"one of the {what} {shown}{suggestion(key, known)}"


def unique(path: Path, items: Iterable[Keyed]) -> Iterator[Finding]:
    """Each key of a list once."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.key in seen:
            accepted = "a key that no other in this list has"
            yield Finding((*path, index, "key"), f"the key `{item.key}` a second time", accepted, "unique")
        seen.add(item.key)
