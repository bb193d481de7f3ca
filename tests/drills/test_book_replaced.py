"""The book is replaced in the middle of a run over everybody: each decision cites the version that took it.

CI: 200 members in ranges of one, one replacement. Long: 2 000 members, five.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.drills.once import digest
from tests.drills.scene import BOOK, ON_POSTGRES, SLUG, Scene, share
from tests.drills.servers import Redis, wait_until

MEMBERS, SUBMISSIONS = share(200, 2_000), share(500, 5_000)
TIMES = share(1, 5)
LEAST = {1: 100, 2: 60, 3: 30}
"""Points for the only tier, by version."""

OF_RUNS = "SELECT count(*) FROM job WHERE kind = 'standings.range' AND arguments ->> 'version' = :version"
HAVING = """
    SELECT m.handle, sum(e.points) FROM entry e
    JOIN member m ON m.programme_id = e.programme_id AND m.id = e.member_id GROUP BY m.handle"""
DECISIONS = """
    SELECT m.handle, d.version, CAST(d.reasons AS VARCHAR) FROM decision d
    JOIN member m ON m.programme_id = d.programme_id AND m.id = d.member_id"""


def replace(scene: Scene, version: int) -> None:
    """Applies the book with what the tier asks for in that version."""
    file = scene.folder / f"version-{version}.yaml"
    file.write_text(BOOK.replace("min: 100", f"min: {LEAST[version]}"), "utf-8")
    scene.community("programme", "apply", file, "--yes")


def least_of(reasons: str) -> set[int]:
    """What the reasons of a decision say that was asked for."""
    found: list[dict[str, Any]] = json.loads(reasons)
    return {int(one["min"]) for one in found}


@ON_POSTGRES
@pytest.mark.parametrize("time", range(TIMES))
def test_each_decision_cites_the_version_that_took_it(scene: Scene, queue: Redis, time: int) -> None:
    """A run by version 2 is under way, a part of its ranges done, when version 3 is applied; a run right after changes
    nothing.
    """
    scene.redis_url = queue.url
    scene.begin(MEMBERS, SUBMISSIONS)
    scene.community("contributions", "approve", SLUG, "--all-pending")
    worker = scene.worker(COMMUNITY_RANGE_SIZE="1", COMMUNITY_CONNECTIONS="1")
    scene.settled(120)
    replace(scene, 2)
    ended = f"{OF_RUNS} AND state = 'done'"
    some = scene.chance.randint(3, MEMBERS // 3)
    wait_until("some ranges are done", lambda: scene.look.number(ended, version="2") >= some)
    replace(scene, 3)
    before = scene.look.number(ended, version="2")
    assert before < scene.look.number(OF_RUNS, version="2"), "the run by version 2 was over too soon"
    scene.settled(120)

    decided = {handle: (version, least_of(reasons)) for handle, version, reasons in scene.look.rows(DECISIONS)}
    assert all(least == {LEAST[version]} for version, least in decided.values())
    points = {handle: int(sum_) for handle, sum_ in scene.look.rows(HAVING)}
    assert {handle for handle, sum_ in points.items() if sum_ >= LEAST[3]} == set(decided)
    assert all(points[handle] >= LEAST[version] for handle, (version, _) in decided.items())
    versions = [version for version, _ in decided.values()]
    print({version: versions.count(version) for version in LEAST}, "decisions by version;", before, "ranges by 2")
    left_over = [handle for handle, (version, _) in decided.items() if version == 3 and points[handle] >= LEAST[2]]
    assert left_over, "version 2 decided about everybody"

    found = digest(scene.look)
    scene.community("run", "full", SLUG)
    scene.settled(120)
    assert digest(scene.look) == found
    assert worker.is_alive()
    scene.community("ledger", "verify")
