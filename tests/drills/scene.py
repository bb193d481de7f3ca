"""The stage of a drill: a programme with submissions, processes around it, and what a quiet serial run comes to."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from pathlib import Path
from random import Random
from unittest import mock
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.flow import followed
from community.jobs import actions
from community.jobs.actions import NewJob
from community.jobs.following import Silent
from community.jobs.runner import Runner
from community.kit import db
from community.kit.settings import Settings
from tests.cli.cast import Community
from tests.drills.once import LEFT, Effects, Look, assert_each_once, effects, left_to_do
from tests.drills.servers import Process, answers, free_port, wait_until
from tests.drills.stage import on, rows_file
from workers.main import KINDS

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = os.environ.get("COMMUNITY_DRILLS") == "long"
RESUMED_WITHIN_SECONDS = 15.0
SLUG = "drill"
BOOK = """\
format: 1
programme: {slug: drill, name: Drill, timezone: UTC, locale: en}
contribution_types:
  - {key: answer, name: Answer, points: {base: 30}}
  - {key: post, name: Post, points: {base: 50}}
caps:
  - {contributions: 4, per: month, types: [post]}
tiers:
  - {key: star, name: Star, gain: {metric: points, min: 100}}
leaderboards:
  - {key: points, name: Points, metric: points}
