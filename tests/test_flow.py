"""What follows what is one page, and everything it names is there."""

from __future__ import annotations

from community.flow import BY_RECORD, FLOW
from community.notices.rules import TOLD
from workers.main import KINDS
from workers.schedule import SCHEDULE


def test_every_job_that_follows_or_recurs_is_a_kind_that_workers_run() -> None:
    followed = {kind for kinds in FLOW.values() for kind in kinds}
    assert followed | {line.kind for line in SCHEDULE} <= set(KINDS)
    assert followed >= BY_RECORD


def test_every_verb_that_tells_somebody_is_followed() -> None:
    assert {verb for verb, kinds in FLOW.items() if "notices.tell" in kinds} == set(TOLD)
