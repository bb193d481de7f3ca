"""The clock stands still, and a programme is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from community.kit import clock
from tests.cli.cast import MEMBERS, NOON, STARS, WORK, Community, written


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """The clock stands at noon of 2026-03-31."""
    with clock.stopped(NOON):
        yield


@pytest.fixture
def stars(community: Community, tmp_path: Path) -> Community:
    """The command line, with the programme `stars` and its three members."""
    community("programme", "apply", written(tmp_path, "stars.yaml", STARS), "--yes")
    community("members", "import", "stars", written(tmp_path, "members.csv", MEMBERS))
    return community


@pytest.fixture
def working(stars: Community, tmp_path: Path) -> Community:
    """The same, with five contributions, of which one was approved by itself."""
    stars("contributions", "import", "stars", written(tmp_path, "work.csv", WORK))
    return stars
