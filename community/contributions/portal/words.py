"""What pages say of contributions, in the language at work: states, prices, caps, and what is wrong in a form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale

from community.contributions.forms import FIELD_TEXT_CHARACTERS, TITLE_CHARACTERS
from community.contributions.models import State
from community.contributions.rules import PriceLine
from community.kit import i18n
from community.kit.cells import Finding
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext, pgettext
from community.programmes.book import (
    AllOf,
    AnyOf,
    Bonus,
    Book,
    Cap,
    Condition,
    ContributionField,
    ContributionType,
    FieldIn,
    FieldIs,
    NoneOf,
)

Said = Callable[[Any], str]
"""Says a text of the book in the language of the page."""

SPOKEN = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "sw", "ta", "th",
    "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
"""The languages that the form offers; any other may come by a file or the API."""

TONES = {
    State.APPROVED.value: "good",
    State.RETURNED.value: "warn",
    State.REJECTED.value: "bad",
    State.REVERSED.value: "bad",
}
"""The colours of states, each beside its word."""


def state_words() -> dict[str, str]:
    """The states as people say them."""
    return {
        State.SUBMITTED.value: _("in review"),
        State.RETURNED.value: _("to change"),
        State.APPROVED.value: _("approved"),
        State.REJECTED.value: _("rejected"),
        State.WITHDRAWN.value: _("withdrawn"),
        State.REVERSED.value: _("taken back"),
    }


@cache
def _names(language: str) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    locale = Locale(language)
    spoken = sorted(((code, locale.languages.get(code, code)) for code in SPOKEN), key=lambda one: one[1].casefold())
    places = [(code, name) for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()]
    known = [one for one in places if one[0] not in ("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ")]
    titled = ((code, name[:1].upper() + name[1:]) for code, name in spoken)
    return tuple(titled), tuple(sorted(known, key=lambda one: one[1].casefold()))


def languages() -> list[tuple[str, str]]:
    """Codes and names of languages, in the order of their names."""
    return list(_names(i18n.language())[0])


def countries() -> list[tuple[str, str]]:
    """Codes and names of countries, in the order of their names."""
    return list(_names(i18n.language())[1])


def language_name(code: str) -> str:
    """What a language is called; the code of one that nobody knows."""
    return str(Locale(i18n.language()).languages.get(code, code))


def country_name(code: str) -> str:
    """What a country is called."""
    return str(Locale(i18n.language()).territories.get(code, code))


def value_words(field: ContributionField | None, value: Any, said: Said) -> str:
    """A value of a field as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field is not None and field.type == "choice":
        return _choice(field, value, said)
    if field is not None and field.type == "country":
        return country_name(str(value))
    if field is not None and field.type in ("integer", "decimal"):
        return i18n.number(Decimal(str(value)))
    return str(value)


def _choice(field: ContributionField, key: Any, said: Said) -> str:
    found = next((one for one in field.choices or () if one.key == str(key)), None)
    return str(key) if found is None or found.name is None else said(found.name)


class Prices:
    """The lines of a receipt in words: of one type, for the values of one contribution."""

    def __init__(self, kind: ContributionType, values: Mapping[str, Any], said: Said) -> None:
        self._kind = kind
        self._values = values
        self._said = said

    def label(self, line: PriceLine) -> str:
        """What a line is for."""
        if line.path == "points.base":
            return self._said(self._kind.name)
        place = int(line.path.partition("[")[2].rstrip("]"))
        if line.times is not None:
            return self._condition(self._kind.points.factors[place].when)
        return self._bonus(self._kind.points.bonuses[place])

    def _bonus(self, bonus: Bonus) -> str:
        if bonus.when is not None:
            return self._condition(bonus.when)
        assert bonus.per is not None
        assert bonus.every is not None
        given = i18n.number(Decimal(str(self._values.get(bonus.per) or 0)))
        words = _("%(field)s: %(number)s, %(points)s per %(every)s") % {
            "field": self._name(bonus.per), "number": given, "points": i18n.number(bonus.points),
            "every": i18n.number(bonus.every),
        }  # fmt: skip
        if bonus.at_most is None:
            return words
        return _("%(words)s, at most %(number)s") % {"words": words, "number": i18n.number(bonus.at_most)}

    def _condition(self, condition: Condition) -> str:
        if isinstance(condition, AllOf):
            return i18n.listed(self._condition(one) for one in condition.all)
        if isinstance(condition, AnyOf):
            return _or(self._condition(one) for one in condition.any)
        if isinstance(condition, NoneOf):
            return _("not: %(words)s") % {"words": _or(self._condition(one) for one in condition.none)}
        if isinstance(condition, FieldIs | FieldIn):
            return self._value(condition.field)
        return f"{self._name(condition.field)} {_range(condition.min, condition.max)}"

    def _value(self, key: str) -> str:
        """What the contribution says in a field that a condition asks about."""
        value = self._values.get(key)
        if key == "language":
            return _("in %(language)s") % {"language": language_name(str(value))}
        if key == "has_url":
            return _("with a link") if value else _("without a link")
        words = value_words(self._kind.fields_by_key.get(key), value, self._said)
        field = self._kind.fields_by_key.get(key)
        if field is not None and field.type == "choice":
            return words
        return _("%(label)s: %(value)s") % {"label": self._name(key), "value": words}

    def _name(self, key: str) -> str:
        field = self._kind.fields_by_key.get(key)
        return key if field is None else self._said(field.name)


