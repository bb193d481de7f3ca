"""A snapshot is taken once, and for good: digests, refusals, and tampering that is found; and reading it."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.history.models import RECORD
from community.kit.clock import stopped
from community.kit.db import is_sqlite, reading, writing
from community.kit.errors import Conflict, NotFound, UsageError
from community.leaderboards.actions import freeze
from community.leaderboards.queries import snapshots as read
from community.leaderboards.rules import Due
from community.programmes.queries import programme
from tests.leaderboards.cast import World, book_of
from tests.leaderboards.freezing import (
    ALL,
    MARCH,
    MONTH,
    begin,
    differences,
    freeze_due,
    noon,
    places,
)

pytestmark = pytest.mark.anyio


async def test_doing_it_twice_gives_one(engine: AsyncEngine) -> None:
    world = await begin(engine, MONTH)
    [first] = await freeze_due(engine, date(2025, 4, 1))
    async with writing(engine) as connection:
        await world.give(connection, world.people[0], date(2025, 3, 31), 100)
        again = await freeze(connection, await programme(connection, "aces"), Due("month", *MARCH))
        in_one_go = await freeze(connection, await programme(connection, "aces"), Due("month", *MARCH))
    assert first == again == in_one_go
    async with reading(engine) as connection:
        assert await read.snapshots(connection, world.id) == [first]
        verbs = list(await connection.scalars(select(RECORD.c.verb).where(RECORD.c.verb == "board.frozen")))
    assert verbs == ["board.frozen"]


FREEZE = """
import asyncio, sys
from datetime import date
from community.kit.db import create_engine, writing
from community.leaderboards.actions import freeze
from community.leaderboards.rules import Due
from community.programmes.book import Book, stored_form
from community.programmes.queries import programme

async def main():
    engine = create_engine(sys.argv[1], 1)
    print("ready", flush=True)
    sys.stdin.readline()
    for board in ("month", "all"):
        async with writing(engine) as connection:
            due = Due(board, date(2025, 3, 1), date(2025, 3, 31))
            print((await freeze(connection, await programme(connection, "aces"), due)).digest, flush=True)
    await engine.dispose()

asyncio.run(main())
"""


async def test_processes_that_freeze_at_once_take_one(engine: AsyncEngine, database_url: str) -> None:
    await begin(engine, MONTH, ALL)
    pipe = asyncio.subprocess.PIPE
    racing = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", FREEZE, database_url, stdin=pipe, stdout=pipe)
        for _ in range(3)
    ]
    for one in racing:
        assert one.stdout is not None
        assert await one.stdout.readline() == b"ready\n"
    ended = await asyncio.gather(*(one.communicate(b"\n") for one in racing))
    assert [one.returncode for one in racing] == [0, 0, 0]
    async with reading(engine) as connection:
        found = await read.snapshots(connection, (await programme(connection, "aces")).id)
    assert [(one.number, one.board, one.rows) for one in found] == [(1, "month", 4), (2, "all", 4)]
    assert {out.decode().split() == [one.digest for one in found] for out, _err in ended} == {True}
    assert await differences(engine) == []


async def test_only_the_book_in_force_freezes_and_only_its_boards(engine: AsyncEngine) -> None:
    world = await begin(engine, MONTH)
    async with reading(engine) as connection:
        old = await programme(connection, "aces")
    async with writing(engine) as connection:
        await world.apply(connection, book_of("aces", ALL), 2)
    async with writing(engine) as connection:
        with pytest.raises(Conflict, match="version 2"):
            await freeze(connection, old, Due("month", *MARCH))
        with pytest.raises(NotFound, match="it has: all"):
            await freeze(connection, await programme(connection, "aces"), Due("month", *MARCH))


async def test_a_board_on_which_nobody_stands(engine: AsyncEngine) -> None:
    world = World(book_of("aces", MONTH))
    with stopped(noon(MARCH[0])):
        async with writing(engine) as connection:
            await world.begin(connection)
    [snapshot] = await freeze_due(engine, date(2025, 4, 1))
    assert (snapshot.rows, snapshot.position, await places(engine, snapshot)) == (0, 0, [])
    assert await differences(engine) == []


async def test_the_digests_are_those_of_plain_lines(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reckoned by hand, the same on both databases; each of the ledger goes on from the one before."""
    monkeypatch.setattr("community.kit.digests.BLOCK", 3)
    world = await begin(engine, MONTH, ALL)
    async with writing(engine) as connection:
        await world.decide(connection, world.people[3], date(2025, 3, 20), "pro")
    first, second = await freeze_due(engine, date(2025, 4, 1))
    ids = {person.handle: person.id for person in world.people}
    ledger = "ledger\n" + "".join(
        f"{number}|{ids[handle]}|award|2025-03-02|post|{points}|{points}|1|0||1|2025-03-10 12:00:00.000000|c:{number}\n"
        for number, (handle, points) in enumerate([("zoe", 1), ("Cleo", 5), ("ben", 5), ("ada", 9)], start=1)
    )
    assert first.ledger_digest == second.ledger_digest == sha256(ledger)
    lines = f"month|2025-03-01|2025-03-31|1|4|{first.ledger_digest}|2025-04-01 12:00:00.000000\n" + "".join(
        f"{place}|{rank}|{ids[handle]}|{value}|1|{tier}\n"
        for place, rank, handle, value, tier in [
            (1, 1, "ada", 9, "pro"), (2, 2, "ben", 5, ""), (3, 2, "Cleo", 5, ""), (4, 4, "zoe", 1, ""),
        ]
    )  # fmt: skip
    assert first.digest == sha256(lines)
    with stopped(noon(date(2025, 4, 20))):
        async with writing(engine) as connection:
            await world.take_back(connection, 2)
    [third, _other] = await freeze_due(engine, date(2025, 5, 1))
    reversal = f"5|{ids['Cleo']}|reversal|2025-03-02|post|-5|-5|-1|0|2|1|2025-04-20 12:00:00.000000|reversal:2\n"
    assert third.ledger_digest == sha256(f"{first.ledger_digest}\n{reversal}")
    assert await differences(engine) == []


