"""Jobs that are told of again and again, side by side and after they ended, have one effect; so has every kind done
twice at once.

CI: each 10 times, two rounds of everything done again. Long: twenty rounds.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from community.jobs.actions import NewJob, Told
from community.jobs.messenger import QUEUE, Messenger
from tests.drills.once import digest
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_POSTGRES, Scene, share
from tests.drills.servers import Redis, wait_until
from workers.main import HEAVY

TIMES = 10
ROUNDS = share(2, 20)
MANY = {"standings.full", "standings.range", "standings.prompt", "boards.full", "boards.prompt", "notices.tell"}


@ON_POSTGRES
def test_two_workers_told_of_the_same_jobs_ten_times(scene: Scene, queue: Redis) -> None:
    """They are told at once, while the jobs run, and a last time when all have ended; garbage comes in between."""
    scene.redis_url = queue.url
    workers = [scene.worker(module="tests.drills.kinds") for _ in range(2)]
    jobs = [NewJob("drill.slow", None, {"what": number, "seconds": 0.05}) for number in range(TIMES)]
    queue.say("set", "arq:job:garbage", "no message")
    queue.say("zadd", QUEUE, 1, "garbage", 2, "nothing")
    ids = scene.add(*jobs)
    asyncio.run(_tell(queue.url, [Told(one, "drill.slow") for one in ids]))
    scene.settled()
    asyncio.run(_tell(queue.url, [Told(one, "drill.slow") for one in ids]))
    wait_until("all messages are taken", lambda: queue.say("zcard", QUEUE) == "0")
    done = scene.look.rows("SELECT subject FROM record WHERE verb = 'drill.done'")
    assert done == sorted((str(number),) for number in range(TIMES))
    assert scene.look.rows("SELECT DISTINCT tries FROM job WHERE kind = 'drill.slow'") == [(1,)]
    assert all(one.is_alive() for one in workers)


async def _tell(url: str, told: list[Told]) -> None:
    """Tells of each job, some times over, from several places at once."""
    messengers = [Messenger(url, HEAVY) for _ in range(TIMES)]
    await asyncio.gather(*(one.tell([again]) for one in messengers for again in told))
    for one in messengers:
        await one.close()


def test_whatever_is_done_again_twice_at_once_changes_nothing(scene: Scene) -> None:
    """Every job that a programme had is added twice more, without its key, and done by two processes side by side."""
    scene.begin(members=20, submissions=60)
    Reviewing(scene, seconds=0).finished()
    scene.drained()
    scene.check()
    before = digest(scene.look)
    for _ in range(ROUNDS):
        done = scene.look.rows("SELECT DISTINCT kind, programme_id, CAST(arguments AS VARCHAR) FROM job")
        assert {row[0] for row in done} >= MANY
        scene.chance.shuffle(done)
        scene.add(*(NewJob(kind, programme_id, _given(given)) for kind, programme_id, given in done for _ in range(2)))
        scene.drained(processes=2)
        assert digest(scene.look) == before
    scene.check()


def _given(arguments: str) -> dict[str, Any]:
    """What a job was given, without what it kept of its own parts."""
    found: dict[str, Any] = json.loads(arguments)
    return found if "first" in found or "records" in found else {}
