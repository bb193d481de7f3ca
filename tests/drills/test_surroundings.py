"""Machines whose clocks, zones, locales and hashes differ come to the same decisions.

The clocks of some are an hour behind, a day ahead, or set while they run (libfaketime): the database's is everybody's.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.drills.reviewing import Reviewing
from tests.drills.scene import ON_POSTGRES, Scene
from tests.drills.servers import Redis

SECONDS = 6.0


def faked(offset: str, file: Path | None = None) -> dict[str, str]:
    """The environment of a process whose clock differs; by what a file says, if one is given. Waiting is as long."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        unavailable("faketime", "it is not installed")
    given = {"LD_PRELOAD": str(found[0]), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    if file is None:
        return {**given, "FAKETIME": offset}
    file.write_text(offset, "ascii")
    return {**given, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}


@ON_POSTGRES
@pytest.mark.parametrize("offsets", [("-1h", "+1d"), ("-5y", "+0")])
def test_clocks_that_differ(scene: Scene, queue: Redis, offsets: tuple[str, str]) -> None:
    """Each of two workers has another clock; what comes of it is that of one day, in the order of the database."""
    scene.redis_url = queue.url
    scene.begin(members=20, submissions=60)
    for offset in offsets:
        scene.worker(COMMUNITY_RANGE_SIZE="3", **faked(offset))
    Reviewing(scene, seconds=SECONDS).finished()
    scene.settled()
    scene.check()
    assert scene.look.number("SELECT count(*) FROM job WHERE finished_at < created_at") == 0
    assert scene.look.number("SELECT count(DISTINCT day) FROM standing_change") <= 1


@ON_POSTGRES
def test_a_clock_that_is_set_while_it_runs(scene: Scene, queue: Redis, tmp_path: Path) -> None:
    """Back by an hour, then ahead by a day: leases, backoffs and days do not follow."""
    scene.redis_url = queue.url
    scene.begin(members=20, submissions=60)
    said = tmp_path / "clock"
    scene.worker(COMMUNITY_RANGE_SIZE="3", **faked("+0", said))
    reviewing = Reviewing(scene, seconds=SECONDS)
    for offset in ("-1h", "+1d"):
        time.sleep(SECONDS / 3)
        said.write_text(offset, "ascii")
    reviewing.finished()
    scene.settled()
    scene.check()
    assert scene.look.number("SELECT count(DISTINCT day) FROM standing_change") <= 1


@ON_POSTGRES
def test_zones_locales_and_hashes_that_differ(scene: Scene, queue: Redis) -> None:
    """Turkish dotless letters, a day that ends elsewhere, another order of sets: the decisions are the same."""
    scene.redis_url = queue.url
    scene.begin(members=20, submissions=60)
    scene.worker(COMMUNITY_RANGE_SIZE="3", LC_ALL="tr_TR.UTF-8", TZ="Pacific/Kiritimati", PYTHONHASHSEED="1")
    scene.worker(COMMUNITY_RANGE_SIZE="4", LC_ALL="C", TZ="Etc/GMT+12", PYTHONHASHSEED="2", PYTHONUTF8="0")
    Reviewing(scene, seconds=SECONDS).finished()
    scene.settled()
    scene.check()
