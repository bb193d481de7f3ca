"""Where benches measure: a copy of a data set, and the day that was run last on it."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db
from community.standings.actions.run import Report, refresh
from tests.bench.dataset import SLUG, Kind
from tests.bench.figures import Figure
from tests.bench.generate import LAST_DAY

RANGE = 10_000
CORES = os.cpu_count() or 1


@dataclass
class Stage:
    """A copy of a data set to measure on: its kind and URL, an engine, and the day last run.

    `full_seconds` and `peaks` (megabytes, by format of export) are kept to be compared with other sizes.
    """

    kind: Kind
    url: str
    engine: AsyncEngine
    repeats: int = 3
    day: date = LAST_DAY
    full_seconds: float = 0.0
    peaks: dict[str, float] = field(default_factory=dict)
    seeds: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.kind.sqlite

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(str(make_url(self.url).database))

    def figure(self, name: str, measured: float, **rest: Any) -> Figure:
        """A figure of this stage."""
        return Figure(name, self.kind.database, self.kind.members, measured, **rest)


@asynccontextmanager
async def stage(kind: Kind, url: str, repeats: int) -> AsyncIterator[Stage]:
    """The stage on a copy of a data set."""
    engine = db.create_engine(url, CORES)
    try:
        yield Stage(kind, url, engine, repeats)
    finally:
        await engine.dispose()


async def next_day(at: Stage) -> Report:
    """Runs everybody on the day after the last one."""
    at.day += timedelta(days=1)
    report = await refresh(at.engine, SLUG, at.day, actor="rules", range_size=RANGE, connections=CORES)
    assert report.everybody
    return report
