"""A file killed half way and started again ends as if run once."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.cli.cast import Community
from tests.drills.stage import begin, count_of, ended_well, held, rows_file, started

ROWS = 11_000
"""Three groups, each a transaction."""


def test_killed_half_way_and_started_again(community: Community, database_url: str, tmp_path: Path) -> None:
    begin(community, tmp_path, "once", "killed")
    file = rows_file(tmp_path / "rows.csv", range(ROWS), members=900, seed=1)
    options = (file, "--create-members", "--approve")
    process = started("contributions", "import", "killed", *options)
    deadline = time.monotonic() + 120
    while count_of(database_url, "contribution") == 0 and time.monotonic() < deadline:
        assert process.poll() is None, "the import ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert 0 < count_of(database_url, "contribution") < ROWS
    ended_well(started("contributions", "import", "killed", *options))
    ended_well(started("contributions", "import", "once", *options))
    assert held(database_url, "killed") == held(database_url, "once")
    community("ledger", "verify")
    left = list((tmp_path / "home" / "tmp").glob("import-*"))
    assert len(left) <= 1, "a dead process may leave its own scratch, the others none"
