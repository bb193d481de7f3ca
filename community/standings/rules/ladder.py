"""A ladder: the tiers of one version of a book, compiled so that a member is judged by comparing whole numbers.

A requirement has two readings from this one definition: the verdict over values (here, and with reasons), and the same
verdict as SQL (`standings/queries/verdict.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from community.programmes.book import AtLeast, Book, Cycle, Leaf, Neither, Requirement, Tier, parts
from community.programmes.requirements import WINDOWLESS
from community.programmes.windows import bounds, ends
from community.standings.rules.measures import Measure, measure_of, number
from community.standings.rules.state import Facts

HELD = -1
"""The place of `held` among the values: it depends on the tier reached while evaluating."""


@dataclass(frozen=True, slots=True)
class Test:
    """A leaf: the value at `place` lies between `low` and `high` (whole units; None is open)."""

    place: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """A combination: at least `least` and at most `most` of the parts are met."""

    least: int
    most: int
    parts: tuple[Node, ...]


Node = Test | Tally


@dataclass(frozen=True, slots=True)
class Shown:
    """A leaf as its reason shows it."""

    path: str
    leaf: Leaf
    test: Test


@dataclass(frozen=True, slots=True)
class Side:
    """A requirement of a tier (`gain` or `keep`): the tree that judges and the leaves that explain."""

    node: Node
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier of the ladder. `keep` None: kept until taken. `own_keep`: a keep that must hold to gain the tier, too."""

    key: str
    promotion: str
    demotion: str
    minimum_stay_days: int
    grace_days: int
    gain: Side | None
    keep: Side | None
    own_keep: bool


