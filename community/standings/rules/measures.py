"""What the leaves of a ladder measure. Leaves that ask the same of the same window share one measure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from community.programmes.book import Cycle, Leaf
from community.programmes.windows import bounds

FIELD_SCALE = 1000
"""`field` values are kept in whole thousandths (a decimal field has at most three places); all others as they are."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number asked of a member: a metric over the entries of some types in a window (rulebook, section 3)."""

    metric: str
    types: tuple[str, ...] | None = None
    excluded: tuple[str, ...] | None = None
    window: str = "lifetime"
    field: str | None = None

    @property
    def scale(self) -> int:
        """How many units of the value make 1."""
        return FIELD_SCALE if self.metric == "field" else 1

    def days(self, day: date, cycle: Cycle) -> tuple[date | None, date]:
        """The first (None: none) and the last day that count at `day`."""
        return bounds(self.window, day, cycle)


def measure_of(leaf: Leaf) -> Measure:
    """The measure of a leaf; `held` has none of its own (it depends on the tier reached while evaluating)."""
    types = None if leaf.types is None else tuple(sorted(leaf.types))
    excluded = None if leaf.except_ is None else tuple(sorted(leaf.except_))
    if leaf.metric == "tenure":
        return Measure("tenure")
    return Measure(leaf.metric, types, excluded, leaf.window, leaf.field)


def number(value: Decimal | int) -> int | float:
    """A number as JSON and people have it: whole where it is whole."""
    return int(value) if value == int(value) else float(value)
