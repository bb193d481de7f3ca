"""Statements over many rows at once: `among` a list of ids, rows found `by_key`, and one UPDATE for many rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Table,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import KeyedColumnElement

from community.kit.db import is_sqlite
from community.kit.rows import driver, encoded, raised

CHUNK = 5_000
"""Ids or rows that one statement takes at most, where a caller has more."""


def among(connection: AsyncConnection, column: KeyedColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column` is one of `values` (any number): an array on PostgreSQL, a JSON list on SQLite; one statement text."""
    if is_sqlite(connection):
        plain = [value.hex if isinstance(value, UUID) else value for value in values]
        listed = func.json_each(json.dumps(plain)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))


def by_key(
    connection: AsyncConnection, statement: Select[Any], column: KeyedColumnElement[Any], values: Sequence[Any]
) -> Select[Any]:
    """The rows of `statement` whose `column` is one of `values`, each looked up by itself in an index.

    For keys of several columns, of which `column` is the last: where PostgreSQL has no statistics yet, as in a file's
    first minutes, it takes the columns before for key enough, and compares all rows behind them with all values.
    """
    if is_sqlite(connection):
        return statement.where(among(connection, column, values))
    keys = (
        func.unnest(bindparam(None, list(values), type_=ARRAY(column.type)))
        .table_valued("key")
        .render_derived(name="keys")
    )
    fence = literal_column("0", Integer)  # each value's rows are a query of their own, which no join may take apart
    found = statement.where(column == keys.c.key).offset(fence).lateral("found")
    return select(*found.c).join_from(keys, found, true())


async def update_rows(
    connection: AsyncConnection, table: Table, keys: Sequence[str], values: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Sets `values` of the rows found by `keys`; each row is a tuple of the keys and then the values."""
    if not rows:
        return
    names = [*keys, *values]
    columns = [
        encoded(connection, table, name, column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    ]
    raw = await driver(connection)
    if is_sqlite(connection):
        settings = ", ".join(f'"{name}" = ?' for name in values)
        matches = " AND ".join(f'"{name}" = ?' for name in keys)
        statement = f"UPDATE {table.name} SET {settings} WHERE {matches}"  # noqa: S608 - names of our own tables
        with raised(statement):
            await raw.executemany(statement, zip(*columns[len(keys) :], *columns[: len(keys)], strict=True))
        return
    types = [table.c[name].type.compile(connection.dialect).partition(" COLLATE")[0] for name in names]
    json_like = [kind == "JSONB" for kind in types]
    arrays = ", ".join(
        f"${place}::{'TEXT' if is_json else kind}[]"
        for place, (kind, is_json) in enumerate(zip(types, json_like, strict=True), start=1)
    )
    settings = ", ".join(
        f'"{name}" = v."{name}"{"::JSONB" if is_json else ""}'
        for name, is_json in zip(values, json_like[len(keys) :], strict=True)
    )
    matches = " AND ".join(f'{table.name}."{name}" = v."{name}"' for name in keys)
    listed = ", ".join(f'"{name}"' for name in names)
    statement = f"UPDATE {table.name} SET {settings} FROM unnest({arrays}) AS v({listed}) WHERE {matches}"  # noqa: S608
    with raised(statement):
        await raw.execute(statement, *(list(column) for column in columns))
