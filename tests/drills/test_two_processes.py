"""Two processes that import and approve for the same members at once end as if one after the other.

`COMMUNITY_DRILLS=long` makes the files larger and repeats the race.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.cast import Community
from tests.drills.stage import begin, ended_well, held, rows_file, started

LONG = os.environ.get("COMMUNITY_DRILLS") == "long"
ROWS = 40_000 if LONG else 2_500
MEMBERS = 2_000 if LONG else 60
TIMES = 5 if LONG else 1


@pytest.mark.parametrize("time", range(TIMES))
def test_imports_and_approvals_at_once(community: Community, database_url: str, tmp_path: Path, time: int) -> None:
    """Two files share a third of their rows; then two processes approve what waits while the standings are run."""
    begin(community, tmp_path, "serial", "race")
    first = rows_file(tmp_path / "first.csv", range(ROWS), MEMBERS, seed=time)
    second = rows_file(tmp_path / "second.csv", range(2 * ROWS // 3, 2 * ROWS), MEMBERS, seed=time)
    for file, options in ((first, ["--approve"]), (second, [])):
        community("contributions", "import", "serial", file, "--create-members", *options)
    community("contributions", "approve", "serial", "--all-pending")
    community("standings", "refresh", "serial")

    ended_well(
        started("contributions", "import", "race", first, "--create-members", "--approve"),
        started("contributions", "import", "race", second, "--create-members"),
        started("standings", "refresh", "race"),
    )
    ended_well(
        started("contributions", "approve", "race", "--all-pending"),
        started("contributions", "approve", "race", "--all-pending"),
        started("contributions", "import", "race", first, "--approve"),
        started("standings", "refresh", "race", "--full"),
    )
    community("standings", "refresh", "race")
    race, serial = held(database_url, "race"), held(database_url, "serial")
    assert [(row[0], row[3]) for row in race.members] == [(row[0], row[3]) for row in serial.members]
    assert [row[:9] for row in race.contributions] == [row[:9] for row in serial.contributions]
    assert _points(race.sums) == _points(serial.sums)
    assert race.standings == serial.standings
    community("ledger", "verify")


def _points(sums: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Points and contributions by member and type; how many entries it took is left to who came first."""
    return sorted((row[:2] + row[3:] for row in sums), key=repr)


def test_both_change_the_same_rows_at_once(community: Community, database_url: str, tmp_path: Path) -> None:
    """Each row ends as one of the two files says, and the ledger follows whichever came last."""
    begin(community, tmp_path, "race")
    file = rows_file(tmp_path / "rows.csv", range(ROWS), MEMBERS, seed=9)
    community("contributions", "import", "race", file, "--create-members", "--approve")
    text = file.read_text("utf-8")
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    ours.write_text(text.replace(",post,Row", ",answer,Ours"), "utf-8")
    theirs.write_text(text.replace(",m1,", ",m2,").replace("Row", "Theirs"), "utf-8")
    ended_well(started("contributions", "import", "race", ours), started("contributions", "import", "race", theirs))
    found = held(database_url, "race")
    assert len(found.contributions) == ROWS
    assert {row[6] for row in found.contributions} == {"approved"}
    assert sum(int(row[5]) for row in found.sums) == ROWS
    community("ledger", "verify")