def sha256(lines: str) -> str:
    return hashlib.sha256(lines.encode()).hexdigest()


async def test_a_snapshot_refuses_changes(engine: AsyncEngine) -> None:
    await begin(engine, MONTH)
    await freeze_due(engine, date(2025, 4, 1))
    statements = [
        "UPDATE snapshot SET rows = rows",
        "DELETE FROM snapshot",
        "DELETE FROM snapshot_row WHERE place = 1",
        "UPDATE snapshot_row SET country = 'DE'",
        "UPDATE snapshot_row SET country = country",
        "UPDATE snapshot_row SET country = NULL, value = value + 1",
        "UPDATE snapshot_row SET tier = 'pro', country = NULL",
        *(() if is_sqlite(engine) else ("TRUNCATE snapshot", "TRUNCATE snapshot_row")),
    ]
    for statement in statements:
        with pytest.raises(DBAPIError, match="is append-only"):
            async with writing(engine) as connection:
                await connection.execute(text(statement))
    assert await differences(engine) == []


async def test_erasure_can_empty_a_country_and_the_digest_holds(engine: AsyncEngine) -> None:
    world = await begin(engine, MONTH)
    [snapshot] = await freeze_due(engine, date(2025, 4, 1))
    async with writing(engine) as connection:
        mine = {"programme": world.id, "member": world.people[3].id}
        await connection.execute(
            text("UPDATE snapshot_row SET country = NULL WHERE programme_id = :programme AND member_id = :member"), mine
        )
    assert [row.country for row in await places(engine, snapshot)] == [None, "FR", "FR", "FR"]
    assert await differences(engine) == []


MORE = (
    "INSERT INTO snapshot_row SELECT programme_id, {0}, {1}, member_id, 5, 1, 1, NULL, NULL FROM snapshot_row"
    " WHERE snapshot = 1 AND place = 1"
)
TAMPERED = [
    ("UPDATE snapshot_row SET value = 7 WHERE place = 1", "snapshot 1 of month: its 4 places are not those"),
    ("UPDATE snapshot_row SET tier = 'pro' WHERE place = 4", "snapshot 1 of month: its 4 places are not those"),
    ("DELETE FROM snapshot_row WHERE place = 2 AND snapshot = 1", "snapshot 1 of month: its 4 places are not those"),
    ("DELETE FROM snapshot_row WHERE place = 4 AND snapshot = 1", "snapshot 1 of month: its 4 places are not those"),
    (MORE.format(1, 5), "snapshot 1 of month: 5 places are stored, not 4"),
    (MORE.format(3, 1), "there are places of snapshot 3, which is none"),
    ("UPDATE snapshot SET last_on = '2025-03-30' WHERE number = 1", "snapshot 1 of month: its 4 places are not those"),
    ("UPDATE snapshot SET version = 2 WHERE number = 2", "snapshot 2 of all: its 4 places are not those"),
    ("UPDATE snapshot SET taken_at = '2025-04-02 12:00:00.000000' WHERE number = 2", "snapshot 2 of all: its 4"),
    ("UPDATE snapshot SET position = 9", "snapshot 1 of month: covers 9 entries, the ledger has 4"),
    ("DELETE FROM snapshot WHERE number = 1", "the first snapshot is number 2"),
    ("UPDATE entry SET points = 6 WHERE number = 2", "snapshot 1 of month: the ledger up to entry 4 is not"),
    ("UPDATE entry SET cause = 'x' WHERE number = 4", "snapshot 1 of month: the ledger up to entry 4 is not"),
    ("DELETE FROM entry WHERE number = 4", "snapshot 1 of month: the ledger up to entry 4 is not"),
]


