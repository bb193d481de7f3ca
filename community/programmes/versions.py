"""The versions of a programme's book, as the engine needs them: compiled once, asked by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from community.kit.errors import NotFound
from community.programmes.book import Book, ContributionType, Tier


@dataclass(frozen=True)
class Versions:
    """Every version of a programme's book by number; `current` is the one in force."""

    current: int
    books: Mapping[int, Book]

    @property
    def in_force(self) -> Book:
        """The book in force."""
        return self.books[self.current]

    def book(self, version: int) -> Book:
        """The book of a version. Raises NotFound."""
        try:
            return self.books[version]
        except KeyError:
            raise NotFound(f"the book has no version {version}; it has 1 to {max(self.books)}") from None

    def type(self, version: int, key: str) -> ContributionType | None:
        """A contribution type as a version knows it; None where it lacks it."""
        return self._types.get((version, key))

    def pricing(self, key: str) -> int:
        """The version that prices a type now: the one in force, or the newest that still has the type."""
        found = next((n for n in sorted(self.books, reverse=True) if n <= self.current and self.type(n, key)), None)
        if found is None:
            raise NotFound(f"no version of the book has a contribution type {key!r}")
        return found

    def reach_field(self, version: int, key: str) -> str | None:
        """The field of a type that a version marks `reach: true`."""
        kind = self.type(version, key)
        return None if kind is None else kind.reach_field

    @cached_property
    def known_types(self) -> tuple[str, ...]:
        """The keys of all types that any version knows: what may stand in the ledger."""
        return tuple(sorted({key for _version, key in self._types}))

    @cached_property
    def _types(self) -> dict[tuple[int, str], ContributionType]:
        return {(n, kind.key): kind for n, book in self.books.items() for kind in book.contribution_types}

    def tier_changed(self, key: str, version: int) -> bool:
        """Whether any version after `version` has another tier under this key, or none."""
        then = _tier(self.book(version), key)
        return any(_tier(book, key) != then for number, book in self.books.items() if number > version)


def _tier(book: Book, key: str) -> Tier | None:
    return next((tier for tier in book.tiers if tier.key == key), None)
