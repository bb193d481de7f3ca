"""A process is killed in the middle of a unit of work: nothing before the commit is there, everything after it is.

CI: 6 kills at moments of chance. Long: 200.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from uuid import UUID

import pytest

from tests.drills.once import left_to_do
from tests.drills.reviewing import Reviewing
from tests.drills.scene import Scene, share
from tests.drills.servers import ROOT

KILLS = share(6, 200)
FOLLOWED = "SELECT count(*) FROM job WHERE kind = 'standings.prompt'"
APPROVED = "SELECT count(*) FROM contribution WHERE state = 'approved'"


def approving(scene: Scene, ids: list[UUID], killed: str) -> subprocess.Popen[str]:
    """A process that approves one after another; it is killed `before` or `after` the commit of the first, or not."""
    command = [sys.executable, "-m", "tests.drills.approving", killed, scene.database_url, *map(str, ids)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("killed", ["before", "after"])
def test_killed_before_and_after_the_commit(scene: Scene, killed: str) -> None:
    """Killed before: nothing of it is there. Killed after, having told nobody: another process finds what follows."""
    scene.begin(members=5, submissions=10)
    scene.drained()
    followed = scene.look.number(FOLLOWED)
    [first, *_] = scene.submitted()
    with approving(scene, [first], killed) as process:
        assert process.wait(60) == -signal.SIGKILL
    kept = int(killed == "after")
    assert scene.look.number(APPROVED) == kept
    assert scene.look.number("SELECT count(*) FROM entry") == kept
    assert scene.look.number(FOLLOWED) == followed + kept
    assert (left_to_do(scene.look) > 0) == bool(kept)
    with approving(scene, [first], "never") as process:  # whoever heard nothing asks again
        out, _ = process.communicate(timeout=60)
    assert out.split() == ["begins", "approved" if killed == "before" else "conflict"]
    Reviewing(scene, seconds=0).finished()
    scene.drained()
    scene.check()


def test_killed_at_any_moment(scene: Scene) -> None:
    """Processes that approve are killed at moments of chance; what they answered is kept, and the rest done later."""
    scene.begin(members=20, submissions=20 * KILLS)
    said: list[str] = []
    for _ in range(KILLS):
        with approving(scene, scene.submitted(), "never") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
            time.sleep(scene.chance.uniform(0, 0.15))
            os.kill(process.pid, signal.SIGKILL)
            said += process.stdout.read().split()
    answered = said.count("approved")
    assert answered <= scene.look.number(APPROVED) <= answered + KILLS
    Reviewing(scene, seconds=0).finished()
    scene.drained()
    scene.check()
