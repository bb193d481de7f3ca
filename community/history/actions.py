"""Writing history: one line for what somebody did, or one for a whole bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.models import RECORD
from community.kit.clock import now
from community.kit.rows import insert_rows

COLUMNS = ("programme_id", "at", "actor", "verb", "member_id", "subject", "data", "quiet")


@dataclass(frozen=True, slots=True)
class Line:
    """What happened (`verb`, such as `tier.gained`), to which member and subject, with ids, codes and numbers."""

    verb: str
    member_id: int | None = None
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


async def write(
    connection: AsyncConnection, programme_id: int | None, actor: str, lines: Iterable[Line], *, quiet: bool = False
) -> None:
    """Appends the lines, all at the present instant."""
    at = now()
    rows = [
        (programme_id, at, actor, line.verb, line.member_id, line.subject, dict(line.data), quiet) for line in lines
    ]
    if rows:
        await insert_rows(connection, RECORD, COLUMNS, rows)
