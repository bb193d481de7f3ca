"""Web and worker are asked to end (SIGTERM) and replaced by new ones, while pages are asked for and approvals go on.

CI: once on its port, once beside the old one. Long: ten times.
"""

from __future__ import annotations

import time

from tests.drills.proxy import Proxy
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_POSTGRES, Scene, share
from tests.drills.servers import Process, Redis, free_port
from tests.drills.visiting import Visiting

TIMES = share(2, 10)
PER_SECOND = 20
PAGES = ("/", "/sign-in", "/reset", "/healthz")
ENDS_WITHIN_SECONDS = 20.0


@ON_POSTGRES
def test_nobody_sees_that_web_and_worker_are_replaced(scene: Scene, queue: Redis) -> None:
    """On one port the new web process begins when the old one has ended; on two it is there before."""
    scene.redis_url = queue.url
    scene.begin(members=20, submissions=60 * TIMES)
    ports = free_port(), free_port()
    web, _ = scene.web(port=ports[0], COMMUNITY_RATE_SCALE="0")
    worker = scene.worker(COMMUNITY_RANGE_SIZE="3")
    proxy = Proxy(*ports)
    reviewing, visiting = Reviewing(scene, seconds=8 * TIMES), Visiting(proxy.url, PAGES, PER_SECOND)
    for number in range(TIMES):
        time.sleep(scene.chance.uniform(0.5, 1.5))
        worker = _replaced_worker(scene, worker)
        if number % 2 == 0:
            web = _replaced_on_its_port(scene, web, ports[0])
        else:
            web, ports = _replaced_beside(scene, web, ports[1]), (ports[1], ports[0])
    assert visiting.finished() == []
    reviewing.finished()
    scene.settled()
    scene.check()
    assert visiting.asked >= PER_SECOND
    assert proxy.refused > 0
    proxy.close()
    assert web.terminate() < ENDS_WITHIN_SECONDS
    assert worker.terminate() < ENDS_WITHIN_SECONDS


def _replaced_worker(scene: Scene, old: Process) -> Process:
    new = scene.worker(COMMUNITY_RANGE_SIZE="3")
    assert old.terminate() < ENDS_WITHIN_SECONDS
    return new


def _replaced_on_its_port(scene: Scene, old: Process, port: int) -> Process:
    """The new one begins when the old one has ended."""
    assert old.terminate() < ENDS_WITHIN_SECONDS
    return scene.web(port=port, COMMUNITY_RATE_SCALE="0")[0]


def _replaced_beside(scene: Scene, old: Process, port: int) -> Process:
    """The old one ends when the new one answers."""
    new, _ = scene.web(port=port, COMMUNITY_RATE_SCALE="0")
    assert old.terminate() < ENDS_WITHIN_SECONDS
    return new
