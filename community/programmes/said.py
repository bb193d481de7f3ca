"""Requirements, prices and caps as people read them, in the language at work (rulebook, sections 3 to 5).

`words` says the same in English for the command line and logs. What is said here is rendered from the book each time,
so that it is never out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext
from community.programmes.book import (
    All,
    AllOf,
    AnyOf,
    AtLeast,
    Book,
    Cap,
    Condition,
    ContributionType,
    FieldIn,
    FieldIs,
    FieldRange,
    KeepShare,
    Leaf,
    Neither,
    Requirement,
    Tier,
    parts,
    text,
)
from community.programmes.requirements import WINDOWLESS, Selection
from community.programmes.windows import parse_window


@dataclass(frozen=True, slots=True)
class Clause:
    """A requirement in words: a leaf, or what is asked of its `parts` together."""

    words: str
    parts: tuple[Clause, ...] = ()

    @property
    def line(self) -> str:
        """All of it in one line."""
        if not self.parts:
            return self.words
        return f"{self.words} ({'; '.join(one.line for one in self.parts)})"


@dataclass(frozen=True, slots=True)
class BookSaid:
    """A book in the language at work."""

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

    def requirement(self, requirement: Requirement) -> Clause:
        """A requirement; one of a single part is that part."""
        if isinstance(requirement, Leaf):
            return Clause(self.leaf(requirement))
        name, inner = parts(requirement)
        said = tuple(self.requirement(one) for one in inner)
        if len(said) == 1 and not isinstance(requirement, Neither):
            return said[0]
        if isinstance(requirement, AtLeast):
            count = requirement.at_least.count
            words = _("at least {count} of these {number}").format(count=count, number=len(said))
            return Clause(words, said)
        return Clause({"all": _("all of these"), "any": _("one of these"), "none": _("none of these")}[name], said)

    def leaf(self, leaf: Leaf) -> str:
        """A leaf: `at least 3 contributions of type Talk in the last 365 days`."""
        bound, last = _bounds(leaf), _last_bound(leaf)
        if leaf.metric == "tenure":
            return ngettext("a member for {bound} day", "a member for {bound} days", last).format(bound=bound)
        if leaf.metric == "held":
            words = ngettext("in the present tier for {bound} day", "in the present tier for {bound} days", last)
            return words.format(bound=bound)
        if leaf.metric == "field":
            counted = _("{bound} of “{field}”").format(field=self.field(leaf.field or "", leaf.types), bound=bound)
        else:
            counted = _counted(leaf.metric, last).format(bound=bound)
        return " ".join(filter(None, (counted, self.selection(leaf), window_said(leaf.window))))

    def selection(self, selection: Selection) -> str:
        """`of type Talk`, `of types Talk or Post`, `of any type but Post`; empty for all."""
        if selection.types is not None:
            names = either(self.type(one) for one in selection.types)
            return ngettext("of type {types}", "of types {types}", len(selection.types)).format(types=names)
        if selection.except_ is not None:
            names = either(self.type(one) for one in selection.except_)
            return _("of any type but {types}").format(types=names)
        return ""

    def field(self, key: str, types: Sequence[str] | None = None, kind: ContributionType | None = None) -> str:
        """What a field is called, by the type that has it or the first of `types` that does."""
        if key == "language":
            return _("Language")
        kinds = [kind] if kind is not None else [self.book.types_by_key[one] for one in types or self.book.types_by_key]
        found = next((one.fields_by_key[key] for one in kinds if key in one.fields_by_key), None)
        return key if found is None else self.name(found.name)

    def gain(self, tier: Tier) -> Clause | None:
        """What gains a tier; None where it is given by hand."""
        return None if tier.gain is None else self.requirement(tier.gain)

    def keep(self, tier: Tier) -> Clause | None:
        """What keeps a tier, where that is other than what gains it.

        Of a share the days as a member are left out: whoever gained the tier has more of them for good.
        """
        if tier.keep is None or tier.derived_keep is None:
            return None
        asked = tier.derived_keep
        if isinstance(tier.keep, KeepShare) and isinstance(asked, All):
            left = tuple(one for one in asked.all if not (isinstance(one, Leaf) and one.metric in WINDOWLESS))
            asked = All(all=left) if left else asked
        return self.requirement(asked)

    def keep_line(self, tier: Tier) -> str:
        """What keeps a tier, in one line."""
        if isinstance(tier.keep, KeepShare):
            return _("{share} of what it takes to gain it").format(share=i18n.percent(tier.keep.share))
        if tier.keep is None:
            return _("what it takes to gain it") if tier.gain is not None else _("nothing: it is kept until taken")
        return self.requirement(tier.keep).line

    def gain_line(self, tier: Tier) -> str:
        """What gains a tier, in one line."""
        return _("a manager gives it") if tier.gain is None else self.requirement(tier.gain).line

    def cap(self, cap: Cap) -> str:
        """A cap: `At most 50 points a month of type Answer`."""
        per = {
            "day": _("a day"), "week": _("a week"), "month": _("a month"), "quarter": _("a quarter"),
            "year": _("a year"), "cycle": _("a cycle"), "lifetime": _("in all"),
        }[cap.per]  # fmt: skip
        if cap.points is not None:
            counted = ngettext("At most {number} point", "At most {number} points", cap.points)
        else:
            counted = ngettext(
                "Points for at most {number} contribution", "Points for at most {number} contributions",
                cap.contributions or 0,
            )  # fmt: skip
        number = i18n.number(cap.points if cap.points is not None else cap.contributions or 0)
        return " ".join(filter(None, (counted.format(number=number), per, self.selection(cap))))

    def price(self, kind: ContributionType) -> list[tuple[str, str]]:
        """A price as the lines of a receipt: what for, and what it does."""
        lines = [(_("each one"), i18n.number(kind.points.base))]
        for bonus in kind.points.bonuses:
            if bonus.when is not None:
                words = _("where {condition}").format(condition=self.condition(bonus.when, kind))
            else:
                every, field = bonus.every or 1, self.field(bonus.per or "", kind=kind)
                words = _("for each {every} of “{field}”") if every > 1 else _("per “{field}”")
                words = words.format(every=i18n.number(every), field=field)
                if bonus.at_most is not None:
                    words = _("{words}, {number} at most").format(words=words, number=i18n.number(bonus.at_most))
            lines.append((words, signed(bonus.points)))
        for factor in kind.points.factors:
            words = _("where {condition}").format(condition=self.condition(factor.when, kind))
            lines.append((words, f"× {i18n.number(factor.times)}"))
        return lines

    def condition(self, condition: Condition, kind: ContributionType) -> str:
        """A condition on the fields of a contribution."""
        if isinstance(condition, AllOf):
            return i18n.listed(self.condition(one, kind) for one in condition.all)
        if isinstance(condition, AnyOf):
            return either(self.condition(one, kind) for one in condition.any)
        if isinstance(condition, FieldIs | FieldIn | FieldRange):
            return self._on_field(condition, kind)
        return _("not: {condition}").format(condition=either(self.condition(one, kind) for one in condition.none))

    def _on_field(self, condition: FieldIs | FieldIn | FieldRange, kind: ContributionType) -> str:
        if condition.field == "has_url" and isinstance(condition, FieldIs):
            return _("there is a link") if condition.is_ else _("there is no link")
        name = self.field(condition.field, kind=kind)
        if isinstance(condition, FieldRange):
            value = _between(condition.min, condition.max)
        else:
            values = condition.in_ if isinstance(condition, FieldIn) else (condition.is_,)
            value = either(self._value(condition.field, one, kind) for one in values)
        return _("{field} is {value}").format(field=name, value=value)

    def _value(self, key: str, value: Any, kind: ContributionType) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if key == "language":
            return str(i18n.LOCALES[i18n.language()].languages.get(str(value), value))
        field = kind.fields_by_key.get(key)
        choices = {one.key: one.name for one in (field.choices or ())} if field is not None else {}
        return self.name(choices.get(str(value))) or _plain(value)


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


def _counted(metric: str, last: int) -> str:
    """What a metric counts, with a place for its bound."""
    return {
        "points": lambda: ngettext("{bound} point", "{bound} points", last),
        "contributions": lambda: ngettext("{bound} contribution", "{bound} contributions", last),
        "distinct_types": lambda: ngettext("{bound} different type", "{bound} different types", last),
        "reach": lambda: _("a reach of {bound}"),
        "active_days": lambda: ngettext("{bound} day with a contribution", "{bound} days with a contribution", last),
        "active_months": lambda: ngettext(
            "{bound} month with a contribution", "{bound} months with a contribution", last
        ),
        "best_month": lambda: ngettext("{bound} point in one month", "{bound} points in one month", last),
    }[metric]()


def _bounds(leaf: Leaf) -> str:
    """The bounds of a leaf. All metrics but sums of fields are whole, so a bound of 2.7 asks for 3."""
    lowest = leaf.min
    if lowest is not None and leaf.metric != "field":
        lowest = Decimal(lowest).to_integral_value(ROUND_CEILING)
    return _between(lowest, leaf.max)


def _between(lowest: Any, highest: Any) -> str:
    if highest is None:
        return _("at least {number}").format(number=_plain(lowest))
    if lowest is None:
        return _("at most {number}").format(number=_plain(highest))
    if lowest == highest:
        return _("exactly {number}").format(number=_plain(lowest))
    return _("{lowest} to {highest}").format(lowest=_plain(lowest), highest=_plain(highest))


def _last_bound(leaf: Leaf) -> int:
    """The number that a noun follows, for its form."""
    bound = leaf.min if leaf.max is None else leaf.max
    return int(Decimal(bound or 0).to_integral_value(ROUND_CEILING))


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return i18n.day(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return i18n.number(value)
    return str(value)
