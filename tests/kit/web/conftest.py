"""Settings of an installation on an empty SQLite database."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from community.kit.settings import Settings

Sets = Callable[..., Settings]


@pytest.fixture
def sets(tmp_path: Path, sqlite_template: Path) -> Sets:
    """Settings with these values: `sets(port=9000)`."""

    def make(**values: Any) -> Settings:
        file = tmp_path / "community.sqlite3"
        shutil.copy(sqlite_template, file)
        return Settings(**{"home": tmp_path / "home", "database_url": f"sqlite:///{file}", **values})

    return make


@pytest.fixture
def settings(sets: Sets) -> Settings:
    """Settings as they come."""
    return sets()
