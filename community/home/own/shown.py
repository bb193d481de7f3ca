"""One member's standing on a day, put into words: the sentence, the picture of the ladder, the rows of requirements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from community.home.own.hints import Hints
from community.home.own.rows import Asked, Rung
from community.kit import i18n
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext, number
from community.members.models import EVALUATED
from community.members.place import Place
from community.members.queries import MemberRow
from community.programmes.book import AtLeast, Either, Leaf, Requirement, Tier, parts
from community.standings import words
from community.standings.queries.ahead import Year
from community.standings.queries.explained import Explanation
from community.standings.rows import Heading, ReasonRow, combination, reason_row
from community.standings.rules.ahead import Credit
from community.standings.rules.ladder import Ladder, Side, Tally, judge, ladder_of
from community.standings.rules.ladder import Shown as LeafShown
from community.standings.rules.missing import missing, share
from community.standings.rules.state import Facts

RUNGS_SHOWN = 5
"""So many tiers of a long ladder are drawn: the one held, and those around it."""
ROOMY = 3
"""Up to so many have room for long dates."""


@dataclass(frozen=True, slots=True)
class Within:
    """Where a requirement stands: below how many combinations, one of them a choice, and the leaves closed soonest."""

    depth: int
    nearest: frozenset[int]
    choice: bool = False


Leaves = Iterator[tuple[int, tuple[dict[str, Any], LeafShown]]]
"""The leaves of a side in the order of the walk: place, reason, and the leaf itself."""


class Shown:
    """One member's standing on a day, put into words."""

    def __init__(
        self, place: Place, member: MemberRow, explained: Explanation, credited: Sequence[Credit], year: Year
    ) -> None:
        self.place, self.member, self.explained = place, member, explained
        self.book = place.programme.book
        self.ladder: Ladder = ladder_of(self.book, place.programme.version)
        self.state, self.facts, self.day = explained.state, explained.facts, explained.as_of
        self.level = self.ladder.level(self.state.tier)
        self.held = (self.day - self.state.since).days if self.level and self.state.since else 0
        self.hints = Hints(self.ladder, member, credited, year, self.type_name)
        self.evaluated = member.status in EVALUATED

    def type_name(self, key: str) -> str:
        """What a contribution type is called."""
        versions = self.place.programme.versions
        kind = versions.type(versions.current, key)
        return key if kind is None else self.place.said(kind.name)

    def tier_name(self, key: str | None) -> str:
        """What a tier is called."""
        if key is None:
            return _("no tier")
        return self.place.said(self.book.tier(key).name) if key in self.ladder.levels else key

    @property
    def next(self) -> Tier | None:
        """The tier above."""
        return self.book.tiers[self.level] if self.level < len(self.book.tiers) else None

    def sentence(self) -> str:
        """The answer."""
        held = _("You are %(tier)s.") % {"tier": self.tier_name(self.state.tier)}
        if not self.book.tiers:
            return _("Welcome, %(name)s.") % {"name": self.member.name}
        if not self.level:
            held = _("You have no tier yet.")
        if not self.evaluated or (self.level and self.state.at_risk_since is not None):
            return held if not self.evaluated else self._at_risk()
        if self.next is None:
            return _("You are %(tier)s, the highest tier.") % {"tier": self.tier_name(self.state.tier)}
        return f"{held} {self._way_up(self.next)}"

    def _at_risk(self) -> str:
        return _("You are %(tier)s, and at risk of losing it.") % {"tier": self.tier_name(self.state.tier)}

    def _way_up(self, tier: Tier) -> str:
        names = {"tier": self.place.said(tier.name)}
        proposal = self.state.proposal
        if proposal is not None and proposal.kind == "promotion":
            return _("%(tier)s waits for a manager.") % {"tier": self.tier_name(proposal.tier)}
        rung = self.ladder.rungs[self.level]
        if rung.gain is None:
            return _("%(tier)s is given by hand.") % names
        sides = [(rung.gain, self.held), *([(rung.keep, 0)] if rung.own_keep and rung.keep is not None else [])]
        gaps = [self.reasons(side)[at] for side, held in sides for at in missing(side, self.facts.values, held)]
        if not gaps:
            met = all(judge(side.node, self.facts.values, held) for side, held in sides)
            return (_("You have all that %(tier)s asks for.") if met else _("%(tier)s comes next.")) % names
        if any(reason["min"] is None for reason in gaps) or len(gaps) > 2:
            many = ngettext("%(tier)s asks for %(n)s more thing.", "%(tier)s asks for %(n)s more things.", len(gaps))
            return many % {**names, "n": number(len(gaps))}
        what = i18n.listed(words.gap(reason, self.type_name) for reason in gaps)
        return _("%(tier)s is %(what)s away.") % {**names, "what": what}

    def reasons(self, side: Side, day: date | None = None, facts: Facts | None = None) -> list[dict[str, Any]]:
        """The reasons of a side, with what its leaves say beyond them."""
        found = self.ladder.side_reasons(side, facts or self.facts, day or self.day, self.held)
        for reason, shown in zip(found, side.shown, strict=True):
            reason["except"] = None if shown.leaf.except_ is None else list(shown.leaf.except_)
            reason["field"] = self._field_name(shown.leaf)
        return found

    def _field_name(self, leaf: Leaf) -> str | None:
        if leaf.field is None:
            return None
        kinds = (kind.fields_by_key.get(leaf.field) for kind in self.book.contribution_types if leaf.covers(kind.key))
        found = next((one for one in kinds if one is not None), None)
        return leaf.field if found is None else self.place.said(found.name)

    def rungs(self, reached: dict[str, date]) -> list[Rung]:
        """The picture: at most so many tiers, the one held and the next among them."""
        first = max(0, min(self.level - 2, len(self.book.tiers) - RUNGS_SHOWN))
        levels = range(first + 1, min(first + RUNGS_SHOWN, len(self.book.tiers)) + 1)
        form = "long" if len(levels) <= ROOMY else "short"
        return [self._rung(level, reached, form) for level in levels]

    def _rung(self, level: int, reached: dict[str, date], form: str) -> Rung:
        tier = self.book.tiers[level - 1]
        name, side = self.place.said(tier.name), self.ladder.rungs[level - 1].gain
        if level <= self.level:
            since = self.state.since if level == self.level else reached.get(tier.key)
            said = "" if since is None else _("since %(day)s") % {"day": i18n.day(since, form)}
            return Rung(name, level == self.level, 100, said)
        if level > self.level + 1 or side is None:
            return Rung(name, False, 0, "")
        filled = int(share(side.node, self.facts.values, self.held) * 100)
        return Rung(name, False, filled, self._progress(side))

    def _progress(self, side: Side) -> str:
        reasons = self.reasons(side)
        if len(reasons) == 1:
            of = reasons[0]["min"]
            return "" if of is None else f"{number(reasons[0]['actual'])} / {number(of)}"
        node = side.node
        assert isinstance(node, Tally)
        met = sum(judge(part, self.facts.values, self.held) for part in node.parts)
        return _("%(met)s of %(asked)s reached") % {
            "met": number(min(met, node.least)),
            "asked": number(node.least),
        }

    def asks(self, level: int, side: Side, requirement: Requirement, *, keep: bool) -> Asked:
        """What a tier asks for, to be gained or kept."""
        tier = self.book.tiers[level - 1]
        names = {"tier": self.place.said(tier.name)}
        title = _("What %(tier)s asks you to keep") if keep else _("What %(tier)s asks for")
        said = [combination(requirement)]
        if not keep and tier.promotion == "manual":
            said.append(_("a manager confirms"))
        leaves = iter(enumerate(zip(self.reasons(side), side.shown, strict=True)))
        rows: list[ReasonRow | Heading] = []
        nearest = frozenset(missing(side, self.facts.values, 0 if keep else self.held))
        self._walk(requirement, leaves, rows, Within(0, nearest))
        return Asked(title % names, " · ".join(filter(None, said)), keep, rows)

    def _walk(self, requirement: Requirement, leaves: Leaves, rows: list[ReasonRow | Heading], at: Within) -> None:
        if isinstance(requirement, Leaf):
            place, (reason, shown) = next(leaves)
            hint, nearest = self.hints.of(reason, shown), at.choice and place in at.nearest
            rows.append(reason_row(reason, self.type_name, hint=hint, nearest=nearest, depth=max(0, at.depth - 1)))
            return
        if at.depth:
            rows.append(Heading(combination(requirement), at.depth - 1))
        choice = isinstance(requirement, Either | AtLeast)
        for part in parts(requirement)[1]:
            self._walk(part, leaves, rows, Within(at.depth + 1, at.nearest, at.choice or choice))
