"""The programmes that somebody has to do with: as a member with their tier, or by a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.own.queries import MembershipRow, memberships, overseen
from community.kit import i18n
from community.people.rules import Role
from community.programmes import queries as programmes
from community.programmes.book import text
from community.programmes.queries import ProgrammeRow

CONSOLE = ("console.desk", "home.desk")
"""Where a manager or reviewer of a programme begins, once there is such a page."""


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme on the front page: `member` for who takes part in it, with the tier in words; `role` for who has one.

    `routes` are where it leads, the first that there is.
    """

    slug: str
    name: str
    description: str
    member: MembershipRow | None
    tier: str | None
    role: Role | None

    @property
    def routes(self) -> tuple[str, ...]:
        """The member's home, else where the role begins, else what everybody may read."""
        own = ("home.portal",) if self.member is not None else ()
        return (*own, *(CONSOLE if self.role is not None else ()), "programmes.rules")


@dataclass(frozen=True, slots=True)
class Front:
    """`is_empty`: there is no programme at all. `signed_in`: somebody asks; the programmes are theirs."""

    is_empty: bool
    signed_in: bool
    programmes: list[Programme]


async def front(connection: AsyncConnection, person_id: UUID | None) -> Front:
    """The front page of whoever asks."""
    known = {one.slug: one for one in await programmes.programmes(connection)}
    if person_id is None:
        return Front(not known, False, [])
    own = {one.slug: one for one in await memberships(connection, person_id)}
    roles = dict(await overseen(connection, person_id))
    slugs = [*own, *(slug for slug in roles if slug not in own)]
    return Front(not known, True, [_programme(known[slug], own.get(slug), roles.get(slug)) for slug in slugs])


def _programme(found: ProgrammeRow, member: MembershipRow | None, role: Role | None) -> Programme:
    book = found.book

    def said(value: Any) -> str:
        return text(value, i18n.language(), book.programme.locale)

    tier = None
    if member is not None and member.tier is not None:
        tier = said(book.tier(member.tier).name) if member.tier in book.levels_by_key else member.tier
    about = "" if book.programme.description is None else said(book.programme.description)
    return Programme(found.slug, said(book.programme.name), about, member, tier, role)
