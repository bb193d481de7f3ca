"""Telling workers costs whoever tells nothing but a moment, whatever becomes of the queue."""

from __future__ import annotations

import asyncio
from random import Random
from time import monotonic

import pytest

from community.jobs import messenger
from community.jobs.actions import Told
from community.jobs.messenger import QUEUE, Messenger
from community.kit.ids import new_id
from tests.drills.servers import redis

pytestmark = pytest.mark.anyio

HEAVY = frozenset({"heavy"})


async def test_many_tell_at_once_while_the_queue_goes_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messenger, "SILENT_AFTER_FAILURE_SECONDS", 0.01)
    chance, ended = Random(7), asyncio.Event()
    with redis() as server:
        tells = Messenger(server.url, HEAVY)

        async def keep_telling() -> int:
            times = 0
            while not ended.is_set():
                await tells.tell([Told(new_id(), chance.choice(("heavy", "short"))) for _ in range(30)])
                times += 1
                await asyncio.sleep(0.01 * chance.random())
            return times

        tellers = [asyncio.create_task(keep_telling()) for _ in range(10)]
        for _ in range(3):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.start)
        await asyncio.sleep(0.5)
        ended.set()
        assert min(await asyncio.gather(*tellers)) > 5
        await tells.tell([Told(new_id(), "short")])
        assert int(server.say("zcard", QUEUE)) > 0
        await tells.close()


async def test_a_queue_that_is_away_is_asked_once_and_then_left_alone_for_a_while() -> None:
    with redis() as server:
        tells = Messenger(server.url, HEAVY)
        server.kill()
        await tells.tell([Told(new_id(), "short")])
        began = monotonic()
        for _ in range(1_000):
            await tells.tell([Told(new_id(), "short")])
        assert monotonic() - began < 1
        await tells.close()