class Ladder:
    """The tiers of a book's version, lowest first; `measures` are what is asked of the ledger, in order."""

    def __init__(self, book: Book, version: int) -> None:
        self.version = version
        self.book = book
        self.cycle: Cycle = book.programme.cycle
        self.stepwise = book.programme.ladder == "stepwise"
        self._places: dict[Measure, int] = {}
        self.rungs = tuple(self._rung(tier) for tier in book.tiers)
        self.levels = {rung.key: level for level, rung in enumerate(self.rungs, start=1)}
        self.measures = tuple(self._places)

    def level(self, key: str | None) -> int:
        """The level of a tier key; 0 for none and for a tier that the book lacks."""
        return 0 if key is None else self.levels.get(key, 0)

    def key(self, level: int) -> str | None:
        """The key at a level; None at 0."""
        return self.rungs[level - 1].key if level else None

    def met(self, facts: Facts, held: int) -> list[int]:
        """The levels that count as met, ascending; in a stepwise ladder those up to the first that is not."""
        found = []
        for level, rung in enumerate(self.rungs, start=1):
            if self._is_met(rung, facts, held):
                found.append(level)
            elif self.stepwise:
                break
        return found

    def _is_met(self, rung: Rung, facts: Facts, held: int) -> bool:
        if rung.gain is None or not judge(rung.gain.node, facts.values, held):
            return False
        return not rung.own_keep or rung.keep is None or judge(rung.keep.node, facts.values, 0)

    def gains(self, level: int, facts: Facts, held: int) -> bool:
        """Whether the `gain` of a level holds."""
        gain = self.rungs[level - 1].gain
        return gain is not None and judge(gain.node, facts.values, held)

    def keeps(self, level: int, facts: Facts) -> bool:
        """Whether the `keep` of a level holds."""
        keep = self.rungs[level - 1].keep
        return keep is None or judge(keep.node, facts.values, 0)

    def falls_to(self, level: int, facts: Facts) -> int:
        """The highest lower level that has a `gain` and whose `keep` holds, or 0."""
        lower = range(level - 1, 0, -1)
        return next((one for one in lower if self.rungs[one - 1].gain is not None and self.keeps(one, facts)), 0)

    def reasons(self, level: int, facts: Facts, day: date, held: int, sides: Sequence[str]) -> list[dict[str, Any]]:
        """The reasons of a level: of its `gain`, its `keep`, or (`own_keep`) of a keep that gaining asks for, too."""
        rung = self.rungs[level - 1]
        chosen = {"gain": rung.gain, "keep": rung.keep, "own_keep": rung.keep if rung.own_keep else None}
        found = (chosen[side] for side in sides)
        return [reason for side in found if side for reason in self.side_reasons(side, facts, day, held)]

    def side_reasons(self, side: Side, facts: Facts, day: date, held: int) -> list[dict[str, Any]]:
        """The reasons of one requirement, a leaf each, in the order of `side.shown`."""
        return [self._reason(shown, facts, day, held) for shown in side.shown]

    def _reason(self, shown: Shown, facts: Facts, day: date, held: int) -> dict[str, Any]:
        leaf = shown.leaf
        window = None if leaf.metric in WINDOWLESS else leaf.window
        first, last = bounds(window or "lifetime", day, self.cycle)
        end = ends(window, day, self.cycle) if window else None
        place = shown.test.place
        actual = held if place < 0 else facts.values[place]
        scale = 1 if place < 0 else self.measures[place].scale
        return {
            "path": shown.path,
            "metric": leaf.metric,
            "types": None if leaf.types is None else list(leaf.types),
            "window": window,
            "from": first.isoformat() if first else None,
            "to": last.isoformat(),
            "ends": end.isoformat() if end else None,
            "actual": number(Decimal(actual) / scale),
            "min": None if leaf.min is None else number(leaf.min),
            "max": None if leaf.max is None else number(leaf.max),
            "met": judge(shown.test, facts.values, held),
        }

    def _rung(self, tier: Tier) -> Rung:
        keep = tier.derived_keep
        return Rung(
            tier.key,
            tier.promotion,
            tier.demotion,
            tier.minimum_stay_days,
            tier.grace_days,
            None if tier.gain is None else self._side(tier.gain, "gain"),
            None if keep is None else self._side(keep, "keep"),
            tier.own_keep is not None,
        )

    def _side(self, requirement: Requirement, path: str) -> Side:
        shown: list[Shown] = []
        node = self._node(requirement, path, shown)
        return Side(node, tuple(shown))

    def _node(self, requirement: Requirement, path: str, shown: list[Shown]) -> Node:
        if isinstance(requirement, Leaf):
            shown.append(Shown(path, requirement, self._test(requirement)))
            return shown[-1].test
        word, inner = parts(requirement)
        nodes = tuple(self._node(part, f"{path}.{word}[{index}]", shown) for index, part in enumerate(inner))
        if isinstance(requirement, Neither):
            return Tally(0, 0, nodes)
        if isinstance(requirement, AtLeast):
            return Tally(requirement.at_least.count, len(nodes), nodes)
        return Tally(1 if word == "any" else len(nodes), len(nodes), nodes)

    def _test(self, leaf: Leaf) -> Test:
        if leaf.metric == "held":
            place, scale = HELD, 1
        else:
            measure = measure_of(leaf)
            place, scale = self._places.setdefault(measure, len(self._places)), measure.scale
        low = None if leaf.min is None else int((leaf.min * scale).to_integral_value(ROUND_CEILING))
        high = None if leaf.max is None else int((leaf.max * scale).to_integral_value(ROUND_FLOOR))
        return Test(place, low, high)


_known: OrderedDict[tuple[int, int], Ladder] = OrderedDict()
_KEPT = 64


def ladder_of(book: Book, version: int) -> Ladder:
    """The ladder of a version, compiled once for a book as it lies in memory."""
    key = (id(book), version)
    found = _known.get(key)
    if found is None or found.book is not book:
        found = _known[key] = Ladder(book, version)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def judge(node: Node, values: Sequence[int], held: int) -> bool:
    """The verdict of a requirement over the values of the ladder's measures."""
    if isinstance(node, Test):
        value = held if node.place == HELD else values[node.place]
        return (node.low is None or value >= node.low) and (node.high is None or value <= node.high)
    count = sum(judge(part, values, held) for part in node.parts)
    return node.least <= count <= node.most
