"""Two web processes that run jobs themselves, on one SQLite file; 300 jobs; one is killed by -9, again and again.

CI: two kills. Long: twenty.
"""

from __future__ import annotations

import time

from community.jobs.actions import NewJob
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_SQLITE, Scene, share
from tests.drills.servers import answers

JOBS = 300
KILLS = share(2, 20)
APPROVALS = share(60, 600)


@ON_SQLITE
def test_two_embedded_processes_on_one_file(scene: Scene) -> None:
    """Approvals go on beside; every job is done once, and a process that takes the place of another is served."""
    scene.begin(members=30, submissions=APPROVALS)
    served = [scene.web(module="tests.drills.kinds", COMMUNITY_RANGE_SIZE="5") for _ in range(2)]
    reviewing = Reviewing(scene, seconds=6 * KILLS)
    each = JOBS // KILLS
    for number in range(KILLS):
        whats = range(number * each, (number + 1) * each)
        scene.add(*(NewJob("drill.slow", None, {"what": f"{what:03d}", "seconds": 0.01}) for what in whats))
        scene.add(NewJob("standings.full", scene.programme_id()))
        victim, _ = served.pop(scene.chance.randrange(2))
        scene.at_work(victim)
        time.sleep(scene.chance.uniform(0, 0.5))
        scene.kill(victim)
        served.append(scene.web(module="tests.drills.kinds", COMMUNITY_RANGE_SIZE="5"))
    reviewing.finished()
    scene.settled()
    done = scene.look.rows("SELECT subject FROM record WHERE verb = 'drill.done'")
    assert done == [(f"{number:03d}",) for number in range(each * KILLS)]
    scene.check()
    for process, url in served:
        assert answers(f"{url}/readyz")
        assert process.terminate() < 20
