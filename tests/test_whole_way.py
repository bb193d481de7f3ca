"""The whole way from the command line: a rule book and real contributions in; tiers, reasons, boards and files out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from arro3.io import read_parquet
from python_calamine import CalamineWorkbook

from community.kit import clock
from tests.conftest import Ran

MEMBERS = """\
handle,name,country,joined_on
ada,Ada Lovelace,United Kingdom,2024-01-05
ben,Ben Bit,FR,2024-02-01
zoe,Zoé,fra,2026-01-01
"""

TALKS = "".join(
    f"t{number},ada,talk,Talk {number},https://example.org/{number},2026-0{number}-10,en,150,in-person\n"
    for number in range(1, 8)
)
CONTRIBUTIONS = (
    "id,handle,type,title,url,occurred_on,language,attendees,setting\n"
    + TALKS
    + """\
b1,ben,talk,Conférence,https://example.org/b1,2026-06-02,fra,400,hybrid
b2,ben,post,Billet,https://example.org/b2,2026-06-03,fr,,
b3,ben,answer,=SUM(A1),,2026-06-04,,,
a1,ada,post,Notes,https://example.org/a1,2026-06-05,,,
x1,nobody,post,Lost,https://example.org/x1,2026-06-05,,,
"""
)
"""Ada: 7 talks of 31 points and a post; Ben: a talk of floor(41 × 1.5) = 61, a post of 5 and an answer of 1."""


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.stopped(datetime(2026, 9, 1, 10, tzinfo=UTC)):
        yield


def test_the_whole_way(community: Callable[..., Ran], tmp_path: Path) -> None:
    book, members, work = tmp_path / "aces.yaml", tmp_path / "members.csv", tmp_path / "work.csv"
    book.write_text(community("presets", "show", "aces").out, "utf-8")
    members.write_text(MEMBERS, "utf-8")
    work.write_text(CONTRIBUTIONS, "utf-8")

    assert "aces would be a new programme" in community("programme", "plan", book).out
    assert "version 1 is in force" in community("programme", "apply", book, "--yes").out
    assert community("members", "import", "aces", members).out == "3 rows: 3 created\n"

    came_in = community("contributions", "import", "aces", work, status=1)
    assert came_in.out == "12 rows: 11 created, 1 refused, 1 approved\n"
    assert "line 13, handle: 'nobody'" in came_in.err
    assert community("contributions", "approve", "aces", "--all-pending").out == "10 approved\n"

    assert "2 decision" in community("standings", "refresh", "aces").out
    standings = json.loads(community("standings", "list", "aces", "--json").out)
    assert [(one["handle"], one["tier"], one["since"]) for one in standings] == [
        ("ada", "pro", "2026-09-01"),
        ("ben", "associate", "2026-09-01"),
        ("zoe", None, None),
    ]
    explained = community("standings", "explain", "aces", "ada").out
    assert "ada on 2026-09-01: pro since 2026-09-01" in explained
    assert "✓ points in the last 365 days: 222, at least 200" in explained
    assert community("standings", "refresh", "aces").out.endswith("nothing new\n")

    shown = json.loads(community("boards", "show", "aces", "season", "--json").out)
    assert shown["rows"] == [
        {"rank": 1, "handle": "ada", "name": "Ada Lovelace", "country": "GB", "tier": "pro", "value": 31,
         "contributions": 1},
    ]  # fmt: skip
    last = json.loads(community("boards", "show", "aces", "season", "--as-of", "2026-06-30", "--json").out)
    assert [(row["rank"], row["handle"], row["value"]) for row in last["rows"]] == [(1, "ada", 191), (2, "ben", 67)]
    _same_rows_in_four_formats(community, tmp_path, "2026-06-30")

    assert community("ledger", "verify", "aces").out == "aces: clean up to entry 11\n"


def _same_rows_in_four_formats(community: Callable[..., Ran], folder: Path, day: str) -> None:
    files = {name: folder / f"board.{name}" for name in ("csv", "xlsx", "json", "parquet")}
    for name, file in files.items():
        community("boards", "export", "aces", "season", "--format", name, "--out", file, "--as-of", day)
    with files["csv"].open(encoding="utf-8-sig", newline="") as opened:
        header, *rows = list(csv.reader(opened))
    assert header == ["rank", "handle", "name", "country", "tier", "value", "contributions"]
    assert rows == [["1", "ada", "Ada Lovelace", "GB", "", "191", "7"], ["2", "ben", "Ben Bit", "FR", "", "67", "3"]]

    sheet = CalamineWorkbook.from_path(files["xlsx"]).get_sheet_by_index(0).to_python()
    assert [[_text(cell) for cell in row] for row in sheet] == [header, *rows]

    whole = json.loads(files["json"].read_text("utf-8"))
    assert [[_text(row[name]) for name in header] for row in whole["rows"]] == rows
    assert whole["metadata"]["programme"] == "aces"
    assert (whole["metadata"]["from"], whole["metadata"]["to"]) == ("2025-07-01", "2026-06-30")
    assert (whole["metadata"]["book_version"], whole["metadata"]["ledger_position"]) == (1, 11)

    table = read_parquet(files["parquet"]).read_all()
    assert [
        [_text(cell.as_py()) for cell in row] for row in zip(*(table[name] for name in header), strict=True)
    ] == rows


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) else str(cell)
