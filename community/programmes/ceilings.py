"""The most points that caps leave to one member in a window (rulebook, section 5): a bound from above, for `lint`.

Every way of covering the point-giving types by caps bounds the sum; the lowest of those tried is taken. It may be too
high where caps overlap in clever ways, never too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import floor
from typing import Final

from community.programmes.book import Bonus, Book, Cap, ContributionType, Leaf
from community.programmes.windows import MONTHS_OF, CycleOf, parse_window

_FEWEST_DAYS: Final = (0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334)
"""The fewest days of that many consecutive months, below a year (365)."""
_MOST_DAYS: Final = (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)
"""The most days of that many consecutive months, below a year (366)."""


def highest_price(one: ContributionType) -> int | None:
    """The most points that one contribution of the type can get; None where nothing bounds it."""
    most = Decimal(one.points.base)
    for bonus in one.points.bonuses:
        if bonus.per is not None and _without_bound(bonus, one):
            return None
        if bonus.points > 0:
            most += bonus.points if bonus.at_most is None else bonus.at_most
    for factor in one.points.factors:
        most *= max(Decimal(1), factor.times)
    return max(0, floor(most))


def _without_bound(bonus: Bonus, one: ContributionType) -> bool:
    """Whether a `per` bonus can grow as the field does; a negative one grows as its field falls below 0."""
    if bonus.points > 0:
        return bonus.at_most is None
    field = one.fields_by_key.get(bonus.per or "")
    lowest = None if field is None or isinstance(field.min, date) else field.min
    return bonus.points < 0 and (lowest is None or lowest < 0)


def lowest_price(one: ContributionType) -> int:
    """Below 0 where the type can take points away."""
    losses = [bonus.points for bonus in one.points.bonuses if bonus.points < 0 and bonus.at_most != 0]
    return min(0, one.points.base + sum(losses))


class Ceilings:
    """What the caps of a book let one member have."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.prices = {one.key: highest_price(one) for one in book.contribution_types}

    def most_points(self, leaf: Leaf) -> int | None:
        """The most that the leaf (`points` or `best_month`) can come to; None where no cap bounds it."""
        giving = [key for key, price in self.prices.items() if price != 0 and leaf.covers(key)]
        window = "month" if leaf.metric == "best_month" else leaf.window
        bounds = [(cap, bound) for cap in self.book.caps if (bound := self._of(cap, window)) is not None]
        if not giving:
            return None
        whole = [bound for cap, bound in bounds if all(cap.covers(key) for key in giving)]
        each = _cover(giving, bounds)
        return min([*whole, *([] if each is None else [each])], default=None)

    def _of(self, cap: Cap, window: str) -> int | None:
        """The most points that a cap leaves to its types in a window; None where that is without bound."""
        periods = periods_in(window, cap.per, self.book.programme.cycle)
        if periods is None:
            return None
        if cap.points is not None:
            return cap.points * periods
        prices = [price for key, price in self.prices.items() if cap.covers(key)]
        known = [price for price in prices if price is not None]
        if len(known) < len(prices) or cap.contributions is None:
            return None
        return cap.contributions * max(known, default=0) * periods


def _cover(giving: Sequence[str], bounds: Sequence[tuple[Cap, int]]) -> int | None:
    """The sum of the tightest cap of each type, each cap once; None where a type has none."""
    used: dict[int, int] = {}
    for key in giving:
        own = [(bound, index) for index, (cap, bound) in enumerate(bounds) if cap.covers(key)]
        if not own:
            return None
        bound, index = min(own)
        used[index] = bound
    return sum(used.values())


def periods_in(window: str, per: str, cycle: CycleOf) -> int | None:
    """The most periods of a cap that a window can touch; None where it has no end."""
    if per == "lifetime":
        return 1
    parsed = parse_window(window)
    if parsed.unit == "lifetime":
        return None
    if parsed.unit == "days":
        return _touched_by_days(parsed.count, per, cycle)
    months = parsed.count if parsed.unit == "months" else _months(parsed.unit, cycle)
    if per in ("day", "week"):
        return _touched_by_days(months // 12 * 366 + _MOST_DAYS[months % 12], per, cycle)
    length = _months(per, cycle)
    if parsed.unit != "months" and _aligned(parsed.unit, months, per, length, cycle):
        return max(1, months // length)
    return -(-months // length) + 1


def _touched_by_days(days: int, per: str, cycle: CycleOf) -> int:
    """The most periods that so many consecutive days touch: two ends, and the whole periods between them."""
    if per == "day" or days == 1:
        return days
    if per == "week":
        return (days - 2) // 7 + 2
    length = _months(per, cycle)
    between = 0
    while _fewest_days((between + 1) * length) + 2 <= days:
        between += 1
    return between + 2


def _fewest_days(months: int) -> int:
    return months // 12 * 365 + _FEWEST_DAYS[months % 12]


def _months(unit: str, cycle: CycleOf) -> int:
    return cycle.months if unit == "cycle" else MONTHS_OF[unit]


def _aligned(unit: str, months: int, per: str, length: int, cycle: CycleOf) -> bool:
    """Whether the periods of one fit into those of the other without rest."""
    if months % length and length % months:
        return False
    if (unit == "cycle") == (per == "cycle"):
        return True
    month, day = int(cycle.starts[:2]), int(cycle.starts[3:])
    return day == 1 and (month - 1) % min(months, length) == 0
