"""Peak memory of one piece of work, in a process of its own: `python -m tests.bench.memory WORK URL …`."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from community.intake.files.contributions import ContributionOptions, import_contributions
from community.intake.files.groups import Source
from community.kit import clock, db
from community.leaderboards.exports import export
from community.programmes import queries as programmes
from tests.bench.dataset import NOON, SLUG

ROOT = Path(__file__).parents[2]


def peak_of(work: str, url: str, *arguments: str) -> float:
    """The megabytes that a process needs at most for a piece of work."""
    command = [sys.executable, "-m", "tests.bench.memory", work, url, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


async def _import(url: str, file: str, folder: str) -> None:
    engine = db.create_engine(url)
    options = ContributionOptions(approve=True)
    report = await import_contributions(engine, SLUG, Source(file, Path(folder)), options, actor="bench")
    assert not report.counts.refused
    await engine.dispose()


async def _export(url: str, file_format: str, file: str, day: str) -> None:
    engine = db.create_engine(url)
    async with db.reading(engine) as connection:
        programme = await programmes.programme(connection, SLUG)
        board = programme.book.leaderboards[0]
        await export(connection, programme, board, date.fromisoformat(day), file_format, Path(file))
    await engine.dispose()


async def _nothing(url: str) -> None:
    engine = db.create_engine(url)
    async with db.reading(engine) as connection:
        await programmes.programme(connection, SLUG)
    await engine.dispose()


WORKS: dict[str, Callable[..., Awaitable[None]]] = {"import": _import, "export": _export, "nothing": _nothing}


async def _measured(work: str, arguments: list[str]) -> None:
    with clock.stopped(NOON):
        await WORKS[work](*arguments)


if __name__ == "__main__":
    asyncio.run(_measured(sys.argv[1], sys.argv[2:]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
