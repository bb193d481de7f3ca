"""Forgetting what an erased member said of contributions: what the engine reads of them stays, their words go."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions import review
from community.contributions.actions.drafts import forget_begun
from community.contributions.actions.held import CONTENT, Content, content_of
from community.contributions.models import CONTRIBUTION, REVISION, State
from community.contributions.rules import read_by_price
from community.kit.bulk import update_rows
from community.programmes.queries import ProgrammeRow
from community.programmes.versions import Versions

NOWHERE = "https://erased.invalid/"
"""In place of a link: whether there was one may have been paid for."""
UNDECIDED = (State.SUBMITTED.value, State.RETURNED.value)


async def forget(connection: AsyncConnection, programme: ProgrammeRow, member_id: int, actor: str) -> None:
    """Withdraws what is undecided; titles, links, descriptions, texts and notes are emptied, and prices stay.

    Drafts, and parts that were offered and never answered, are deleted.
    """
    mine = (CONTRIBUTION.c.programme_id == programme.id, CONTRIBUTION.c.member_id == member_id)
    waiting = list(
        await connection.scalars(select(CONTRIBUTION.c.id).where(*mine, CONTRIBUTION.c.state.in_(UNDECIDED)))
    )
    await review.withdraw(connection, programme, waiting, actor=actor)
    await forget_begun(connection, programme.id, member_id)
    rows = await connection.execute(
        select(CONTRIBUTION.c.id, CONTRIBUTION.c.priced_by, *(CONTRIBUTION.c[name] for name in CONTENT)).where(*mine)
    )
    emptied: list[tuple[Any, ...]] = []
    priced_by: dict[Any, int | None] = {}
    for row in rows:
        kept = _emptied(Content(*row[2:]), programme.versions, row.priced_by)
        priced_by[row.id] = row.priced_by
        emptied.append((programme.id, row.id, f"erased:{row.id}", kept.title, kept.url, kept.description, kept.fields))
    columns = ("external_id", "title", "url", "description", "fields")
    await update_rows(connection, CONTRIBUTION, ["programme_id", "id"], columns, emptied)
    await connection.execute(update(CONTRIBUTION).where(*mine).values(note=None, override_note=None))
    await _forget_revisions(connection, programme, member_id, priced_by)


async def _forget_revisions(
    connection: AsyncConnection, programme: ProgrammeRow, member_id: int, priced_by: dict[Any, int | None]
) -> None:
    of_contribution = (
        CONTRIBUTION.c.programme_id == REVISION.c.programme_id, CONTRIBUTION.c.id == REVISION.c.contribution_id,
    )  # fmt: skip
    rows = await connection.execute(
        select(REVISION.c.contribution_id, REVISION.c.number, REVISION.c.content)
        .join(CONTRIBUTION, (of_contribution[0]) & (of_contribution[1]))
        .where(CONTRIBUTION.c.programme_id == programme.id, CONTRIBUTION.c.member_id == member_id)
    )
    emptied = [
        (
            programme.id, row.contribution_id, row.number,
            _emptied(content_of(row.content), programme.versions, priced_by[row.contribution_id]).plain(),
        )
        for row in rows
    ]  # fmt: skip
    keys = ["programme_id", "contribution_id", "number"]
    await update_rows(connection, REVISION, keys, ["content"], emptied)


def _emptied(content: Content, versions: Versions, priced_by: int | None) -> Content:
    """The content without words: of its fields numbers, days, countries and choices stay, and what its price reads."""
    kind = versions.type(priced_by or versions.current, content.type)
    texts = set() if kind is None else {field.key for field in kind.fields if field.type == "text"}
    unknown = set(content.fields) - (set() if kind is None else {field.key for field in kind.fields})
    read = frozenset() if kind is None or priced_by is None else read_by_price(kind)
    gone = {key for key in texts | unknown if key not in read and isinstance(content.fields.get(key), str)}
    fields = {key: value for key, value in content.fields.items() if key not in gone}
    url = NOWHERE if content.url is not None else None
    return content._replace(title="", url=url, description=None, fields=fields)
