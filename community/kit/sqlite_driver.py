"""SQLite's driver with one hop to its thread for a statement.

The driver keeps a connection in a thread of its own, and SQLAlchemy goes there four times for a statement: to make a
cursor, to execute, to fetch and to close. Each hop costs more than many a statement. Here all four are one.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A statement and its rows, which are all fetched where it is executed; rows in a stream have a cursor else."""

    __slots__ = ("_description", "_last", "_touched")

    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection: Any = adapt_connection._connection
        self._rows = deque()
        self._description: Any = None
        self._touched = -1
        self._last: int | None = None

    @property
    def description(self) -> Any:
        """The columns of the rows; None where the statement gives none."""
        return self._description

    @property
    def rowcount(self) -> int:
        """How many rows were written."""
        return self._touched

    @property
    def lastrowid(self) -> Any:
        """The id of the row inserted last."""
        return self._last

    async def _execute_async(self, operation: Any, parameters: Any = None) -> None:
        await self._hop(lambda raw: raw.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._hop(lambda raw: raw.executemany(operation, seq_of_parameters))

    async def _hop(self, work: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> None:
        def done() -> tuple[Any, int, int | None, list[Any]]:
            cursor = work(self._connection._conn)
            rows = cursor.fetchall() if cursor.description else []
            found = cursor.description, cursor.rowcount, cursor.lastrowid, rows
            cursor.close()
            return found

        self._description, self._touched, self._last, rows = await self._connection._execute(done)
        self._rows = deque(rows)

    def close(self) -> None:
        """Forgets the rows that nobody fetched; the cursor itself was closed where it was made."""
        self._rows.clear()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arguments: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        """Opens a connection."""
        return _Connection(self, super().connect(*arguments, **options)._connection)


def module() -> Any:
    """The driver as `create_engine` takes it for its `module`."""
    return _Driver(aiosqlite, sqlite3)
