"""`boards show` and `boards export`, as they are typed."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import arro3.io
import pytest
from python_calamine import CalamineWorkbook

from community.kit import db
from community.kit.db import writing
from community.leaderboards.actions import freeze, refresh
from community.leaderboards.rules import Due
from community.programmes.queries import programme
from tests.leaderboards.cast import World, book_of

Community = Callable[..., Any]
DAY = date(2025, 3, 31)
HEADER = ["rank", "handle", "name", "country", "tier", "value", "contributions"]


@pytest.fixture(params=[True, False], ids=["kept", "from the ledger"])
def filled(request: pytest.FixtureRequest, database_url: str, home: Path) -> None:
    """Twenty members, two of them with names that a spreadsheet would run."""

    async def fill() -> None:
        engine = db.create_engine(database_url, 2)
        async with writing(engine) as connection:
            world = World(
                book_of(
                    "aces", {"key": "all", "metric": "points"}, {"key": "q", "metric": "points", "window": "quarter"}
                )
            )
            await world.begin(connection)
            for number in range(20):
                name = {3: "=1+1", 4: " @x"}.get(number)
                person = await world.join(connection, f"Member{number:02}", name=name, country="FR")
                await world.give(connection, person, date(2025, 3, 1), 1 + number // 2)
                await world.decide(connection, person, date(2025, 3, 10), "pro")
        if request.param:
            await refresh(engine, "aces", DAY)
        await engine.dispose()

    asyncio.run(fill())


@pytest.mark.usefixtures("filled")
def test_show(community: Community) -> None:
    found = json.loads(community("boards", "show", "aces", "all", "--as-of", DAY, "--json").out)
    assert len(found["rows"]) == 20
    assert found["rows"][2] == {
        "rank": 3, "handle": "Member16", "name": "Member16", "country": "FR", "tier": "pro", "value": 9,
        "contributions": 1,
    }  # fmt: skip
    assert found["metadata"] | {
        "programme": "aces", "board": "all", "as_of": "2025-03-31", "from": None, "to": "2025-03-31",
        "book_version": 1, "ledger_position": 20,
    } == found["metadata"]  # fmt: skip
    near = json.loads(community("boards", "show", "aces", "all", "--as-of", DAY, "--around", "member10", "--json").out)
    assert near["rows"] == found["rows"][3:14]
    both = community("boards", "show", "aces", "all", "--as-of", DAY, "--around", "member10", "--top", 6, "--json").out
    assert json.loads(both)["rows"] == found["rows"][:14]
    assert "Member18" in community("boards", "show", "aces", "all", "--as-of", DAY, "--top", 1).out


@pytest.mark.usefixtures("filled")
def test_the_same_rows_in_every_format(community: Community, tmp_path: Path) -> None:
    for file_format in ("csv", "xlsx", "json", "parquet"):
        out = tmp_path / f"board.{file_format}"
        told = community("boards", "export", "aces", "q", "--format", file_format, "--out", out, "--as-of", DAY).out
        assert told.endswith("20 places of q on 2025-03-31\n")
    whole = json.loads((tmp_path / "board.json").read_text("utf-8"))
    rows = [list(row.values()) for row in whole["rows"]]
    assert [list(row) for row in whole["rows"]] == [HEADER] * 20
    assert [row[2] for row in rows if row[2][0] in "= "] == [" @x", "=1+1"]
    table = arro3.io.read_parquet(tmp_path / "board.parquet").read_all()
    assert table.column_names == HEADER
    assert [list(row) for row in zip(*(table.column(name).to_pylist() for name in HEADER), strict=True)] == rows
    stored = {name.decode(): value.decode() for name, value in table.schema.metadata.items() if name != b"ARROW:schema"}
    described = {name: str(value) for name, value in whole["metadata"].items()}
    assert {**stored, "exported_at": ""} == {**described, "exported_at": ""}
    assert (stored["from"], stored["to"], stored["ledger_position"]) == ("2025-01-01", "2025-03-31", "20")
    sheet = CalamineWorkbook.from_path(tmp_path / "board.xlsx").get_sheet_by_index(0).to_python()
    assert sheet == [HEADER, *rows]
    with (tmp_path / "board.csv").open(encoding="utf-8", newline="") as file:
        text = list(csv.reader(file))
    assert text == [HEADER, *([f"'{c}" if c in ("=1+1", " @x") else str(c) for c in row] for row in rows)]


FEBRUARY, MARCH = ("2025-02-01", "2025-02-28"), ("2025-03-01", "2025-03-31")


@pytest.fixture
def frozen(database_url: str, filled: None) -> None:
    """The board of all frozen for February, when it was empty, and for March."""

    async def do() -> None:
        engine = db.create_engine(database_url, 2)
        for first, last in (FEBRUARY, MARCH):
            async with writing(engine) as connection:
                due = Due("all", date.fromisoformat(first), date.fromisoformat(last))
                await freeze(connection, await programme(connection, "aces"), due)
        await engine.dispose()

    asyncio.run(do())


@pytest.mark.usefixtures("frozen")
def test_snapshots(community: Community, tmp_path: Path) -> None:
    """The same rows on the screen, in every file, and on the board as of the last day."""
    listed = json.loads(community("boards", "snapshots", "aces", "all", "--json").out)
    assert [(one["first_on"], one["last_on"], one["rows"]) for one in listed] == [(*FEBRUARY, 0), (*MARCH, 20)]
    assert {(one["version"], one["position"], len(one["digest"])) for one in listed} == {(1, 20, 64)}
    assert listed[1]["digest"] in community("boards", "snapshots", "aces", "all").out
    assert community("boards", "snapshots", "aces", "q", "--json").out == "[]\n"
    assert "it has: all, q" in community("boards", "snapshots", "aces", "none", status=2).err

    show = ("boards", "show", "aces", "all")
    live = json.loads(community(*show, "--as-of", MARCH[1], "--json").out)
    found = json.loads(community(*show, "--period", MARCH[0], "--json").out)
    assert found["rows"] == live["rows"]
    assert found["metadata"] | {"exported_at": ""} == live["metadata"] | {
        "exported_at": "", "period": "/".join(MARCH), "frozen_at": listed[1]["taken_at"],
        "digest": listed[1]["digest"], "ledger_digest": listed[1]["ledger_digest"],
    }  # fmt: skip
    for more in (("--around", "member10"), ("--around", "member10", "--top", 6), ("--top", 1)):
        frozen = json.loads(community(*show, "--period", "/".join(MARCH), *more, "--json").out)
        assert frozen["rows"] == json.loads(community(*show, "--as-of", MARCH[1], *more, "--json").out)["rows"]
    assert "frozen at" in community(*show, "--period", MARCH[0], "--top", 1).out

    for file_format in ("csv", "json"):
        as_it_is, as_frozen = tmp_path / f"live.{file_format}", tmp_path / f"frozen.{file_format}"
        export = ("boards", "export", "aces", "all", "--format", file_format, "--out")
        community(*export, as_it_is, "--as-of", MARCH[1])
        told = community(*export, as_frozen, "--period", MARCH[0]).out
        assert told.endswith("20 places of all on 2025-03-31\n")
    assert (tmp_path / "live.csv").read_bytes() == (tmp_path / "frozen.csv").read_bytes()
    assert json.loads((tmp_path / "frozen.json").read_text("utf-8"))["rows"] == found["rows"]
    assert "snapshot" not in community("ledger", "verify", "aces", status=1).out  # its awards are of no contribution


@pytest.mark.usefixtures("frozen")
def test_a_period_without_a_snapshot_and_other_mistakes(community: Community, tmp_path: Path) -> None:
    show = ("boards", "show", "aces", "all", "--period")
    assert "it has: 2025-02-01, 2025-03-01" in community(*show, "2025-03-02", status=2).err
    assert "only one of them" in community(*show, MARCH[0], "--as-of", MARCH[1], status=2).err
    assert "2025-02-30" in community(*show, "2025-02-30", status=2).err
    assert "found ''" in community(*show, "2025-03-01/", status=2).err
    assert "stranger" in community(*show, MARCH[0], "--around", "stranger", status=2).err
    past = community(*show, FEBRUARY[0], "--around", "member01", "--json")
    assert json.loads(past.out)["rows"] == []
    assert "member01 does not stand on the board all" in past.err
    export = ("boards", "export", "aces", "all", "--period", MARCH[0], "--format")
    assert "accepted: csv, xlsx, json, parquet" in community(*export, "ods", "--out", tmp_path / "x", status=2).err
    assert "no snapshot" in community("boards", "show", "aces", "none", "--period", MARCH[0], status=2).err


@pytest.mark.usefixtures("filled")
def test_what_is_wrong_is_said(community: Community, tmp_path: Path) -> None:
    assert "it has: all, q" in community("boards", "show", "aces", "none", status=2).err
    assert "no programme" in community("boards", "show", "kings", "all", status=2).err
    assert "stranger" in community("boards", "show", "aces", "all", "--around", "stranger", status=2).err
    past = community("boards", "show", "aces", "all", "--around", "member01", "--as-of", "2025-02-01", "--json")
    assert json.loads(past.out)["rows"] == []
    assert "member01 does not stand on the board all" in past.err
    export = ("boards", "export", "aces", "all", "--format")
    assert "accepted: csv, xlsx, json, parquet" in community(*export, "ods", "--out", tmp_path / "x", status=2).err
    assert "cannot be written" in community(*export, "csv", "--out", tmp_path / "no" / "x", status=2).err
    assert "No space left" in community(*export, "xlsx", "--out", "/dev/full", status=3).err
    assert "2025-13-01" in community("boards", "show", "aces", "all", "--as-of", "2025-13-01", status=2).err
    assert list(tmp_path.glob("*.part")) == []
