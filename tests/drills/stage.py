"""A programme for drills, commands in processes of their own, and what a programme holds, without its ids."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db
from tests.cli.cast import Community

BOOK = """\
format: 1
programme: {{slug: {slug}, name: Drill, timezone: UTC, locale: en}}
contribution_types:
  - {{key: answer, name: Answer, review: automatic, points: {{base: 3}}}}
  - {{key: post, name: Post, points: {{base: 5}}}}
caps:
  - {{points: 30, per: month, types: [answer]}}
  - {{contributions: 4, per: month, types: [post]}}
tiers:
  - {{key: star, name: Star, gain: {{metric: points, min: 100}}}}
leaderboards:
  - {{key: points, name: Points, metric: points}}
"""
"""All answers are worth the same, and all posts: what a member gets does not rest on which of two files came first."""


def begin(community: Community, folder: Path, *slugs: str) -> None:
    """Programmes with the same book."""
    for slug in slugs:
        book = folder / f"{slug}.yaml"
        book.write_text(BOOK.format(slug=slug), "utf-8")
        community("programme", "apply", book, "--yes")


def rows_file(file: Path, numbers: range, members: int, seed: int) -> Path:
    """A file with a row for each number; the same number has the same row whatever the file."""
    with file.open("w", encoding="utf-8") as out:
        out.write("id,handle,type,title,occurred_on\n")
        for number in numbers:
            chance = Random(number * 1_000 + seed)
            handle = f"m{int(members * chance.random() ** 2)}"
            day = f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            out.write(f"{number},{handle},{chance.choice(('answer', 'post'))},Row {number},{day}\n")
    return file


def started(*arguments: object) -> subprocess.Popen[str]:
    """`community …` in a process of its own."""
    command = [sys.executable, "-m", "community", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended_well(*processes: subprocess.Popen[str]) -> None:
    """Waits for the processes; each must end with 0."""
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, f"{process.args!r}\n{out}\n{err}"


@dataclass(frozen=True)
class Held:
    """What a programme holds. Members by handle; entries by member, of what, and how much."""

    members: list[tuple[Any, ...]]
    contributions: list[tuple[Any, ...]]
    sums: list[tuple[Any, ...]]
    standings: list[tuple[Any, ...]]


_MEMBERS = "SELECT handle, name, joined_on, status FROM member WHERE programme_id = {id}"
_CONTRIBUTIONS = """
    SELECT c.source, c.external_id, m.handle, c.type, c.title, c.occurred_on, c.state, c.price, c.priced_by, c.awards
    FROM contribution c JOIN member m ON m.programme_id = c.programme_id AND m.id = c.member_id
    WHERE c.programme_id = {id}"""
_SUMS = """
    SELECT m.handle, e.type, count(*), sum(e.points), sum(e.balance), sum(e.contributions), sum(e.reach)
    FROM entry e JOIN member m ON m.programme_id = e.programme_id AND m.id = e.member_id
    WHERE e.programme_id = {id} GROUP BY m.handle, e.type"""
_STANDINGS = """
    SELECT m.handle, s.tier FROM standing s JOIN member m ON m.programme_id = s.programme_id AND m.id = s.member_id
    WHERE s.programme_id = {id}"""


def held(database_url: str, slug: str) -> Held:
    """What a programme holds, in an order of its own."""
    found: Held = on(database_url, lambda engine: _held(engine, slug))
    return found


async def _held(engine: AsyncEngine, slug: str) -> Held:
    async with db.reading(engine) as connection:
        found = await connection.scalar(text("SELECT id FROM programme WHERE slug = :slug"), {"slug": slug})
        parts = []
        for statement in (_MEMBERS, _CONTRIBUTIONS, _SUMS, _STANDINGS):
            rows = await connection.execute(text(statement.format(id=found)))
            parts.append(sorted((tuple(row) for row in rows), key=repr))
    return Held(*parts)


def count_of(database_url: str, table: str) -> int:
    """How many rows a table has."""

    async def counted(engine: AsyncEngine) -> int:
        async with db.reading(engine) as connection:
            return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    found: int = on(database_url, counted)
    return found


def on(database_url: str, work: Any) -> Any:
    """Does some work with an engine of its own."""

    async def done() -> Any:
        engine = db.create_engine(database_url, 1)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    return asyncio.run(done())
