"""Jobs that raise, hang, let nothing else go on, or kill their process, beside 100 good ones: those are done, once.

The same in CI and in the long run. Whoever keeps the workers begins a new one where one has ended, as systemd does.
"""

from __future__ import annotations

from community.jobs.actions import NewJob
from tests.drills.once import LEFT
from tests.drills.scene import ON_POSTGRES, Scene
from tests.drills.servers import Process, Redis, wait_until

GOOD = 100
BLOCKED_SECONDS = 5
REASONS = {
    "drill.fail": "ArithmeticError: cannot be done",
    "drill.swallow": "MemoryError: ",
    "drill.hang": "it took longer than 1 s",
    "drill.block": "its process ended 2 times while it ran",
    "drill.kill": "its process ended 2 times while it ran",
}


@ON_POSTGRES
def test_poison_beside_good_ones(scene: Scene, queue: Redis) -> None:
    """Each poisonous job is dead after its two tries, with its reason; what no worker knows waits for one that does."""
    scene.redis_url = queue.url

    def worker() -> Process:
        return scene.process("worker", module="tests.drills.kinds", DRILL_BLOCKED=str(BLOCKED_SECONDS))

    poison = [NewJob(kind, None, {"what": kind}) for kind in REASONS]
    jobs = [*poison, *(NewJob("drill.note", None, {"what": f"{number:03d}"}) for number in range(GOOD))]
    scene.chance.shuffle(jobs)
    [stranger, *_] = scene.add(NewJob("drill.of_a_later_version"), *jobs)
    workers = [worker(), worker()]

    def ended() -> bool:
        for place, one in enumerate(workers):
            if not one.is_alive():
                workers[place] = worker()
        return scene.look.number(LEFT) == 1

    wait_until("all have ended", ended, 180, otherwise=scene.left)
    done = scene.look.rows("SELECT subject FROM record WHERE verb = 'drill.done'")
    assert done == [(f"{number:03d}",) for number in range(GOOD)]
    dead = scene.look.rows("SELECT kind, error FROM job WHERE state = 'dead'")
    assert dict(dead) == REASONS
    buried = scene.look.rows("SELECT verb FROM record WHERE verb = 'job.dead'")
    assert len(buried) == len(REASONS)
    [waiting] = scene.look.rows(f"SELECT state, tries FROM job WHERE id = '{stranger}'")
    assert waiting == ("waiting", 0)
    scene.community("jobs", "discard", stranger)
    scene.add(NewJob("drill.note", None, {"what": "later"}))
    wait_until("a later one is done", lambda: ended() or scene.look.number(LEFT) == 0)
