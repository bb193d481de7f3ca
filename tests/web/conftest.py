"""A server that many tests ask, and that none of them stops."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.stage import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    """`community serve` on an empty SQLite database."""
    folder = tmp_path_factory.mktemp("served")
    file = folder / "community.sqlite3"
    shutil.copy(sqlite_template, file)
    with serving(
        folder, COMMUNITY_HOME=str(folder), COMMUNITY_DATABASE_URL=f"sqlite:///{file}", COMMUNITY_RATE_SCALE="0"
    ) as running:
        yield running
