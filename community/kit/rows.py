"""Rows in bulk: COPY on PostgreSQL, executemany on SQLite, encoded column by column before the statement begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import Boolean, Date, Table, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from community.kit.db import Instant, is_sqlite

REPEATING = (Boolean, Date, Instant)
"""Types of which a column has few different values, each encoded once."""


class Rows:
    """Rows for a table, encoded for its driver; a column may be set late, when its values are known."""

    def __init__(self, connection: AsyncConnection, into: Table, columns: Mapping[str, Sequence[Any]]) -> None:
        self._connection = connection
        self._into = into
        self._columns: dict[str, Sequence[Any]] = {}
        for name, values in columns.items():
            self.set(name, values)

    def set(self, name: str, values: Sequence[Any]) -> None:
        """Gives a column its values, one a row."""
        self._columns[name] = encoded(self._connection, self._into, name, values)

    async def insert(self) -> None:
        """Writes the rows. Raises IntegrityError where a key is there already."""
        names = list(self._columns)
        rows = zip(*self._columns.values(), strict=True)
        raw = await driver(self._connection)
        if not is_sqlite(self._connection):
            with raised(f"COPY {self._into.name}"):
                await raw.copy_records_to_table(self._into.name, columns=names, records=rows)
            return
        listed = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {self._into.name} ({listed}) VALUES ({marks})"  # noqa: S608 - names of our own tables
        with raised(statement):
            await raw.executemany(statement, rows)


async def insert_rows(
    connection: AsyncConnection, into: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Many rows in one go; each is a tuple in the order of `columns`."""
    by_column = list(zip(*rows, strict=True))
    if by_column:
        await Rows(connection, into, dict(zip(columns, by_column, strict=True))).insert()


def encoded(connection: AsyncConnection, into: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
    """A column's values as the driver takes them; most need nothing."""
    kind = into.c[name].type
    encoder = _encoder(connection, kind)
    if encoder is None:
        return values
    if isinstance(kind, REPEATING):
        known = {value: encoder(value) for value in set(values) if value is not None}
        known[None] = None
        return [known[value] for value in values]
    return [None if value is None else encoder(value) for value in values]


def _encoder(connection: AsyncConnection, kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)


async def driver(connection: AsyncConnection) -> Any:
    """The driver's own connection behind an open one, in the transaction of the open one.

    SQLAlchemy begins a transaction on PostgreSQL with its own first statement: what the driver did before would be kept
    whatever became of the rest.
    """
    found = (await connection.get_raw_connection()).driver_connection
    assert found is not None
    if not is_sqlite(connection) and not found.is_in_transaction():
        await connection.execute(text("SELECT 1"))
    return found


@contextmanager
def raised(statement: str) -> Iterator[None]:
    """What the driver raises inside comes out as SQLAlchemy would raise it."""
    try:
        yield
    except (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError) as error:
        raise IntegrityError(statement, None, error) from error
    except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(statement, None, error) from error
