"""What a person must be, wherever they come from: page or command line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from community.kit.cells import Finding
from community.kit.columns import Column, line_reader, read_columns
from community.kit.errors import InputRefused, Problem
from community.kit.i18n import LANGUAGES
from community.kit.text import line_of
from community.people.rules import account_of

NAME_CHARACTERS = 200
EMAIL_CHARACTERS = 254
_EMAIL = re.compile(r"""[^\s@"(),:;<>\[\]\\]+@[^\s@"(),:;<>\[\]\\.]+(?:\.[^\s@"(),:;<>\[\]\\.]+)*""")
_ADDRESS = "accepted: an address such as ada@example.org"


class PersonForm(NamedTuple):
    """A person as checked; `folded` is the address by which persons are told apart."""

    email: str
    folded: str
    name: str
    locale: str | None


def email_of(text: str) -> str:
    """An address to which mail can be sent, NFC. Raises ValueError."""
    email = line_of(text)
    if len(email) > EMAIL_CHARACTERS:
        raise ValueError(f"has {len(email)} characters; accepted: at most {EMAIL_CHARACTERS}")
    if not _EMAIL.fullmatch(email) or any(unicodedata.category(c) == "Cf" for c in email):
        raise ValueError(_ADDRESS)
    local, _, domain = email.rpartition("@")
    try:
        labels = domain.encode("idna").split(b".")
    except UnicodeError:
        raise ValueError(_ADDRESS) from None
    if len(local) > 64 or not all(labels):
        raise ValueError(_ADDRESS)
    if not local.isascii():
        raise ValueError(f"{_ADDRESS}, with letters of English before the @")
    return email


def locale_of(text: str) -> str:
    """A language that the product speaks. Raises ValueError."""
    if text not in LANGUAGES:
        raise ValueError(f"accepted: {', '.join(LANGUAGES)}")
    return text


@cache
def timezones() -> frozenset[str]:
    """The names of all zones."""
    return frozenset(available_timezones())


def timezone_of(text: str) -> str:
    """The IANA name of a zone. Raises ValueError."""
    if text not in timezones():
        raise ValueError("accepted: an IANA name such as Europe/Paris")
    return text


_EMAIL_COLUMN = Column("email", email_of, required=True)
_NAME_COLUMN = Column("name", line_reader(NAME_CHARACTERS), required=True)
_LOCALE_COLUMN = Column("locale", locale_of)
_TIMEZONE_COLUMN = Column("timezone", timezone_of)


def read_person(values: Mapping[str, object]) -> PersonForm:
    """A person from `email`, `name` and `locale`. Raises InputRefused with all that is wrong."""
    email, name, locale = _read([_EMAIL_COLUMN, _NAME_COLUMN, _LOCALE_COLUMN], values)
    return PersonForm(email, account_of(email), name, locale)


class Profile(NamedTuple):
    """What people say of themselves: name, language, and the zone in which they read times."""

    name: str
    locale: str | None
    timezone: str | None


def read_profile(values: Mapping[str, object]) -> Profile:
    """Name, language and zone. Raises InputRefused with all that is wrong."""
    return Profile(*_read([_NAME_COLUMN, _LOCALE_COLUMN, _TIMEZONE_COLUMN], values))


def read_email(values: Mapping[str, object]) -> str:
    """The address alone. Raises InputRefused."""
    [email] = _read([_EMAIL_COLUMN], values)
    return str(email)


def password_refused(weakness: str, shortest: int) -> InputRefused:
    """The error for a weak password (`rules.weakness`); what was typed is not repeated."""
    accepted = {
        "short": f"at least {shortest} characters",
        "long": "a shorter one",
        "common": "one that is not among the first to be tried",
        "known": "one that is more than your name, your address or the name of the programme",
    }[weakness]
    return InputRefused([Problem("password", "a weak password", accepted)], f"password: accepted: {accepted}")


def _read(columns: list[Column], values: Mapping[str, object]) -> list[Any]:
    wrong: list[Finding] = []
    found = read_columns(columns, values, wrong, [])
    if wrong:
        raise InputRefused(
            [Problem(one.column, repr(one.value), one.message.removeprefix("accepted: ")) for one in wrong],
            "\n".join(f"{one.column}: {one.message}" for one in wrong),
        )
    return found
