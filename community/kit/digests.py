"""Digests over rows, however many: SHA-256 over a line of text a row, in order, the same on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, String, cast, func, literal_column, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import Instant, is_sqlite

BLOCK = 10_000
"""Rows whose text is held at once."""
BETWEEN = "|"


async def digest(
    connection: AsyncConnection,
    head: str,
    columns: Sequence[Column[Any]],
    *,
    where: Sequence[ColumnElement[bool]],
    number: ColumnElement[int],
    first: int,
    last: int,
) -> str:
    """SHA-256, in hexadecimal, over the line `head` and a line a row, of the rows numbered from `first` to `last`.

    A line holds the columns' texts with `|` between them: whole numbers in digits, days as YYYY-MM-DD, instants as
    YYYY-MM-DD HH:MM:SS.ffffff in UTC, nothing for null. Only the last column may hold a `|` of its own. Lines end with
    a line feed. `number` should be among the columns, so that a gap shows.
    """
    line = _line(columns, sqlite=is_sqlite(connection))
    hashed = sha256(f"{head}\n".encode())
    for start in range(first, last + 1, BLOCK):
        these = (*where, number.between(start, min(start + BLOCK - 1, last)))
        hashed.update((await _text(connection, line, these, number)).encode())
    return hashed.hexdigest()


async def _text(
    connection: AsyncConnection, line: ColumnElement[str], where: Sequence[ColumnElement[bool]], number: Any
) -> str:
    """The lines of some rows, put together by PostgreSQL, and here for SQLite, which promises no order for that."""
    if is_sqlite(connection):
        lines = (await connection.scalars(select(line).where(*where).order_by(number))).all()
        return "".join(f"{one}\n" for one in lines)
    whole = func.string_agg(line + literal_column("E'\\n'"), literal_column("''")).aggregate_order_by(number)
    return str(await connection.scalar(select(whole).where(*where)) or "")


def _line(columns: Sequence[Column[Any]], *, sqlite: bool) -> ColumnElement[str]:
    line, *rest = (_as_text(column, sqlite=sqlite) for column in columns)
    for text in rest:
        line = line + literal_column(f"'{BETWEEN}'", String) + text
    return line


def _as_text(column: Column[Any], *, sqlite: bool) -> ColumnElement[str]:
    """A column as text. SQLite stores days and instants as the very texts that PostgreSQL is asked for."""
    text: ColumnElement[str] = cast(column, String)
    if isinstance(column.type, Date | Instant) and sqlite:
        text = type_coerce(column, String)
    elif isinstance(column.type, Date):
        text = func.to_char(column, "YYYY-MM-DD")
    elif isinstance(column.type, Instant):
        text = func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
    return func.coalesce(text, "") if column.nullable else text
