"""Countries, by code, English name or common alias, to the two letters of ISO 3166-1."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

from babel import Locale
from babel.core import get_global

# Codes that Unicode has beside those of ISO 3166-1: regions, reserved ones, pseudo-locales. Kosovo's XK stays.
_NOT_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
_WORDS = re.compile(r"[^\W_]+")
_REMEMBERED = 10_000
_known: dict[str, tuple[str, bool]] = {}


def normalise_country(text: str) -> tuple[str, bool]:
    """Two capital letters (`UK` and `England` give `GB`) and True; what is not known as it stands, and False."""
    found = _known.get(text)
    if found is None:
        code = _codes().get(_key(text)) if len(text) <= 200 else None
        found = (code, True) if code else (text, False)
        if len(_known) < _REMEMBERED:
            _known[text] = found
    return found


@cache
def _codes() -> dict[str, str]:
    """Every code, name and alias, as `_key` writes it, to its code; codes beat names, names beat aliases."""
    names = {
        code: name
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }
    found = dict(_aliases())
    for long, short in get_global("territory_aliases").items():
        if long.isalpha() and len(short) == 1 and short[0] in names:
            found[_key(long)] = short[0]
    found |= {_key(name): code for code, name in names.items()}
    found |= {_key(code): code for code in names}
    found.pop("", None)
    return found


def _aliases() -> dict[str, str]:
    """The lines `GB: UK, England, …` of the file beside this one."""
    text = (resources.files(__package__) / "country_aliases.txt").read_text("utf-8")
    found: dict[str, str] = {}
    for line in text.splitlines():
        code, _, names = line.partition(":")
        if names and not line.startswith("#"):
            found |= {_key(name): code for name in names.split(",")}
    return found


def _key(name: str) -> str:
    """A name as it is looked up: case, accents, dots, `the` and `and` set aside."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = _WORDS.findall(plain.replace(".", "").replace("’", "").replace("'", "").casefold())
    return " ".join(word for word in words if word not in {"the", "and"}) or " ".join(words)


def country_names(language: str) -> dict[str, str]:
    """Every country by its code, as it is called in a language."""
    names = Locale(language).territories
    return {code: names.get(code, code) for code in sorted(set(_codes().values()))}


def country_name(code: str, language: str) -> str:
    """What a country is called in a language; what is no code, as it stands."""
    return str(Locale(language).territories.get(code, code))
