"""What the parts of a book are called, and the small words between them, in the language at work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext
from community.programmes.book import Book, ContributionType, text
from community.programmes.requirements import Selection
from community.programmes.windows import parse_window


@dataclass(frozen=True)
class Names:
    """A book whose parts are named in the language at work."""

    book: Book

    def name(self, value: Any) -> str:
        """A text of the book."""
        return text(value, i18n.language(), self.book.programme.locale)

    def names(self, items: Iterable[Any]) -> list[str]:
        """What fields, types or tiers are called."""
        return [self.name(one.name) for one in items]

    def type(self, key: str) -> str:
        """What a contribution type is called."""
        kind = self.book.types_by_key.get(key)
        return key if kind is None else self.name(kind.name)

    def tier(self, key: str | None) -> str:
        """What a tier is called; what no tier is."""
        if key is None:
            return _("no tier")
        return self.name(self.book.tier(key).name) if self.book.level(key) else key

    def field(self, key: str, types: Sequence[str] | None = None, kind: ContributionType | None = None) -> str:
        """What a field is called, by the type that has it or the first of `types` that does."""
        if key == "language":
            return _("Language")
        kinds = [kind] if kind is not None else [self.book.types_by_key[one] for one in types or self.book.types_by_key]
        found = next((one.fields_by_key[key] for one in kinds if key in one.fields_by_key), None)
        return key if found is None else self.name(found.name)

    def selection(self, selection: Selection) -> str:
        """`of type Talk`, `of types Talk or Post`, `of any type but Post`; empty for all."""
        if selection.types is not None:
            names = either(self.type(one) for one in selection.types)
            return ngettext("of type {types}", "of types {types}", len(selection.types)).format(types=names)
        if selection.except_ is not None:
            names = either(self.type(one) for one in selection.except_)
            return _("of any type but {types}").format(types=names)
        return ""


def window_said(window: str) -> str:
    """`in the last 365 days`; empty for all time."""
    parsed = parse_window(window)
    number = i18n.number(parsed.count)
    if parsed.unit == "days":
        return ngettext("in the last {number} day", "in the last {number} days", parsed.count).format(number=number)
    if parsed.unit == "months":
        words = ngettext("in the last {number} month", "in the last {number} months", parsed.count)
        return words.format(number=number)
    return {
        ("month", False): _("in this month"), ("month", True): _("in the month before"),
        ("quarter", False): _("in this quarter"), ("quarter", True): _("in the quarter before"),
        ("year", False): _("in this year"), ("year", True): _("in the year before"),
        ("cycle", False): _("in this cycle"), ("cycle", True): _("in the cycle before"),
    }.get((parsed.unit, parsed.previous), "")  # fmt: skip


def either(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *before, last = words
    return _("{before} or {last}").format(before=", ".join(before), last=last) if before else last


def signed(number: int) -> str:
    """`+5`, `−10`."""
    return f"+{i18n.number(number)}" if number >= 0 else f"−{i18n.number(-number)}"


def between(lowest: Any, highest: Any) -> str:
    """Bounds, both included: `at least 3`, `at most 3`, `exactly 3`, `3 to 5`."""
    if highest is None:
        return _("at least {number}").format(number=plain(lowest))
    if lowest is None:
        return _("at most {number}").format(number=plain(highest))
    if lowest == highest:
        return _("exactly {number}").format(number=plain(lowest))
    return _("{lowest} to {highest}").format(lowest=plain(lowest), highest=plain(highest))


def plain(value: Any) -> str:
    """A number, a day or a text, as people write it."""
    if isinstance(value, date):
        return i18n.day(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return i18n.number(value)
    return str(value)
