"""Languages: what people read is English in the code, and looked up in `locale/LANGUAGE/*.po`, a file a room.

The catalogues are read as they are, without a build step. The language at work is that of a context: whoever answers a
request or writes a mail says `with speaking("fr"):`, and `gettext` follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations

LOCALES = {"en": Locale("en", "GB"), "fr": Locale("fr", "FR")}
"""The languages that ship complete; days and numbers are written as there."""

LANGUAGES = tuple(LOCALES)
NATIVE = {"en": "English", "fr": "Français"}
"""Languages as those who speak them call them."""
FOLDER = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default="en")


def language() -> str:
    """The language at work."""
    return _language.get()


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """The language inside the block."""
    token = _language.set(wanted if wanted in LOCALES else "en")
    try:
        yield
    finally:
        _language.reset(token)


def chosen(*wanted: str | None, accepted: str = "") -> str:
    """The first of the wanted languages that there is, else the best of an Accept-Language header, else English.

    Wanted are in turn: that of the person, that of the programme.
    """
    for one in wanted:
        if one and (found := _known(one)):
            return found
    return next(filter(None, map(_known, _by_preference(accepted[:500]))), "en")


def _known(tag: str) -> str | None:
    found = negotiate_locale([tag.replace("-", "_")], LANGUAGES)
    return found or (tag.partition("-")[0].lower() if tag.partition("-")[0].lower() in LOCALES else None)


def _by_preference(header: str) -> Iterable[str]:
    """The tags of an Accept-Language header, the most wanted first."""
    weighed = []
    for place, part in enumerate(header.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        if tag and 0 < quality <= 1:
            weighed.append((-quality, place, tag))
    return [tag for _, _, tag in sorted(weighed)]


@cache
def translations(wanted: str) -> NullTranslations:
    """All catalogues of a language as one."""
    merged: NullTranslations = NullTranslations()
    for file in sorted((FOLDER / wanted).glob("*.po")):
        with file.open("rb") as opened:
            compiled = BytesIO()
            write_mo(compiled, read_po(opened, locale=wanted))
            compiled.seek(0)
        found = Translations(compiled)
        merged = found if not isinstance(merged, Translations) else merged.merge(found)
    return merged


def gettext(message: str) -> str:
    """The message in the language at work."""
    return translations(_language.get()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The same for a count: one form or the other, as the language has them."""
    return translations(_language.get()).ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """The same for a word that means different things: `pgettext("of a tier", "Open")`."""
    return translations(_language.get()).pgettext(context, message)


def npgettext(context: str, one: str, many: str, count: int) -> str:
    """Both."""
    return translations(_language.get()).npgettext(context, one, many, count)


def day(value: date, form: str = "long") -> str:
    """A day as people say it: 2 November 2026, 2 novembre 2026; `short` without what is plain: 2 Nov 2026."""
    said = format_date(value, {"short": "d MMM y", "long": "d MMMM y"}.get(form, form), _locale())
    return f"1er{said[1:]}" if said.startswith("1 ") and _language.get() == "fr" else said


def instant(value: datetime, zone: str = "UTC", form: str = "d MMMM y, HH:mm") -> str:
    """An instant in a reader's zone."""
    return format_datetime(value, form, ZoneInfo(zone), _locale())


def number(value: float | Decimal) -> str:
    """A number in groups: 23,140, 23 140."""
    return format_decimal(value, locale=_locale())


def percent(value: float | Decimal) -> str:
    """A share as a percentage: 0.5 is 50%, 50 %."""
    return format_percent(value, locale=_locale())


def listed(values: Iterable[str]) -> str:
    """One, two and three; un, deux et trois."""
    return format_list(list(values), locale=_locale())


def either(values: Iterable[str]) -> str:
    """One, two or three; un, deux ou trois."""
    return format_list(list(values), style="or", locale=_locale())


def _locale() -> Locale:
    return LOCALES[_language.get()]
