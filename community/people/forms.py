"""What a person must be, whether they come by page or command line; what is wrong is said in the language at work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from community.kit.errors import InputRefused, Problem
from community.kit.i18n import LANGUAGES
from community.kit.i18n import gettext as _
from community.kit.text import excerpt, line_of
from community.people.rules import account_of

NAME_CHARACTERS = 200
EMAIL_CHARACTERS = 254
LOCAL_CHARACTERS = 64
ZONE_CHARACTERS = 64

_EMAIL = re.compile(r"""[^\s@"(),:;<>\[\]\\]+@[^\s@"(),:;<>\[\]\\.]+(?:\.[^\s@"(),:;<>\[\]\\.]+)*""")


class PersonForm(NamedTuple):
    """A person as checked; `folded` is the address by which persons are told apart."""

    email: str
    folded: str
    name: str
    locale: str | None


class Profile(NamedTuple):
    """What people say of themselves: name, language, and the zone in which they read times."""

    name: str
    locale: str | None
    timezone: str | None


def email_of(text: str) -> str:
    """An address to which mail can be sent, NFC. Raises ValueError."""
    email = _line(text, EMAIL_CHARACTERS)
    local, _at, domain = email.rpartition("@")
    well_formed = _EMAIL.fullmatch(email) and not any(unicodedata.category(c) == "Cf" for c in email)
    if not well_formed or len(local) > LOCAL_CHARACTERS or not local.isascii() or not _is_domain(domain):
        raise ValueError(_("an address such as ada@example.org"))
    return email


def _is_domain(text: str) -> bool:
    """Whether mail servers can look it up."""
    try:
        return all(text.encode("idna").split(b"."))
    except UnicodeError:
        return False


def name_of(text: str) -> str:
    """What somebody is called, in one line. Raises ValueError."""
    return _line(text, NAME_CHARACTERS)


def _line(text: str, most: int) -> str:
    try:
        line = line_of(text)
    except ValueError:
        raise ValueError(_("text without control characters")) from None
    if len(line) > most:
        raise ValueError(_("at most {number} characters").format(number=most))
    return line


def locale_of(text: str) -> str:
    """A language that the product speaks. Raises ValueError."""
    if text not in LANGUAGES:
        raise ValueError(", ".join(LANGUAGES))
    return text


def timezone_of(text: str) -> str:
    """The IANA name of a zone. Raises ValueError."""
    if text not in timezones():
        raise ValueError(_("a zone such as Europe/Paris"))
    return text


@cache
def timezones() -> tuple[str, ...]:
    """The names of all zones that are places, in their order."""
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


def read_person(values: Mapping[str, str]) -> PersonForm:
    """A person from `email`, `name` and `locale`. Raises InputRefused with all that is wrong."""
    found = _read(values, {"email": (email_of, True), "name": (name_of, True), "locale": (locale_of, False)})
    email = found["email"] or ""
    return PersonForm(email, account_of(email), found["name"] or "", found["locale"])


def read_profile(values: Mapping[str, str]) -> Profile:
    """Name, language and zone. Raises InputRefused with all that is wrong."""
    found = _read(values, {"name": (name_of, True), "locale": (locale_of, False), "timezone": (timezone_of, False)})
    return Profile(found["name"] or "", found["locale"], found["timezone"])


def read_email(values: Mapping[str, str]) -> str:
    """The address alone. Raises InputRefused."""
    return _read(values, {"email": (email_of, True)})["email"] or ""


def password_refused(weakness: str, shortest: int) -> InputRefused:
    """The error for a weak password (`rules.weakness`); what was typed is not repeated."""
    accepted = {
        "short": lambda: _("at least {number} characters").format(number=shortest),
        "long": lambda: _("a shorter one"),
        "common": lambda: _("one that is not among the first to be tried"),
        "known": lambda: _("one that is more than your name, your address or the name of the programme"),
    }[weakness]()
    return InputRefused([Problem("password", "", accepted)], f"password: accepted: {accepted}")


def _read(values: Mapping[str, str], columns: Mapping[str, tuple[Callable[[str], str], bool]]) -> dict[str, str | None]:
    """The values by their names, None where empty. Raises InputRefused with all that is wrong."""
    found: dict[str, str | None] = {}
    wrong: list[Problem] = []
    for name, (read, required) in columns.items():
        text = values.get(name, "").strip()
        try:
            found[name] = read(text) if text else None
            if required and not text:
                raise ValueError(_("something; it is needed"))
        except ValueError as error:
            wrong.append(Problem(name, excerpt(text), str(error)))
    if wrong:
        said = "\n".join(f"{one.path}: found {one.found!r}; accepted: {one.accepted}" for one in wrong)
        raise InputRefused(wrong, said)
    return found
