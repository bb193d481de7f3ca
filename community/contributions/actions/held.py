"""Loading contributions for a verb: their members locked first, then read as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION
from community.contributions.rules import facts, price, read_by_price
from community.kit.bulk import among
from community.kit.errors import NotFound
from community.members import actions as members
from community.programmes.versions import Versions

CONTENT = ("type", "title", "url", "occurred_on", "language", "description", "fields")


class Content(NamedTuple):
    """What a contribution says of itself."""

    type: str
    title: str
    url: str | None
    occurred_on: date
    language: str | None
    description: str | None
    fields: dict[str, Any]

    def price(self, versions: Versions, version: int) -> int:
        """The price before caps by a version that has the type."""
        kind = versions.type(version, self.type)
        assert kind is not None
        if not (kind.points.bonuses or kind.points.factors):
            return kind.points.base
        return price(kind, facts(self.fields, self.language, self.url))

    def plain(self) -> dict[str, Any]:
        """The content as JSON keeps it."""
        return {name: getattr(self, name) for name in CONTENT} | {"occurred_on": self.occurred_on.isoformat()}


def content_of(plain: dict[str, Any]) -> Content:
    """The content that `Content.plain` kept."""
    return Content(**{**plain, "occurred_on": date.fromisoformat(plain["occurred_on"])})


@dataclass(frozen=True, slots=True)
class Row:
    """A contribution as a verb finds it."""

    id: UUID
    member_id: int
    state: str
    content: Content
    price: int | None
    priced_by: int | None
    override: int | None

    def repriced(self, content: Content, versions: Versions) -> tuple[int | None, int | None]:
        """Price and version after an edit of an approved contribution (rulebook, section 5, Which version prices).

        An edit of type, day or of what the price reads takes the version in force; any other keeps both.
        """
        if self.priced_by is None:
            return None, None
        kind = versions.type(self.priced_by, self.content.type)
        read = frozenset() if kind is None else read_by_price(kind)
        before, after = (facts(one.fields, one.language, one.url) for one in (self.content, content))
        moved = (self.content.type, self.content.occurred_on) != (content.type, content.occurred_on)
        if not moved and all(before.get(name) == after.get(name) for name in read):
            return self.price, self.priced_by
        version = versions.current if versions.type(versions.current, content.type) else self.priced_by
        if versions.type(version, content.type) is None:
            version = versions.pricing(content.type)
        return content.price(versions, version), version


async def held_rows(
    connection: AsyncConnection, programme_id: int, ids: Collection[UUID], *, also: Collection[int] = ()
) -> list[Row]:
    """The contributions of those ids in the order asked, their members locked, and `also` other members.

    Raises NotFound for unknown ids.
    """
    wanted = list(dict.fromkeys(ids))
    owners = {row.member_id for row in await _read(connection, programme_id, wanted)} | set(also)
    await members.lock(connection, programme_id, owners)
    found = {row.id: row for row in await _read(connection, programme_id, wanted)}
    missing = [str(one) for one in wanted if one not in found]
    if missing:
        raise NotFound(f"no contribution of the programme has the id {', '.join(missing)}")
    return [found[one] for one in wanted]


async def _read(connection: AsyncConnection, programme_id: int, ids: Sequence[UUID]) -> list[Row]:
    c = CONTRIBUTION.c
    rows = await connection.execute(
        select(c.id, c.member_id, c.state, *(c[name] for name in CONTENT), c.price, c.priced_by, c.override).where(
            c.programme_id == programme_id, among(connection, c.id, ids)
        )
    )
    return [Row(row[0], row[1], row[2], Content(*row[3:10]), row[10], row[11], row[12]) for row in rows]
