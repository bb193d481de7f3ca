"""A worker that was stopped (SIGSTOP), and wakes when its lease has run out, writes nothing.

CI: once each; beside a run over everybody, two stops. Long: ten stops.
"""

from __future__ import annotations

import time

from community.jobs.actions import NewJob
from community.jobs.rules import BEATS_EVERY, LEASE
from community.kit import db
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_POSTGRES, RESUMED_WITHIN_SECONDS, Scene, share
from tests.drills.servers import Process, Redis, wait_until

STOPS = share(2, 10)
KINDS = "tests.drills.kinds"
IDLE_SECONDS = 4
HELD_SECONDS = db.SILENT_SECONDS + BEATS_EVERY.total_seconds()
"""So long a stopped process may hold rows that it locked, before its transactions are ended."""


def done(scene: Scene) -> list[str]:
    """What the kinds of drills did, once for each time that they did it."""
    return [what for (what,) in scene.look.rows("SELECT subject FROM record WHERE verb = 'drill.done'")]


def stopped_at_work(scene: Scene, worker: Process, job: NewJob) -> None:
    """Gives a job to the only worker, and stops it in the middle of its transaction."""
    [id_] = scene.add(job)
    runs = f"SELECT count(*) FROM job WHERE id = '{id_}' AND state = 'running'"
    wait_until("it is at work", lambda: scene.look.number(runs) == 1)
    time.sleep(0.5)
    worker.pause()


@ON_POSTGRES
def test_a_worker_that_wakes_too_late_writes_nothing(scene: Scene, queue: Redis) -> None:
    """The other one does its job meanwhile; the one that woke goes on with other jobs."""
    scene.redis_url = queue.url
    first = scene.worker(module=KINDS)
    stopped_at_work(scene, first, NewJob("drill.slow", None, {"what": "slow", "seconds": 4}))
    second = scene.worker(module=KINDS)
    scene.taken_up(first, HELD_SECONDS + RESUMED_WITHIN_SECONDS)
    scene.settled()
    assert done(scene) == ["slow"]
    first.resume()
    wait_until("it finds that it lost its claim", lambda: '"outcome": "lost"' in first.log)
    assert done(scene) == ["slow"]
    second.terminate()
    scene.add(NewJob("drill.note", None, {"what": "later"}))
    scene.settled()
    assert done(scene) == ["later", "slow"]


@ON_POSTGRES
def test_rows_that_a_stopped_worker_locked_are_free_again(scene: Scene, queue: Redis) -> None:
    """It holds the rows of all members when it is stopped: neither approvals nor the other worker wait for it."""
    scene.redis_url = queue.url
    scene.begin(members=5, submissions=10)
    first = scene.worker(module=KINDS, DRILL_IDLE=str(IDLE_SECONDS))
    scene.settled()
    stopped_at_work(scene, first, NewJob("drill.hold", scene.programme_id(), {"what": "held", "seconds": 2}))
    reviewing = Reviewing(scene, seconds=0)
    scene.worker(module=KINDS)
    began = time.monotonic()
    reviewing.finished(IDLE_SECONDS + RESUMED_WITHIN_SECONDS)
    scene.settled(LEASE.total_seconds() + IDLE_SECONDS + RESUMED_WITHIN_SECONDS)
    print(f"free after {time.monotonic() - began:.1f} s")
    first.resume()
    wait_until("it finds that it lost its claim", lambda: '"outcome": "lost"' in first.log)
    assert done(scene) == ["held"]
    scene.check()


@ON_POSTGRES
def test_stopped_beside_a_run_over_everybody(scene: Scene, queue: Redis) -> None:
    """One of two workers is stopped at moments of chance, for longer than its lease, and woken again."""
    scene.redis_url = queue.url
    scene.begin(members=40, submissions=120)
    workers = [scene.worker(COMMUNITY_RANGE_SIZE="3") for _ in range(2)]
    reviewing = Reviewing(scene, seconds=12 * STOPS)
    for number in range(STOPS):
        scene.add(NewJob("standings.full", scene.programme_id()))
        victim = scene.chance.choice(workers)
        if number % 2:
            time.sleep(scene.chance.uniform(0, 1))
        else:
            scene.at_work(victim)
        victim.pause()
        scene.taken_up(victim, HELD_SECONDS + RESUMED_WITHIN_SECONDS)
        time.sleep(scene.chance.uniform(0, 2))
        victim.resume()
    reviewing.finished()
    scene.settled()
    scene.check()
    assert all(worker.is_alive() for worker in workers)
