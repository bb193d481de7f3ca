"""Workers are killed by -9 at moments of chance, beside approvals and a run over everybody in small ranges.

CI: 160 approvals, 3 kills. Long: 2 000 approvals, 40 kills.
"""

from __future__ import annotations

import time

from community.jobs.actions import NewJob
from community.jobs.messenger import QUEUE
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_POSTGRES, Scene, share
from tests.drills.servers import Redis, wait_until

APPROVALS, MEMBERS = share(160, 2_000), share(50, 400)
KILLS = share(3, 40)


@ON_POSTGRES
def test_every_effect_is_there_once_whichever_worker_is_killed(scene: Scene, queue: Redis) -> None:
    """Half of the kills come at any moment, half while the worker is at work; another one takes its place each time."""
    scene.redis_url = queue.url
    scene.begin(MEMBERS, APPROVALS)
    small = {"COMMUNITY_RANGE_SIZE": "5"}
    workers = [scene.worker(**small) for _ in range(2)]
    reviewing = Reviewing(scene, seconds=6 * KILLS)
    resumed = []
    for number in range(KILLS):
        scene.add(NewJob("standings.full", scene.programme_id()))
        time.sleep(scene.chance.uniform(0, 1.5))
        victim = workers.pop(scene.chance.randrange(2))
        if number % 2:
            scene.at_work(victim)
        resumed.append(scene.kill(victim))
        workers.append(scene.worker(**small))
    reviewing.finished()
    scene.settled()
    print("resumed within", [round(one, 1) for one in resumed], "s")
    found = scene.check()
    assert len(found.contributions) == APPROVALS
    wait_until("no message is left", lambda: queue.say("zcard", QUEUE) == "0", 40)
