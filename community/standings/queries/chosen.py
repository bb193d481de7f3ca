"""Which members a statement is about: a range of ids, or a list of them. One statement text serves every range."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import KeyedColumnElement

from community.kit.db import is_sqlite


@dataclass(frozen=True, slots=True)
class InRange:
    """Members from id `first` to `last`."""

    first: int
    last: int

    def clause(self, column: KeyedColumnElement[int]) -> ColumnElement[bool]:
        """The condition on a column of member ids; repeated on every joined table, which PostgreSQL does not infer."""
        return column.between(bindparam("first_member", type_=BigInteger), bindparam("last_member", type_=BigInteger))

    def parameters(self) -> dict[str, Any]:
        """The values for the clause."""
        return {"first_member": self.first, "last_member": self.last}


@dataclass(frozen=True, slots=True)
class Listed:
    """Members by their ids."""

    ids: Sequence[int]
    sqlite: bool

    def clause(self, column: KeyedColumnElement[int]) -> ColumnElement[bool]:
        """The condition on a column of member ids."""
        if self.sqlite:
            values = func.json_each(bindparam("listed_members")).table_valued("value")
            return column.in_(select(values.c.value))
        return column == any_(bindparam("listed_members", type_=ARRAY(BigInteger)))

    def parameters(self) -> dict[str, Any]:
        """The values for the clause."""
        return {"listed_members": json.dumps(list(self.ids)) if self.sqlite else list(self.ids)}


Chosen = InRange | Listed


def listed(connection: AsyncConnection, ids: Sequence[int]) -> Listed:
    """Members by their ids, on this database."""
    return Listed(ids, is_sqlite(connection))
