"""What holds for sign-in: how long what is good, how often what may be asked for, which passwords are refused, and what
a role allows. Values in, answers out."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from community.kit.rates.rate import Rate
from community.kit.text import fold


class State(StrEnum):
    """Whether a person may sign in."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class Role(StrEnum):
    """What a person is on a unit (and all that is below it) or on a programme; each may do what those after it may."""

    LEAD = "lead"
    MANAGER = "manager"
    REVIEWER = "reviewer"


class Purpose(StrEnum):
    """What a token is for."""

    SIGN_IN = "sign_in"
    RESET = "reset"
    VERIFY = "verify"
    INVITATION = "invitation"
    SET_UP = "set_up"


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


MEMBER_IDLE, MEMBER_WHOLE = timedelta(hours=12), timedelta(days=30)
STAFF_IDLE, STAFF_WHOLE = timedelta(minutes=30), timedelta(hours=12)
"""How long a session lives unused, and at all: of whoever holds a role it is short (trust, item 15)."""
CONFIRMED = timedelta(minutes=10)
"""For so long after one said who one is, what is sensitive may be changed (trust, item 4)."""
SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written down no more often than that."""
SET_BACK = timedelta(minutes=5)
"""A clock that was set back by more than that lengthens nothing: what was begun later than now is over."""

LIVES = {
    Purpose.SIGN_IN: timedelta(minutes=10),
    Purpose.RESET: timedelta(hours=1),
    Purpose.VERIFY: timedelta(hours=1),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.SET_UP: timedelta(hours=1),
}
"""How long a token is good (trust, item 10)."""

SIGN_IN_BY_ACCOUNT = Rate("sign-in", 10, 300)
SIGN_IN_BY_PLACE = Rate("sign-in-place", 100, 300)
SIGN_IN_BY_ALL = Rate("sign-in-all", 3_000, 300)
CONFIRM_BY_PERSON = Rate("confirm", 10, 300)
LINK_BY_ACCOUNT = Rate("link", 5, 900)
LINK_BY_PLACE = Rate("link-place", 50, 900)
LINK_BY_ALL = Rate("link-all", 1_000, 900)
TOKEN_BY_PLACE = Rate("token-place", 100, 300)

PASSWORD_FLOOR = 8
"""No setting goes below this length."""
PASSWORD_LENGTH = 15
PASSWORD_MOST = 1_000
OWN_CHARACTERS = 8
"""So many characters of a password must be neither words that anybody knows of its owner nor a common password."""
WORD_CHARACTERS = 3
"""Shorter words (of names, of addresses) are found in any text."""


class Place(NamedTuple):
    """What a role is held on: a unit with all that is below it, or a programme."""

    unit_id: int | None = None
    programme_id: int | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has a session, and what they are at the place that they ask for: a programme, a unit, or none.

    `roles` holds what is inherited from the units above, and what a role implies. `member_id` and `handle` are those
    of the membership of the programme, while it lasts. `leads_all`: they lead the topmost unit.
    """

    person_id: UUID
    session_id: UUID
    name: str
    email: str | None
    locale: str | None
    timezone: str | None
    seen_at: datetime
    confirmed_at: datetime
    programme_id: int | None
    unit_id: int | None
    roles: frozenset[Role]
    member_id: int | None
    handle: str | None
    leads_all: bool


def alive(created_at: datetime, seen_at: datetime, now: datetime, *, staff: bool) -> bool:
    """Whether a session still is one; `staff`: its person holds a role."""
    idle, whole = (STAFF_IDLE, STAFF_WHOLE) if staff else (MEMBER_IDLE, MEMBER_WHOLE)
    return seen_at - SET_BACK <= now < min(seen_at + idle, created_at + whole)


def good(created_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether a token or an invitation is good now."""
    return created_at - SET_BACK <= now < ends_at


def confirmed(confirmed_at: datetime, now: datetime) -> bool:
    """Whether a person said who they are lately enough to change what is sensitive."""
    return confirmed_at - SET_BACK <= now < confirmed_at + CONFIRMED


def allowed(roles: Iterable[Role]) -> frozenset[Role]:
    """The roles that somebody may act in: a lead also as manager, a manager also as reviewer."""
    ladder = list(Role)
    held = [ladder.index(role) for role in roles]
    return frozenset(ladder[min(held) :]) if held else frozenset()


def words_of(*texts: str | None) -> frozenset[str]:
    """The words of names and addresses that a password must not lean on, folded."""
    whole = (fold_password(text) for text in texts if text)
    parts = {part for text in whole for part in ("".join(c if c.isalnum() else " " for c in text).split())}
    return frozenset(part for part in parts if len(part) >= WORD_CHARACTERS)


def titles_of(texts: Iterable[str]) -> frozenset[str]:
    """Titles that a password must not lean on, as a whole, with and without what stands between their words."""
    whole = {fold_password(text) for text in texts}
    whole |= {"".join(c for c in text if c.isalnum()) for text in whole}
    return frozenset(text for text in whole if len(text) >= WORD_CHARACTERS)


def account_of(email: str) -> str:
    """The form by which addresses are told apart: folded, and the domain as mail servers know it."""
    local, at, domain = fold(email).rpartition("@")
    if domain.isascii():
        return local + at + domain
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return local + at + domain


def fold_password(text: str) -> str:
    """A password as it is compared with lists: case, width and accents set aside. What is stored is never folded."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(c for c in plain if not unicodedata.combining(c)))


def weakness(password: str, common: Collection[str], words: Collection[str], shortest: int) -> str | None:
    """Why a password is refused: `short`, `long`, `common` or `known`; None for a good one.

    There is no rule of composition. `known`: without the words of its owner and of the programme hardly anything is
    left of it. `common`: it is in the list, also repeated or with digits and signs around.
    """
    if len(password) < max(PASSWORD_FLOOR, shortest):
        return "short"
    if len(password) > PASSWORD_MOST:
        return "long"
    folded = fold_password(password)
    if any(one in common for one in (folded, _unit(folded), _core(folded), _unit(_core(folded)))):
        return "common"
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != folded and len(rest) < OWN_CHARACTERS:
        return "known"
    return None


def _unit(text: str) -> str:
    """The shortest text of which this one is a repetition."""
    for length in range(1, len(text) // 2 + 1):
        if len(text) % length == 0 and text == text[:length] * (len(text) // length):
            return text[:length]
    return text


def _core(text: str) -> str:
    """The text without the digits and signs around it."""
    start, end = 0, len(text)
    while start < end and not text[start].isalpha():
        start += 1
    while end > start and not text[end - 1].isalpha():
        end -= 1
    return text[start:end]


def actor_of(person_id: UUID) -> str:
    """How a person stands in history."""
    return f"person:{person_id}"


def misplaced(role: Role, place: Place) -> bool:
    """Whether a role cannot be held there: on neither or both, or lead of a programme."""
    return (place.unit_id is None) == (place.programme_id is None) or (role is Role.LEAD and place.unit_id is None)


def person_of(actor: str) -> UUID | None:
    """The person that an actor of history is, if it is one."""
    kind, _, key = actor.partition(":")
    return UUID(key) if kind == "person" else None
