"""Somebody who approves submissions one by one, in a thread of its own, as the requests of a web process would."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from random import Random
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.contributions.actions import review
from community.flow import followed
from community.jobs.following import Silent
from community.jobs.messenger import Messenger
from community.kit import db
from community.kit.errors import Conflict
from community.programmes import queries as programmes
from tests.drills.scene import SLUG, Scene
from workers.main import HEAVY

AGAIN_AFTER_SECONDS = 0.1


async def approve(engine: AsyncEngine, contribution_id: UUID) -> None:
    """One request: one approval in one transaction, and what follows from it."""

    async def work(connection: AsyncConnection) -> None:
        programme = await programmes.programme(connection, SLUG)
        await review.approve(connection, programme, [contribution_id], actor="rita")

    await db.retried(engine, work)


class Reviewing(threading.Thread):
    """Approves all that is submitted, with pauses of chance in between.

    A database that is away is asked again, as somebody does who sees an error and presses the button once more.
    `acknowledged`: whose approval was answered. `took`: [(when it began, how many seconds it took)].
    """

    def __init__(self, scene: Scene, *, seconds: float, patient: bool = False, most: int = 10**6) -> None:
        super().__init__(name="reviewing", daemon=True)
        self._url, self._redis_url, self._ids = scene.database_url, scene.redis_url, scene.submitted()[:most]
        self._chance, self._patient = Random(scene.chance.random()), patient
        self._pause = 2 * seconds / max(1, len(self._ids))
        self.acknowledged: list[UUID] = []
        self.took: list[tuple[float, float]] = []
        self.failures: list[float] = []
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """The thread."""
        try:
            asyncio.run(self._all(self._ids))
        except BaseException as error:
            self._error = error

    async def _all(self, ids: Sequence[UUID]) -> None:
        engine = db.create_engine(self._url, 2)
        messenger = Messenger(self._redis_url, HEAVY) if self._redis_url else None
        followed(engine, messenger or Silent())
        try:
            for one in ids:
                await self._one(engine, one)
                await asyncio.sleep(self._chance.uniform(0, self._pause))
        finally:
            if messenger is not None:
                await messenger.close()
            await engine.dispose()

    async def _one(self, engine: AsyncEngine, contribution_id: UUID) -> None:
        began = time.monotonic()
        while True:
            try:
                await approve(engine, contribution_id)
            except Conflict:  # it was kept, and only the answer was lost
                assert self.failures, "approved by nobody"
            except (DBAPIError, OSError):
                if not self._patient:
                    raise
                self.failures.append(time.monotonic())
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
                continue
            self.acknowledged.append(contribution_id)
            self.took.append((began, time.monotonic() - began))
            return

    def finished(self, within_seconds: float = 300) -> None:
        """Waits for the end; raises what went wrong."""
        self.join(within_seconds)
        assert not self.is_alive(), "reviewing does not end"
        if self._error is not None:
            raise self._error
