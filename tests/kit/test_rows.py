"""Rows in bulk belong to the transaction that they are written in, also where they are the first of it."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.history.actions import Line, write
from community.history.models import RECORD
from community.kit.db import reading, writing

pytestmark = pytest.mark.anyio


async def test_rows_that_are_the_first_of_a_transaction_go_with_it(engine: AsyncEngine) -> None:
    with pytest.raises(ArithmeticError):
        await _write_and_fail(engine)
    async with writing(engine) as connection:
        await write(connection, None, "cleo", [Line("kept")])
    async with reading(engine) as connection:
        rows = (await connection.execute(RECORD.select())).all()
    assert [row.verb for row in rows] == ["kept"]


async def _write_and_fail(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await write(connection, None, "cleo", [Line("lost")])
        raise ArithmeticError("cannot be done")
