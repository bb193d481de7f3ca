"""Languages, by code or English name, to the shortest tag of BCP 47."""

from __future__ import annotations

import re

import langcodes
from babel import Locale

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_REMEMBERED = 10_000
_known: dict[str, tuple[str, bool]] = {}


def normalise_language(text: str) -> tuple[str, bool]:
    """The shortest tag (`fra` and `French` give `fr`) and True; what is not known as it stands, and False."""
    found = _known.get(text)
    if found is None:
        found = _look_up(text)
        if len(_known) < _REMEMBERED:
            _known[text] = found
    return found


def _look_up(text: str) -> tuple[str, bool]:
    wanted = text.strip()
    if len(wanted) > 100 or not wanted:
        return text, False
    tag = _by_tag(wanted) or _by_name(wanted)
    return (tag, True) if tag else (text, False)


def _by_tag(text: str) -> str | None:
    if not _TAG.fullmatch(text):
        return None
    try:
        language = langcodes.Language.get(text, normalize=True)
        return language.simplify_script().to_tag() if language.is_valid() else None
    except ValueError:  # a subtag out of place, such as "en-a"
        return None


def _by_name(text: str) -> str | None:
    try:
        return langcodes.find(text, "en").to_tag()
    except LookupError:
        return None


def language_name(tag: str, language: str) -> str:
    """What a language is called in another one; what is no tag, as it stands."""
    names = Locale(language).languages
    return str(names.get(tag.replace("-", "_")) or names.get(tag.partition("-")[0]) or tag)
