"""Settings of an installation on an empty SQLite database."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from community.kit import log
from community.kit.settings import Settings

Sets = Callable[..., Settings]
Logs = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def sets(tmp_path: Path, sqlite_template: Path) -> Sets:
    """Settings with these values: `sets(port=9000)`."""

    def make(**values: Any) -> Settings:
        file = tmp_path / "community.sqlite3"
        shutil.copy(sqlite_template, file)
        return Settings(**{"home": tmp_path / "home", "database_url": f"sqlite:///{file}", **values})

    return make


@pytest.fixture
def logs() -> Iterator[Logs]:
    """What is logged, line by line, as JSON: `logs()[0]["event"]`."""
    written = StringIO()
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    log.configure("json", written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    structlog.configure(**config)


@pytest.fixture
def settings(sets: Sets) -> Settings:
    """Settings as they come."""
    return sets()
