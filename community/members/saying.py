"""The form of a profile: what members say of themselves, and to whom; what is wrong is said in the language at work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from community.kit.errors import InputRefused, Problem
from community.kit.i18n import gettext as _
from community.kit.languages import normalise_language
from community.kit.places import normalise_country
from community.kit.text import block_of, excerpt, fold, line_of
from community.kit.urls import normalise_url
from community.members.rules import FIELDS, USUAL, Audience
from community.people.forms import name_of

BIOGRAPHY_CHARACTERS = 4_000
LINKS, LANGUAGES, SKILLS = 8, 12, 12
LINK_CHARACTERS = 500
SKILL_CHARACTERS = 40

_BETWEEN = re.compile(r"[,;\n]")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Said:
    """A profile as checked; `to` has an audience for each of `FIELDS`."""

    name: str
    biography: str | None
    country: str | None
    languages: tuple[str, ...]
    links: tuple[str, ...]
    expertise: tuple[str, ...]
    to: Mapping[str, Audience]


def read_said(values: Mapping[str, str]) -> Said:
    """A profile from the fields of a form; lists are written with commas or a line each. Raises InputRefused."""
    wrong: list[Problem] = []

    def read(name: str, reader: Callable[[str], Read], otherwise: Read) -> Read:
        text = values.get(name, "").strip()
        try:
            return reader(text)
        except ValueError as error:
            wrong.append(Problem(name, excerpt(text), str(error)))
            return otherwise

    to = {field: read(f"{field}_to", _audience, USUAL) for field in FIELDS}
    found = Said(
        read("name", _name, ""), read("biography", _biography, None), read("country", _country, None),
        read("languages", _languages, ()), read("links", _links, ()), read("expertise", _expertise, ()), to,
    )  # fmt: skip
    if wrong:
        raise InputRefused(wrong, "\n".join(f"{one.path}: accepted: {one.accepted}" for one in wrong))
    return found


def _name(text: str) -> str:
    if not text:
        raise ValueError(_("something; it is needed"))
    return name_of(text)


def _biography(text: str) -> str | None:
    try:
        block = block_of(text)
    except ValueError:
        raise ValueError(_("text without control characters")) from None
    _at_most(block, BIOGRAPHY_CHARACTERS)
    return block or None


def _country(text: str) -> str | None:
    code, known = normalise_country(text) if text else ("", False)
    if text and not known:
        raise ValueError(_("a country of the list"))
    return code or None


def _languages(text: str) -> tuple[str, ...]:
    found = [normalise_language(one) for one in _listed(text, LANGUAGES)]
    if not all(known for _tag, known in found):
        raise ValueError(_("languages by code or English name, such as fr, en, Spanish"))
    return tuple(dict.fromkeys(tag for tag, _known in found))


def _links(text: str) -> tuple[str, ...]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > LINKS:
        raise ValueError(_("at most {number} of them").format(number=LINKS))
    try:
        return tuple(dict.fromkeys(_at_most(normalise_url(one), LINK_CHARACTERS) for one in lines))
    except ValueError:
        raise ValueError(_("links that begin with http:// or https://, one a line")) from None


def _expertise(text: str) -> tuple[str, ...]:
    found = _listed(text, SKILLS)
    for one in found:
        _at_most(one, SKILL_CHARACTERS)
        if any(unicodedata.category(c) in ("Cf", "Cc", "Cs") for c in one):
            raise ValueError(_("characters that can be seen"))
    return tuple({fold(one): one for one in found}.values())


def _audience(text: str) -> Audience:
    if not text:
        return USUAL
    try:
        return Audience(text)
    except ValueError:
        raise ValueError(", ".join(Audience)) from None


def _listed(text: str, most: int) -> list[str]:
    """The parts between commas and lines, none empty."""
    try:
        found = [line_of(part) for part in _BETWEEN.split(text)]
    except ValueError:
        raise ValueError(_("text without control characters")) from None
    found = [one for one in found if one]
    if len(found) > most:
        raise ValueError(_("at most {number} of them").format(number=most))
    return found


def _at_most(text: str, most: int) -> str:
    if len(text) > most:
        raise ValueError(_("at most {number} characters").format(number=most))
    return text


def shown_link(url: str) -> str:
    """A link as people read it: without scheme, the host as it is looked up where its letters could be mistaken."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = ascii(host)[1:-1]
    path = parts.path if parts.path != "/" else ""
    return host + path
