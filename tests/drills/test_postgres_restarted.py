"""PostgreSQL is restarted at once, killed by -9, or one of its backends is: what was committed stays, all recover.

CI: each of the three once, 100 approvals. Long: twenty times each, 1 500 approvals.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from community.kit import schema
from tests.drills.reviewing import Reviewing
from tests.drills.scene import Scene, share
from tests.drills.servers import Postgres, Redis, answers, postgres, wait_until
from tests.drills.stage import on

TIMES = share(1, 20)
APPROVALS = share(100, 1_500)
RECOVERED_WITHIN_SECONDS = 5.0
BETWEEN_SECONDS = 3.0


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL of this drill."""
    with postgres() as made:
        yield made


@pytest.fixture
def database_url(server: Postgres) -> str:
    """The URL of a migrated database on it."""
    server.say("CREATE DATABASE drill")
    on(server.url("drill"), schema.upgrade)
    return server.url("drill")


def test_committed_work_stays_and_processes_recover_by_themselves(scene: Scene, server: Postgres, queue: Redis) -> None:
    """Web and workers are the same processes all the time; within 5 s after the server answers they do their work."""
    scene.redis_url = queue.url
    scene.begin(members=40, submissions=APPROVALS)
    web, url = scene.web()
    workers = [scene.worker(COMMUNITY_RANGE_SIZE="10") for _ in range(2)]
    wait_until("the web process is ready", lambda: answers(f"{url}/readyz"))
    faults = [server.restart, server.kill_and_start, server.kill_backend] * TIMES
    scene.chance.shuffle(faults)
    reviewing = Reviewing(scene, seconds=2 * BETWEEN_SECONDS * len(faults), patient=True)
    recovered = []
    for fault in faults:
        time.sleep(scene.chance.uniform(0.5, BETWEEN_SECONDS))
        fault()
        answered = list(reviewing.acknowledged)
        assert approved(scene) >= set(answered)
        recovered.append(recovery(scene, url, workers_of=len(workers)))
    reviewing.finished()
    print("recovered within", [round(one, 1) for one in recovered], "s")
    scene.settled()
    scene.check()
    assert all(one.is_alive() for one in (web, *workers))


def approved(scene: Scene) -> set[UUID]:
    """Whose approval is there."""
    rows = scene.look.rows("SELECT id FROM contribution WHERE state = 'approved'")
    return {id_ for (id_,) in rows}


def recovery(scene: Scene, url: str, workers_of: int) -> float:
    """Waits until the web process answers that it is ready and all workers have swept; answers how long it took."""
    [[answers_at]] = scene.look.rows("SELECT clock_timestamp()")
    swept = "SELECT count(*) FROM heartbeat WHERE swept_at > :since"

    def all_do_their_work() -> bool:
        return scene.look.number(swept, since=answers_at) == workers_of and answers(f"{url}/readyz")

    return wait_until("processes recover", all_do_their_work, RECOVERED_WITHIN_SECONDS, otherwise=scene.left)
