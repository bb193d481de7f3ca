"""Requirements of tiers as people read them, in the language at work (rulebook, sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext
from community.programmes.book import All, AtLeast, KeepShare, Leaf, Neither, Requirement, Tier, parts, walk
from community.programmes.requirements import WINDOWLESS
from community.programmes.said.names import Names, between, window_said


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


class RequirementsSaid(Names):
    """The requirements of a book in the language at work."""

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

    def missing(self, tier: Tier, reasons: Sequence[Mapping[str, Any]]) -> list[str]:
        """What of the `keep` of a tier is not met, with how much there is: lines for a mail."""
        keep = tier.derived_keep
        leaves = {} if keep is None else {path: leaf for path, leaf, _inside in walk(keep, "keep")}
        found = ((leaves.get(one["path"]), one) for one in reasons if not one["met"])
        line = _("{asked}; now: {number}")
        return [
            line.format(asked=self.leaf(leaf), number=i18n.number(one["actual"]))
            for leaf, one in found
            if leaf is not None
        ]


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
    return between(lowest, leaf.max)


def _last_bound(leaf: Leaf) -> int:
    """The number that a noun follows, for its form."""
    bound = leaf.min if leaf.max is None else leaf.max
    return int(Decimal(bound or 0).to_integral_value(ROUND_CEILING))