def _or(words: Iterable[str]) -> str:
    return f" {_('or')} ".join(words)


def cap_words(cap: Cap, book: Book, said: Said) -> str:
    """A cap: `at most 50 points a month for Answer`."""
    period = {
        "day": pgettext("period", "a day"),
        "week": pgettext("period", "a week"),
        "month": pgettext("period", "a month"),
        "quarter": pgettext("period", "a quarter"),
        "year": pgettext("period", "a year"),
        "cycle": pgettext("period", "a programme cycle"),
        "lifetime": pgettext("period", "for good"),
    }[cap.per]
    number = cap.points if cap.points is not None else cap.contributions or 0
    if cap.points is not None:
        most = ngettext("at most %(number)s point %(period)s", "at most %(number)s points %(period)s", number)
    else:
        most = ngettext(
            "points for %(number)s contribution %(period)s", "points for %(number)s contributions %(period)s", number
        )
    words = most % {"number": i18n.number(number), "period": period}
    if cap.types is not None:
        return _("%(words)s of type %(types)s") % {"words": words, "types": _or(_kinds(cap.types, book, said))}
    if cap.except_ is not None:
        return _("%(words)s, %(types)s set aside") % {
            "words": words,
            "types": i18n.listed(_kinds(cap.except_, book, said)),
        }
    return words


def _kinds(keys: Iterable[str], book: Book, said: Said) -> list[str]:
    return [said(book.types_by_key[key].name) if key in book.types_by_key else key for key in keys]


def fault_words(fault: Finding, kind: ContributionType | None) -> str:
    """What a field of the form accepts, where what it was given is wrong."""
    field = kind.fields_by_key.get(fault.column) if kind is not None else None
    if fault.column == "type":
        return _("choose one of these")
    if fault.message == "required":
        return _("fill this in")
    if fault.column == "url" and kind is not None and kind.evidence == "none":
        return _("leave this empty: the type takes no link")
    if field is not None:
        return _field_words(field)
    return {
        "title": _("one line of at most %(number)s characters") % {"number": i18n.number(TITLE_CHARACTERS)},
        "url": _("a link such as https://example.org/page"),
        "occurred_on": _("a day up to today"),
    }.get(fault.column, _("a text that is not quite as long"))


def _field_words(field: ContributionField) -> str:
    bounds = "" if field.min is None and field.max is None else " " + _range(field.min, field.max)
    match field.type:
        case "integer":
            return _("a whole number") + bounds
        case "decimal":
            return _("a number of at most 3 places, such as 12.5") + bounds
        case "date":
            return pgettext("field", "a day") + bounds
        case "choice" | "boolean" | "country":
            return _("choose one of these")
        case _:
            most = field.max if isinstance(field.max, int) else FIELD_TEXT_CHARACTERS
            return _("a text of at most %(number)s characters") % {"number": i18n.number(most)}


def _range(low: Any, high: Any) -> str:
    """Bounds, both included."""
    first, last = (_bound(one) for one in (low, high))
    if high is None:
        return _("from %(low)s on") % {"low": first}
    if low is None:
        return _("up to %(high)s") % {"high": last}
    return _("from %(low)s to %(high)s") % {"low": first, "high": last}


def _bound(value: Any) -> str:
    if isinstance(value, int | Decimal):
        return i18n.number(value)
    return i18n.day(value) if value is not None else ""


def content_words(row: Any, kind: ContributionType | None, said: Said) -> list[tuple[str, str]]:
    """What a contribution says beside title, type and link: label and value."""
    plain = {"occurred_on": row.occurred_on.isoformat(), "language": row.language, **row.fields}
    found = []
    for key, value in plain.items():
        if value is not None:
            label, read = label_words(key, kind, said)
            found.append((label, read(value)))
    return found


def label_words(key: str, kind: ContributionType | None, said: Said) -> tuple[str, Callable[[Any], str]]:
    """The label of what a contribution says under a key, and what reads it as JSON keeps it; `–` for nothing."""
    field = kind.fields_by_key.get(key) if kind is not None else None
    labels = {
        "type": _("Type"), "title": _("Title"), "url": _("Link"), "occurred_on": _("Date"), "language": _("Language"),
        "description": _("Description"),
    }  # fmt: skip
    label = labels.get(key) or (said(field.name) if field is not None else key)

    def read(value: Any) -> str:
        if value is None or value == "":
            return "–"
        if key == "occurred_on" or (field is not None and field.type == "date"):
            return i18n.day(date.fromisoformat(str(value)))
        if key == "language":
            return language_name(str(value))
        return value_words(field, value, said)

    return label, read
