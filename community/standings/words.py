"""Requirements and reasons as people read them, in the language of the page: the same on every page and in mails.

`said` gives the name of a contribution type. Beside what every reason has, `field` (its name) and `except` (types) are
said where they are given. A number stands as `%(n)s`, in groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from math import ceil, floor
from typing import Any

from community.kit.i18n import day as day_words
from community.kit.i18n import either, gettext, ngettext, number, pgettext
from community.programmes.windows import parse_window

Said = Callable[[str], str]


def requirement(reason: Mapping[str, Any], said: Said) -> str:
    """What a leaf asks for: `10 contributions of type Talk`, `at most 3 different types`."""
    low, high = bounds(reason)
    if low is None:
        return gettext("at most %(what)s") % {"what": _asked(reason, high or 0, said)}
    if high is None:
        return _asked(reason, low, said)
    return gettext("%(low)s to %(what)s") % {"low": number(low), "what": _asked(reason, high, said)}


def gap(reason: Mapping[str, Any], said: Said) -> str:
    """How much of it is missing: `2 contributions of type Talk`; of a best month all, since another one begins at 0."""
    if reason["metric"] == "best_month":
        return requirement(reason, said)
    if reason["metric"] in ("tenure", "held"):
        days = ceil(reason["min"] - reason["actual"])
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": number(days)}
    return _asked(reason, max(0, (reason["min"] or 0) - reason["actual"]), said, more=True)


def bounds(reason: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The bounds as people read them: whole things are asked for as whole ones, as a share of a bound need not be."""
    low, high = reason["min"], reason["max"]
    if reason["metric"] == "field":
        return low, high
    return None if low is None else ceil(low), None if high is None else floor(high)


def window(reason: Mapping[str, Any]) -> str:
    """The days that count: `in the last 365 days, since 25 November 2025`; empty for all time."""
    if reason["window"] in (None, "lifetime"):
        return ""
    parsed = parse_window(reason["window"])
    first, last = _day(reason["from"]), _day(reason["ends"] or reason["to"])
    if parsed.unit == "days":
        words = ngettext("in the last day, %(first)s", "in the last %(n)s days, since %(first)s", parsed.count)
        return words % {"n": number(parsed.count), "first": first}
    if parsed.unit == "months":
        words = ngettext(
            "in the last month, since %(first)s", "in the last %(n)s months, since %(first)s", parsed.count
        )
        return words % {"n": number(parsed.count), "first": first}
    return gettext("from %(first)s to %(last)s") % {"first": first, "last": last}


def _day(text: str) -> str:
    return day_words(date.fromisoformat(text))


def _asked(reason: Mapping[str, Any], value: float, said: Said, *, more: bool = False) -> str:
    """So much of a metric."""
    count = value if reason["metric"] == "field" else ceil(value)
    text = _METRICS[reason["metric"]](ceil(count))
    if more and reason["metric"] == "distinct_types":
        text = ngettext("%(n)s more type of contribution", "%(n)s more types of contribution", int(count))
    told = text % {"n": number(count)}
    if reason.get("field"):
        told = gettext("%(what)s in the field %(field)s") % {"what": told, "field": reason["field"]}
    return _of_types(told, reason, said)


def _of_types(told: str, reason: Mapping[str, Any], said: Said) -> str:
    """The types that it looks at, where it does not look at all."""
    if reason["types"]:
        named = {"what": told, "types": either(said(key) for key in reason["types"])}
        if reason["metric"] == "distinct_types":
            return gettext("%(what)s out of %(types)s") % named
        if reason["metric"] == "contributions":
            return gettext("%(what)s of type %(types)s") % named
        return gettext("%(what)s from contributions of type %(types)s") % named
    if reason.get("except"):
        named = {"what": told, "types": either(said(key) for key in reason["except"])}
        return gettext("%(what)s of any type but %(types)s") % named
    return told


_METRICS: Mapping[str, Callable[[int], str]] = {
    "points": lambda n: ngettext("%(n)s point", "%(n)s points", n),
    "contributions": lambda n: ngettext("%(n)s contribution", "%(n)s contributions", n),
    "distinct_types": lambda n: ngettext("%(n)s type of contribution", "%(n)s different types of contribution", n),
    "reach": lambda _n: gettext("a reach of %(n)s"),
    "active_days": lambda n: ngettext("%(n)s day with a contribution", "%(n)s days with a contribution", n),
    "active_months": lambda n: ngettext("%(n)s month with a contribution", "%(n)s months with a contribution", n),
    "best_month": lambda n: ngettext("%(n)s point in one month", "%(n)s points in one month", n),
    "field": lambda _n: gettext("a sum of %(n)s"),
    "tenure": lambda n: ngettext("%(n)s day as a member", "%(n)s days as a member", n),
    "held": lambda n: ngettext("%(n)s day in the present tier", "%(n)s days in the present tier", n),
}


def combined(word: str, count: int, of: int) -> str:
    """What a combination of `of` parts asks for: `two of these three`; empty where there is nothing to choose."""
    if word == "none":
        return pgettext("requirements", "none of these") if of > 1 else pgettext("requirements", "not this")
    if of == 1:
        return ""
    if count == of:
        return gettext("all of these")
    return ngettext("one of these %(of)s", "%(n)s of these %(of)s", count) % {"n": number(count), "of": number(of)}
