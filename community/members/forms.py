"""What a member must be, wherever they come from: page, API, command line or file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from community.kit.cells import Finding, boolean_of, finding
from community.kit.columns import Column, block_reader, country_column, line_reader, read_columns
from community.kit.days import DayReader, not_after
from community.kit.text import fold, handle_of
from community.members.models import Status

NAME_CHARACTERS = 200
EMAIL_CHARACTERS = 254
ATTRIBUTE_CHARACTERS = 10_000
COMMON = (
    "handle", "name", "email", "country", "joined_on", "status", "return_on", "left_on", "on_boards",
    "tier", "tier_since", "locked",
)  # fmt: skip
"""What every member may have; anything else is an attribute."""

_YEAR = re.compile(r"[0-9]{4}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_STATUSES = {str(status): status for status in Status}


class Lock(NamedTuple):
    """Whether a member is locked, and the last day of it (None: without end)."""

    locked: bool
    until: date | None = None


class MemberRow(NamedTuple):
    """A member as checked; None is what was not given. `attributes` holds the further columns that are not empty."""

    handle: str
    folded: str
    name: str | None
    email: str | None
    country: str | None
    joined_on: date | None
    status: Status | None
    return_on: date | None
    left_on: date | None
    on_boards: bool | None
    tier: str | None
    tier_since: date | None
    lock: Lock | None
    attributes: dict[str, str]
    warnings: tuple[Finding, ...] = ()


class MemberForm:
    """The form of one programme's members: `tiers` are the keys of its book, `days` reads dates, `today` is the last
    day that may have been (joining, leaving, gaining a tier)."""

    def __init__(self, tiers: Collection[str], days: DayReader, today: date) -> None:
        self._tiers = tiers
        self._days = days
        self._today = today
        self._columns = [
            Column("handle", handle_of, required=True),
            Column("name", line_reader(NAME_CHARACTERS)),
            Column("email", _email),
            country_column("country"),
            Column("joined_on", self._joined_on, doubt=_rough_day),
            Column("status", _status),
            Column("return_on", days.read),
            Column("left_on", self._past_day),
            Column("on_boards", boolean_of),
            Column("tier", self._tier),
            Column("tier_since", self._past_day),
            Column("locked", self._lock),
        ]

    def check(
        self, values: Mapping[str, object], attributes: Mapping[str, object] | None = None
    ) -> MemberRow | list[Finding]:
        """The member, or all that is wrong with them. `attributes` are the columns that no form knows."""
        wrong: list[Finding] = []
        warned: list[Finding] = []
        found = read_columns(self._columns, values, wrong, warned)
        further = _attributes(attributes, wrong) if attributes else {}
        handle, name, email, country, joined_on, status, return_on, left_on, on_boards, tier, tier_since, lock = found
        if status is Status.ON_LEAVE and return_on is None and not _about("return_on", wrong):
            wrong.append(finding("return_on", "", "required with the status on_leave: the day of return"))
        if tier_since is not None and tier is None and not _about("tier", wrong):
            wrong.append(finding("tier_since", values.get("tier_since"), "accepted only with a tier"))
        if wrong:
            return wrong
        if return_on is not None and status is not Status.ON_LEAVE:
            warned.append(finding("return_on", values.get("return_on"), "ignored: the status is not on_leave"))
            return_on = None
        return MemberRow(
            handle, fold(handle), name, email, country, joined_on, status, return_on, left_on, on_boards,
            tier, tier_since, lock, further, tuple(warned),
        )  # fmt: skip

    def _joined_on(self, text: str) -> date:
        """A day; of a year or a month alone its first."""
        if _YEAR.fullmatch(text):
            text = f"{text}-01-01"
        elif _MONTH.fullmatch(text):
            text = f"{text}-01"
        else:
            return self._past_day(text)
        try:
            return not_after(date.fromisoformat(text), self._today)
        except ValueError as error:
            raise ValueError(f"{error}; accepted: a day, a month or a year that has begun") from None

    def _past_day(self, text: str) -> date:
        return not_after(self._days.read(text), self._today)

    def _tier(self, text: str) -> str:
        if text not in self._tiers:
            raise ValueError(f"no such tier; accepted: {', '.join(self._tiers) or 'nothing, as the book has no tiers'}")
        return text

    def _lock(self, text: str) -> Lock:
        try:
            return Lock(boolean_of(text))
        except ValueError:
            pass
        try:
            return Lock(True, self._days.read(text))
        except ValueError:
            raise ValueError("accepted: true, false, yes, no, 1, 0, or the last day locked, YYYY-MM-DD") from None


def _email(text: str) -> str:
    email = line_reader(EMAIL_CHARACTERS)(text)
    if not _EMAIL.fullmatch(email):
        raise ValueError("accepted: an address such as ada@example.org")
    return email


def _status(text: str) -> Status:
    status = _STATUSES.get(text)
    if status is None:
        raise ValueError(f"accepted: {', '.join(_STATUSES)}")
    return status


def _rough_day(text: str) -> str | None:
    if _YEAR.fullmatch(text):
        return "a year alone, taken as its first day"
    return "a month alone, taken as its first day" if _MONTH.fullmatch(text) else None


def _attributes(attributes: Mapping[str, object], wrong: list[Finding]) -> dict[str, str]:
    columns = [Column(name, block_reader(ATTRIBUTE_CHARACTERS)) for name in attributes]
    found = read_columns(columns, attributes, wrong, [])
    return {column.name: value for column, value in zip(columns, found, strict=True) if value}


def _about(column: str, problems: list[Finding]) -> bool:
    return any(problem.column == column for problem in problems)
