"""A programme into which files come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from community.kit import clock
from tests.cli.cast import MEMBERS, NOON, STARS, Community, written


@pytest.fixture
def stars(community: Community, tmp_path: Path) -> Iterator[Community]:
    """The command line at noon of 2026-03-31, with the programme `stars` and its three members."""
    with clock.stopped(NOON):
        community("programme", "apply", written(tmp_path, "stars.yaml", STARS), "--yes")
        community("members", "import", "stars", written(tmp_path, "members.csv", MEMBERS))
        yield community
