"""Prices and caps as people read them, in the language at work (rulebook, section 5)."""

from __future__ import annotations

from typing import Any

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext
from community.programmes.book import (
    AllOf,
    AnyOf,
    Cap,
    Condition,
    ContributionType,
    FieldIn,
    FieldIs,
    FieldRange,
)
from community.programmes.said.names import Names, between, either, plain, signed


class PricesSaid(Names):
    """The prices and caps of a book in the language at work."""

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
            value = between(condition.min, condition.max)
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
        return self.name(choices.get(str(value))) or plain(value)
