"""Statements compiled once to the driver's own text.

The statement behind a member's place is long: building its cache key at each execution took SQLAlchemy three times as
long as PostgreSQL took to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Dialect, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import is_sqlite


@dataclass(frozen=True, slots=True)
class Frozen:
    """A statement as text, the names of its parameters in their order, and the values that never change."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    async def all(self, connection: AsyncConnection, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """All rows for the values: whole numbers, texts and days."""
        if is_sqlite(connection):
            values = {name: one.isoformat() if isinstance(one, date) else one for name, one in values.items()}
        known = {**self.constants, **values}
        return (await connection.exec_driver_sql(self.text, tuple(known[name] for name in self.names))).all()


def frozen(statement: Select[Any], dialect: Dialect) -> Frozen:
    """The statement, compiled for a database."""
    compiled = statement.compile(dialect=dialect)
    return Frozen(str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))
