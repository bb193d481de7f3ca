"""Redis is flushed, stopped, restarted empty, stuck, full, a replica, slow: approvals go on, nothing is lost.

CI: it is stopped for 6 s, 80 approvals. Long: for a minute, 600 approvals.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from community.jobs.messenger import WAKE
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_POSTGRES, Scene, share
from tests.drills.servers import Redis, wait_until
from tests.drills.visiting import Visiting

AWAY_SECONDS = share(6, 60)
APPROVALS = share(80, 600)
DONE_WITHIN_SECONDS = 60
SLOWER_AT_MOST_SECONDS = 0.3


def heard_by(queue: Redis, workers: int) -> None:
    """Waits until workers listen again."""
    heard = f"{WAKE}\n{workers}"
    wait_until("workers listen again", lambda: queue.say("pubsub", "numsub", WAKE) == heard)


@ON_POSTGRES
def test_redis_flushed_stopped_and_restarted_empty(scene: Scene, queue: Redis) -> None:
    """`/readyz` and approvals go on all the time; all is done within a minute after, and told at once again."""
    scene.redis_url = queue.url
    scene.begin(members=40, submissions=APPROVALS)
    _, url = scene.web()
    workers = [scene.worker() for _ in range(2)]
    wait_until("a process swept", lambda: scene.look.number("SELECT count(*) FROM heartbeat") == 2)
    heard_by(queue, 2)
    visiting = Visiting(url, ["/readyz", "/", "/healthz"], per_second=3)
    reviewing = Reviewing(scene, seconds=AWAY_SECONDS + 6)
    time.sleep(2)
    queue.flush()
    time.sleep(scene.chance.uniform(0, 2))
    away_at = time.monotonic()
    queue.kill()
    time.sleep(AWAY_SECONDS)
    back_at = time.monotonic()
    queue.start()
    reviewing.finished()
    scene.settled(DONE_WITHIN_SECONDS)
    assert visiting.finished() == []
    before = [took for began, took in reviewing.took if began < away_at]
    during = [took for began, took in reviewing.took if away_at < began < back_at]
    assert median(during) - median(before) < SLOWER_AT_MOST_SECONDS
    scene.check()
    heard_by(queue, 2)
    assert all(one.is_alive() for one in workers)


@ON_POSTGRES
def test_redis_that_does_not_do_its_work(scene: Scene, queue: Redis) -> None:
    """It is stuck, full, a replica that takes nothing, or slow; workers that are told to end do so in time."""
    scene.redis_url = queue.url
    scene.begin(members=40, submissions=APPROVALS)
    workers = [scene.worker() for _ in range(2)]
    heard_by(queue, 2)
    faults: list[tuple[Callable[[], object], Callable[[], object]]] = [
        (queue.pause, queue.resume),
        (lambda: queue.say("config", "set", "maxmemory", 1), lambda: queue.say("config", "set", "maxmemory", 0)),
        (lambda: queue.say("replicaof", "127.0.0.1", 1), lambda: queue.say("replicaof", "no", "one")),
        (lambda: queue.say("client", "pause", 3_000, "all"), lambda: time.sleep(2)),
    ]
    scene.chance.shuffle(faults)
    reviewing = Reviewing(scene, seconds=4 * len(faults))
    for begins, ends in faults:
        time.sleep(1)
        begins()
        time.sleep(2)
        ends()
    reviewing.finished()
    scene.settled(DONE_WITHIN_SECONDS)
    scene.check()
    heard_by(queue, 2)
    queue.pause()
    assert max(one.terminate() for one in workers) < 20
    assert [one.popen.returncode for one in workers] == [0, 0]
