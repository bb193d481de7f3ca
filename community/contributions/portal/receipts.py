"""What a contribution gives, line by line, by the very functions that price it and let the caps cut it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions import awards
from community.contributions.actions.held import Content, Row
from community.contributions.models import State
from community.contributions.portal.words import Prices, cap_words
from community.contributions.queries.own import OwnRow
from community.contributions.rules import Claim, allot, facts, offer, receipt
from community.kit import i18n
from community.members.place import Place

LAST = 2**62
"""Where what is not yet reported will stand in line within its day."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt: what for, and how much of it."""

    words: str
    amount: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A price as its lines, the caps that cut it in words, and what is left: `points`.

    `others`: points more or fewer for what the member did besides. `rounded`: the lines give a part of a
    point more.
    """

    lines: tuple[Line, ...]
    price: int
    points: int
    caps: tuple[str, ...]
    others: int
    rounded: bool


def row_of(own: OwnRow, member_id: int) -> Row:
    """A contribution as the verbs find it."""
    return Row(own.id, member_id, own.state, content_of(own), own.price, own.priced_by, own.override)


def content_of(own: OwnRow) -> Content:
    """What a contribution says of itself."""
    return Content(own.type, own.title, own.url, own.occurred_on, own.language, own.description, own.fields)


async def receipt_of(
    connection: AsyncConnection, place: Place, content: Content, present: OwnRow | None = None
) -> Receipt:
    """What the content gives, or would give once approved: a new contribution's, or that of the `present` one."""
    versions = place.programme.versions
    price, version = _priced(place, content, present)
    held = await awards.load(connection, place.programme_id, [place.own])
    line = [(one.occurred_on, one.arrival, one.id, awards.claim_of(one)) for one in held if one.approved]
    own_id = None if present is None else present.id
    others, before = _others(line, own_id), allot([one[3] for one in line], versions)
    kept = present is not None and present.past_caps
    worth = price if present is None or present.override is None else present.override
    arrival = LAST if present is None else present.arrival
    claim = Claim(content.type, content.occurred_on, worth, version, kept)
    at = sum((one[0], one[1]) < (content.occurred_on, arrival) for one in others)
    claims = [*(one[3] for one in others[:at]), claim, *(one[3] for one in others[at:])]
    theirs = sum(points for points, one in zip(before, line, strict=True) if one[2] != own_id)
    given = offer(claims, at, versions, before=theirs)
    book = versions.book(version)
    return Receipt(
        _lines(place, content, version, present), worth, given.points,
        tuple(cap_words(one, book, place.said) for one in given.caps), given.others,
        _rounded(place, content, version),
    )  # fmt: skip


def _priced(place: Place, content: Content, present: OwnRow | None) -> tuple[int, int]:
    versions = place.programme.versions
    if present is not None and present.state == State.APPROVED.value:
        price, version = row_of(present, place.own).repriced(content, versions)
        if version is not None:
            return price or 0, version
    version = versions.pricing(content.type)
    return content.price(versions, version), version


def _others(line: list[tuple[date, int, UUID, Claim]], own_id: UUID | None) -> list[tuple[date, int, UUID, Claim]]:
    return [one for one in line if one[2] != own_id]


def _lines(place: Place, content: Content, version: int, present: OwnRow | None) -> tuple[Line, ...]:
    if present is not None and present.override is not None:
        return ()
    kind = place.programme.versions.type(version, content.type)
    assert kind is not None
    values = facts(content.fields, content.language, content.url)
    words = Prices(kind, values, place.said)
    return tuple(
        Line(words.label(one), f"× {i18n.number(one.times)}" if one.times is not None else signed(one.points or 0, at))
        for at, one in enumerate(receipt(kind, values))
    )


def _rounded(place: Place, content: Content, version: int) -> bool:
    """Whether the price had to be rounded: its lines multiplied out give a part of a point, too."""
    kind = place.programme.versions.type(version, content.type)
    assert kind is not None
    total, times = 0, Decimal(1)
    for one in receipt(kind, facts(content.fields, content.language, content.url)):
        total += one.points or 0
        times *= one.times if one.times is not None else 1
    return total * times != content.price(place.programme.versions, version)


def signed(points: int, place: int = 1) -> str:
    """Points with their sign; the first line of a receipt needs none."""
    if points < 0:
        return f"− {i18n.number(-points)}"
    return f"+ {i18n.number(points)}" if place else i18n.number(points)
