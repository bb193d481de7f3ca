"""Two processes decide about the same members at once: decisions are a chain, and nobody is told twice.

CI: 3 rounds. Long: 60.
"""

from __future__ import annotations

from community.jobs.actions import NewJob
from tests.drills.once import assert_each_once
from tests.drills.reviewing import Reviewing
from tests.drills.scene import BOOK, SLUG, Scene, share

ROUNDS = share(3, 60)
LADDER = """\
tiers:
  - {key: star, name: Star, gain: {metric: points, min: 60}}
  - {key: giant, name: Giant, gain: {metric: points, min: 150}}
  - {key: legend, name: Legend, promotion: manual, gain: {metric: points, min: 300}}
"""


def test_the_same_members_by_two_at_once(scene: Scene) -> None:
    """Each round some more is approved; then prompt runs and runs over everybody are done by two, several at once."""
    before, _, after = BOOK.partition("tiers:\n")
    scene.begin(members=15, submissions=40 * ROUNDS, book=before + LADDER + after[after.index("leaderboards") :])
    for _ in range(ROUNDS):
        Reviewing(scene, seconds=0, most=40).finished()
        programme = scene.programme_id()
        scene.add(*(NewJob(kind, programme) for kind in ("standings.prompt", "standings.full") for _ in range(4)))
        scene.add(*(NewJob(kind, programme) for kind in ("boards.prompt", "boards.full") for _ in range(2)))
        scene.drained(processes=2)
        assert_each_once(scene.look, SLUG)
    scene.community("ledger", "verify")
    tiers = [tier for _, tier in scene.look.rows("SELECT member_id, tier FROM standing WHERE tier IS NOT NULL")]
    assert "giant" in tiers
