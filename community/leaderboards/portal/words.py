"""What a board measures, and periods, in the words of the page."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.programmes.said import window_said

__all__ = ["country_said", "metric_words", "period_said", "window_said"]


def metric_words(metric: str) -> str:
    """What a board ranks by."""
    return {
        "points": lambda: _("Points"),
        "contributions": lambda: _("Contributions"),
        "distinct_types": lambda: _("Different types"),
        "reach": lambda: _("Reach"),
        "active_days": lambda: _("Active days"),
        "active_months": lambda: _("Active months"),
    }[metric]()


def period_said(first: date, last: date) -> str:
    """A period as people call it: October 2026, 4th quarter 2026, 2026, else its first and last day."""
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1] and first.year == last.year:
        months = last.month - first.month + 1
        if months == 1:
            return i18n.day(first, "LLLL y")
        if months == 3 and first.month % 3 == 1:
            return i18n.day(first, "QQQQ y")
        if months == 12:
            return i18n.day(first, "y")
    return _("{first} to {last}").format(first=i18n.day(first), last=i18n.day(last))


def country_said(code: str) -> str:
    """What a country is called."""
    return str(i18n.LOCALES[i18n.language()].territories.get(code, code))
