"""Chance that can be replayed, and a stage that is cleared whatever becomes of a drill."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from random import Random, SystemRandom

import pytest

from tests.cli.cast import Community
from tests.drills.scene import Scene
from tests.drills.servers import Redis, redis

SEED = pytest.StashKey[int]()


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """What is left to chance in a drill comes from this: the seed is printed, COMMUNITY_DRILL_SEED replays it."""
    seed = int(os.environ.get("COMMUNITY_DRILL_SEED") or SystemRandom().randrange(10**9))
    print(f"COMMUNITY_DRILL_SEED={seed}")
    request.node.stash[SEED] = seed
    return Random(seed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Whatever fails says how to replay it."""
    try:
        return (yield)
    except BaseException as error:
        if SEED in item.stash:
            error.add_note(f"to replay: COMMUNITY_DRILL_SEED={item.stash[SEED]}")
        raise


@pytest.fixture
def queue() -> Iterator[Redis]:
    """A Redis of this drill."""
    with redis() as made:
        yield made


@pytest.fixture
def scene(
    community: Community, database_url: str, sqlite_template: Path, tmp_path: Path, chance: Random
) -> Iterator[Scene]:
    """The stage of a drill: a programme in a database of its own, and the processes that serve it."""
    made = Scene(community, database_url, tmp_path, chance, sqlite_template)
    yield made
    made.close()