"""
"""One tier, and posts that are worth the same: what a member gets, and each decision, does not rest on the order."""


def share(ci: int, long: int) -> int:
    """How many: a share where time is short, all of them in the long run."""
    return long if LONG else ci


class Scene:
    """A programme, and what serves it. `redis_url` is what processes and whoever approves are given."""

    def __init__(
        self, community: Community, database_url: str, folder: Path, chance: Random, sqlite_template: Path
    ) -> None:
        self.community, self.database_url, self.folder, self.chance = community, database_url, folder, chance
        self.redis_url = ""
        self.look = Look(database_url)
        self._template, self._processes = sqlite_template, list[Process]()
        self._files: list[Path] = []

    # The programme

    def begin(self, members: int, submissions: int, book: str = BOOK) -> None:
        """A programme of which the first day was run, with submissions that wait."""
        file = self.folder / "drill.yaml"
        file.write_text(book, "utf-8")
        rows = rows_file(self.folder / "rows.csv", range(submissions), members, self.chance.randrange(10**6))
        self._files = [file, rows]
        self._fed()

    def _fed(self) -> None:
        book, rows = self._files
        self.community("programme", "apply", book, "--yes")
        self.community("standings", "refresh", SLUG)
        self.community("contributions", "import", SLUG, rows, "--create-members")

    def submitted(self) -> list[UUID]:
        """The ids of what waits for review, in an order of chance."""
        rows = self.look.rows("SELECT id FROM contribution WHERE state = 'submitted'")
        ids = [one if isinstance(one, UUID) else UUID(one) for (one,) in rows]
        self.chance.shuffle(ids)
        return ids

    def add(self, *jobs: NewJob) -> list[UUID]:
        """Adds jobs; processes find them by their sweeps."""

        async def added(engine: AsyncEngine) -> list[UUID]:
            async with db.writing(engine) as connection:
                return await actions.add(connection, jobs)

        found: list[UUID] = on(self.database_url, added)
        return found

    def programme_id(self) -> int:
        """The id of the programme."""
        return self.look.number("SELECT id FROM programme WHERE slug = :slug", slug=SLUG)

    # Processes

    def process(self, *arguments: object, module: str = "community", **environment: str) -> Process:
        """`python -m MODULE …`, ended with the drill."""
        name = f"{len(self._processes)}-{arguments[0]}.log"
        given = {"COMMUNITY_REDIS_URL": self.redis_url, **environment}
        self._processes.append(Process(given, self.folder / name, *arguments, module=module))
        return self._processes[-1]

    def worker(self, *, module: str = "community", **environment: str) -> Process:
        """A worker that has begun."""
        made = self.process("worker", module=module, **environment)
        wait_until("a worker begins", lambda: self._began(made, "worker begins"))
        return made

    def web(self, *, module: str = "community", port: int | None = None, **environment: str) -> tuple[Process, str]:
        """A web process that answers, and its address."""
        port = port or free_port()
        made = self.process("serve", "--port", port, module=module, **environment)
        wait_until("a web process answers", lambda: made.is_alive() and answers(f"http://127.0.0.1:{port}/healthz"))
        return made, f"http://127.0.0.1:{port}"

    def _began(self, process: Process, words: str) -> bool:
        assert process.is_alive(), process.log
        return words in process.log

    def kill(self, process: Process) -> float:
        """Kills a process by -9; answers within how many seconds others had taken up what it ran."""
        process.kill()
        return self.taken_up(process)

    def taken_up(self, process: Process, seconds: float = RESUMED_WITHIN_SECONDS) -> float:
        """Waits until nothing is run by a process any more; by one that was killed, within 15 s."""
        of = f"%:{process.popen.pid}:%"
        left = "SELECT count(*) FROM job WHERE state = 'running' AND worker LIKE :of"
        return wait_until(
            "others take up what it ran", lambda: self.look.number(left, of=of) == 0, seconds, otherwise=self.left
        )

    def at_work(self, process: Process, seconds: float = 10) -> None:
        """Waits, for some time at most, until a process runs a job."""
        of = f"%:{process.popen.pid}:%"
        runs = "SELECT count(*) FROM job WHERE state = 'running' AND worker LIKE :of"
        until = time.monotonic() + seconds
        while not self.look.number(runs, of=of) and time.monotonic() < until:
            time.sleep(0.002)

    # The end

    def drained(self, processes: int = 1) -> None:
        """Lets so many processes, in this one, do all jobs that are due."""
        asyncio.run(drain(self.database_url, processes))

    def settled(self, seconds: float = 60) -> None:
        """Waits until all jobs have ended."""
        wait_until("all jobs are done", lambda: left_to_do(self.look) == 0, seconds, otherwise=self.left)

    def left(self) -> str:
        """What has not ended, and how busy this machine is."""
        rows = self.look.rows(
            "SELECT kind, state, tries, parts, parts_done, error, worker, run_at, lease_until FROM job "
            "WHERE state <> 'done'"
        )
        return "\n".join(map(str, [os.getloadavg(), *rows, *self.look.sessions()]))

    def check(self) -> Effects:
        """Everything is there, once, and as after a quiet serial run."""
        assert_each_once(self.look, SLUG)
        self.community("ledger", "verify")
        found = effects(self.look, SLUG)
        assert found == self.quiet()
        return found

    def quiet(self) -> Effects:
        """What it comes to where everything is approved at once, and one process does the jobs in peace."""
        file = self.folder / "quiet.sqlite3"
        shutil.copy(self._template, file)
        url = f"sqlite:///{file}"
        with mock.patch.dict(os.environ, {"COMMUNITY_DATABASE_URL": url}):
            self._fed()
            self.community("contributions", "approve", SLUG, "--all-pending")
            self.community("standings", "refresh", SLUG)
        asyncio.run(drain(url))
        look = Look(url)
        try:
            assert_each_once(look, SLUG)
            return effects(look, SLUG)
        finally:
            look.close()

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._processes:
            process.close()
        self.look.close()


async def drain(database_url: str, processes: int = 1) -> None:
    """Does all jobs that are due, and what follows from them, as so many processes would, side by side."""
    engines = [db.create_engine(database_url, 6) for _ in range(processes)]
    for engine in engines:
        followed(engine, Silent())
    runners = [Runner(engine, KINDS, Settings()) for engine in engines]
    try:
        while await _left(engines[0]):
            await asyncio.gather(*(take() for one in runners for take in (one.short, one.tried, one.heavy)))
    finally:
        await asyncio.gather(*(one.stop(1) for one in runners))
        await asyncio.gather(*(engine.dispose() for engine in engines))


async def _left(engine: AsyncEngine) -> int:
    async with db.reading(engine) as connection:
        return int(await connection.scalar(text(LEFT)) or 0)
