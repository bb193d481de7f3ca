"""The directory of a programme: members with tier and profile, as far as whoever reads may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.errors import NotFound
from community.kit.text import fold
from community.members.models import EXPERTISE, MEMBER, PICTURE, PROFILE
from community.members.queries import TAKING_PART, expertise_of
from community.members.rules import USUAL, Audience, heard_by
from community.standings.models import STANDING

MOST_WORDS = 40
"""So many things that members know are offered to choose from, the most common first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom somebody looks for; empty is anybody."""

    words: str = ""
    tier: str = ""
    country: str = ""
    expertise: str = ""

    @property
    def anything(self) -> bool:
        """Whether anybody at all is left out."""
        return any((self.words, self.tier, self.country, self.expertise))


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A member in the directory. What whoever reads may not see is None, or empty."""

    id: int
    handle: str
    folded: str
    name: str
    joined_on: date
    tier: str | None
    since: date | None
    country: str | None
    picture: str | None
    expertise: tuple[str, ...] = ()


async def directory(
    connection: AsyncConnection,
    programme_id: int,
    reader: Audience,
    wanted: Wanted,
    *,
    after: str = "",
    most: int,
) -> list[ListedRow]:
    """The members whom the reader finds, in the order of their handles: two statements, however many they are."""
    asked = _listed(programme_id, reader).where(*_matching(wanted, reader), MEMBER.c.folded > after)
    rows = (await connection.execute(asked.order_by(MEMBER.c.folded).limit(most))).all()
    open_to = {row.id for row in rows if row.expertise_open}
    known = await expertise_of(connection, programme_id, sorted(open_to))
    return [_row(row, known.get(row.id, ())) for row in rows]


async def listed(connection: AsyncConnection, programme_id: int, handle: str, reader: Audience) -> ListedRow:
    """One of them. Raises NotFound for whoever is not there, or not for this reader."""
    asked = _listed(programme_id, reader).where(MEMBER.c.folded == fold(handle))
    row = (await connection.execute(asked)).one_or_none()
    if row is None:
        raise NotFound(f"no member {handle!r} for whoever asks")
    return _row(row)


def _row(row: Any, expertise: tuple[str, ...] = ()) -> ListedRow:
    return ListedRow(
        row.id, row.handle, row.folded, row.name, row.joined_on, row.tier, row.since, row.country, row.picture,
        expertise,
    )  # fmt: skip


async def countries(connection: AsyncConnection, programme_id: int, reader: Audience) -> list[str]:
    """The countries of the members whom the reader finds, as far as they say them."""
    asked = _there(select(MEMBER.c.country), programme_id, reader).distinct()
    found = await connection.scalars(asked.where(MEMBER.c.country.is_not(None), _heard("country", reader)))
    return [one for one in found if one]


async def fields_of_expertise(
    connection: AsyncConnection, programme_id: int, reader: Audience
) -> list[tuple[str, str]]:
    """Folded and as written, what the members whom the reader finds know well: the most common first."""
    known = and_(EXPERTISE.c.programme_id == MEMBER.c.programme_id, EXPERTISE.c.member_id == MEMBER.c.id)
    asked = (
        _there(select(EXPERTISE.c.folded, func.min(EXPERTISE.c.label)), programme_id, reader)
        .join(EXPERTISE, known)
        .where(_heard("expertise", reader))
        .group_by(EXPERTISE.c.folded)
        .order_by(func.count().desc(), EXPERTISE.c.folded)
        .limit(MOST_WORDS)
    )
    return [(row[0], row[1]) for row in await connection.execute(asked)]


def _listed(programme_id: int, reader: Audience) -> Select[Any]:
    """Whoever takes part and is listed for the reader, with tier, and what else the reader may see in a list."""
    m = MEMBER.c
    columns = (
        m.id, m.handle, m.folded, m.name, m.joined_on, STANDING.c.tier, STANDING.c.since,
        case((_heard("country", reader), m.country)).label("country"),
        case((_heard("picture", reader), PICTURE.c.digest)).label("picture"),
        _heard("expertise", reader).label("expertise_open"),
    )  # fmt: skip
    of_standing = and_(STANDING.c.programme_id == m.programme_id, STANDING.c.member_id == m.id)
    of_picture = and_(PICTURE.c.programme_id == m.programme_id, PICTURE.c.member_id == m.id)
    found = _there(select(*columns), programme_id, reader)
    return found.outerjoin(STANDING, of_standing).outerjoin(PICTURE, of_picture)


def _there(asked: Select[Any], programme_id: int, reader: Audience) -> Select[Any]:
    """Of whoever takes part and is listed for the reader; whom everybody finds has a profile."""
    m, p = MEMBER.c, PROFILE.c
    of_profile = and_(p.programme_id == m.programme_id, p.member_id == m.id)
    return asked.join_from(MEMBER, PROFILE, of_profile, isouter=reader is not Audience.PUBLIC).where(
        m.programme_id == programme_id,
        m.status.in_([one.value for one in TAKING_PART]),
        _heard("listed", reader),
    )


def _heard(field: str, reader: Audience) -> ColumnElement[bool]:
    """Whether what a member says there is said to the reader, too."""
    return func.coalesce(PROFILE.c[f"{field}_to"], USUAL.value).in_(heard_by(reader))


def _matching(wanted: Wanted, reader: Audience) -> list[ColumnElement[bool]]:
    """Nobody is found by what the reader may not see of them."""
    found: list[ColumnElement[bool]] = []
    if wanted.words:
        by_name = MEMBER.c.name.icontains(wanted.words, autoescape=True)
        found.append(or_(by_name, MEMBER.c.folded.contains(fold(wanted.words), autoescape=True)))
    if wanted.tier:
        found.append(STANDING.c.tier == wanted.tier)
    if wanted.country:
        found += [MEMBER.c.country == wanted.country, _heard("country", reader)]
    if wanted.expertise:
        known = select(EXPERTISE.c.member_id).where(
            EXPERTISE.c.programme_id == MEMBER.c.programme_id,
            EXPERTISE.c.folded == fold(wanted.expertise),
            EXPERTISE.c.member_id == MEMBER.c.id,
        )
        found += [known.exists(), _heard("expertise", reader)]
    return found
