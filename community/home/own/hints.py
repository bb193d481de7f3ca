"""The one hint under a reason: what would close it soonest, given what the member usually does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext, number
from community.members.queries import MemberRow
from community.programmes.windows import plus_days
from community.standings.queries.ahead import Year
from community.standings.rules.ahead import Credit, counts
from community.standings.rules.ladder import Ladder, Shown
from community.standings.rules.measures import measure_of
from community.standings.rules.missing import Usual, pace, reached_on, usual

MONTH_DAYS = Fraction(365, 12)
MANY = 12
"""More contributions than this are no advice."""


class Hints:
    """What one member usually does, and what that comes to."""

    def __init__(
        self, ladder: Ladder, member: MemberRow, credited: Sequence[Credit], year: Year, said: Callable[[str], str]
    ) -> None:
        self._ladder, self._credited, self._year, self._said = ladder, credited, year, said
        self._joined_on, self._day = member.joined_on, plus_days(year.days[0], -1)

    @cached_property
    def usual(self) -> list[Usual]:
        """What they do most often."""
        return usual(self._credited, self._day)

    def of(self, reason: dict[str, Any], shown: Shown) -> str:
        """The hint for a reason; empty where it is met, or nothing that one does would close it."""
        low, metric = reason["min"], reason["metric"]
        if reason["met"] or low is None or reason["actual"] >= low:
            return ""
        if metric in ("tenure", "held"):
            return _("Reached on %(day)s") % {"day": i18n.day(plus_days(self._day, ceil(low - reason["actual"])))}
        if metric == "active_months":
            return self._this_month(reason, shown)
        if metric == "active_days":
            return _("Each day with a contribution counts once")
        if metric == "distinct_types":
            return _("One of a type that you have not yet counts here")
        if metric == "best_month":
            return ""
        return self._at_this_pace(shown) or self.such_as(reason, shown)

    def _this_month(self, reason: dict[str, Any], shown: Shown) -> str:
        """What one makes it, where there was none yet in this month and it counts."""
        measure = measure_of(shown.leaf)
        first, last = measure.days(self._day, self._ladder.cycle)
        begun = self._day.replace(day=1)
        had = sum(
            one.contributions
            for one in self._credited
            if one.field is None and max(begun, first or begun) <= one.day <= self._day and counts(measure, one)
        )
        if had > 0 or last < self._day:
            return ""
        return _("One this month makes it %(n)s") % {"n": number(reason["actual"] + 1)}

    def _at_this_pace(self, shown: Shown) -> str:
        """When it is reached if one goes on as one did; empty where that takes more than a year."""
        measure = self._ladder.measures[shown.test.place]
        rate = pace(measure, self._credited, self._joined_on, self._day)
        if not rate:
            return ""
        found = reached_on(self._ladder, shown, rate, self._day, self._year.days, self._year.values)
        if found is None:
            return ""
        form = "MMMM" if found.year == self._day.year else "MMMM y"
        names = {"month": i18n.day(found, form)}
        a_month = rate * MONTH_DAYS / measure.scale
        if a_month >= 1:
            return _("At your pace of %(n)s a month: in %(month)s") % {**names, "n": number(round(a_month))}
        return _("At your pace of %(n)s a year: in %(month)s") % {**names, "n": number(round(a_month * 12))}

    def such_as(self, reason: dict[str, Any], shown: Shown) -> str:
        """How many contributions would close a gap in points: of what they usually do, else of what gives most."""
        if reason["metric"] != "points":
            return ""
        gap = reason["min"] - reason["actual"]
        kinds = [one for one in self.usual if one.points_each > 0 and counts(measure_of(shown.leaf), _of(one.type))]
        if kinds:
            best = max(kinds[:3], key=lambda one: one.points_each)
            if (count := ceil(gap / best.points_each)) <= MANY:
                text = ngettext(
                    "%(n)s contribution of type %(type)s is enough, going by yours so far",
                    "%(n)s contributions of type %(type)s are enough, going by yours so far",
                    count,
                )
                return text % {"n": number(count), "type": self._said(best.type)}
        return self._by_the_book(gap, shown)

    def _by_the_book(self, gap: float, shown: Shown) -> str:
        """The same for the type with the highest price to begin with."""
        types = [one for one in self._ladder.book.contribution_types if counts(measure_of(shown.leaf), _of(one.key))]
        best = max(types, key=lambda one: one.points.base, default=None)
        if best is None or best.points.base <= 0 or (count := ceil(gap / best.points.base)) > MANY:
            return ""
        text = ngettext(
            "%(n)s contribution of type %(type)s would be enough, at %(points)s or more",
            "%(n)s contributions of type %(type)s would be enough, at %(points)s or more each",
            count,
        )
        return text % {"n": number(count), "type": self._said(best.key), "points": number(best.points.base)}


def _of(type_key: str) -> Credit:
    return Credit(date.min, type_key, 0, 0, 0)