@pytest.mark.parametrize(("statement", "said"), TAMPERED)
async def test_verify_finds_what_was_tampered_with(engine: AsyncEngine, statement: str, said: str) -> None:
    await begin(engine, MONTH, ALL)
    await freeze_due(engine, date(2025, 4, 1))
    assert await differences(engine) == []
    async with writing(engine) as connection:
        for table in ("snapshot", "snapshot_row", "entry"):
            await without_triggers(connection, table)
        await connection.execute(text(statement))
    found = await differences(engine)
    assert any(one.startswith(said) for one in found), found


async def without_triggers(connection: AsyncConnection, table: str) -> None:
    if not is_sqlite(connection):
        await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    asked = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    for name in (await connection.scalars(asked, {"table": table})).all():
        await connection.execute(text(f"DROP TRIGGER {name}"))


async def test_an_entry_changed_later_is_found_where_it_lies(engine: AsyncEngine) -> None:
    """The first snapshot after it says so, not every one."""
    world = await begin(engine, MONTH)
    await freeze_due(engine, date(2025, 4, 1))
    async with writing(engine) as connection:
        await world.give(connection, world.people[0], date(2025, 4, 5), 3)
    await freeze_due(engine, date(2025, 5, 1))
    await freeze_due(engine, date(2025, 6, 1))
    async with writing(engine) as connection:
        await without_triggers(connection, "entry")
        await connection.execute(text("UPDATE entry SET points = 8 WHERE number = 5"))
    assert await differences(engine) == ["snapshot 2 of month: the ledger up to entry 5 is not the one that it saw"]


async def test_snapshots_are_told_apart_by_their_periods(engine: AsyncEngine) -> None:
    world = await begin(engine, MONTH)
    await freeze_due(engine, date(2025, 4, 1))
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        assert (await read.snapshot_of(connection, found, "month", MARCH[0])).rows == 4
        assert (await read.snapshot_of(connection, found, "month", *MARCH)).rows == 4
        with pytest.raises(NotFound, match="it has: 2025-03-01"):
            await read.snapshot_of(connection, found, "month", date(2025, 3, 2))
        with pytest.raises(NotFound, match="none yet"):
            await read.snapshot_of(connection, found, "other", MARCH[0])
    with stopped(noon(date(2025, 4, 2))):
        async with writing(engine) as connection:
            await world.apply(connection, book_of("aces", {**MONTH, "window": "year"}), 2)
    async with writing(engine) as connection:
        for last in (date(2025, 12, 31), date(2026, 2, 28)):
            with stopped(noon(date(2026, 3, 5))):
                await freeze(connection, await programme(connection, "aces"), Due("month", MARCH[0], last))
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        with pytest.raises(UsageError, match="2025-03-01/2025-03-31, 2025-03-01/2025-12-31, 2025-03-01/2026-02-28"):
            await read.snapshot_of(connection, found, "month", MARCH[0])
        assert (await read.snapshot_of(connection, found, "month", *MARCH)).number == 1


async def test_a_place_with_its_neighbours(engine: AsyncEngine) -> None:
    world = await begin(engine, MONTH)
    [snapshot] = await freeze_due(engine, date(2025, 4, 1))
    everything = await places(engine, snapshot)
    async with reading(engine) as connection:
        found = await programme(connection, "aces")
        for handle, neighbours, expected in [
            ("CLEO", 1, everything[1:4]), ("ada", 1, everything[:2]), ("zoe", 2, everything[1:]), ("nil", 3, []),
            ("ben", 0, everything[1:2]), ("ben", 9, everything),
        ]:  # fmt: skip
            assert await read.around(connection, found, snapshot, handle, neighbours) == expected
        with pytest.raises(NotFound, match="stranger"):
            await read.around(connection, found, snapshot, "stranger")
    assert world.people
