"""What holds for jobs: how long a claim lasts, when a failed one is tried again, which slot of a timetable is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

LEASE = timedelta(seconds=9)
"""A claim holds so long unless it is renewed; whoever stops renewing loses it, and may write nothing any more."""
RENEWED_EVERY = timedelta(seconds=3)
CLOCKS_DIFFER_BY = timedelta(milliseconds=250)
"""Processes follow one clock, each a little later: a job that another one just made due is due."""
SWEPT_EVERY = timedelta(seconds=2)
BEATS_EVERY = timedelta(seconds=6)
"""A process that is at rest says so seldom, so that it takes next to nothing."""
FOLLOWED_EVERY = timedelta(minutes=1)
"""How often a process that does not sweep asks the database for the time; what goes on between is its own counter."""
FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=10)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Up to how many seconds jobs took is counted by these."""
Tally = dict[str, dict[str, list[float]]]
"""{kind: {outcome: [count, seconds, how many took at most each of SECONDS]}}."""


def count(tally: Tally, kind: str, outcome: str, seconds: float) -> None:
    """Counts a job that ended: done, failed, dead or lost."""
    row = tally.setdefault(kind, {}).setdefault(outcome, [0.0] * (2 + len(SECONDS)))
    row[0] += 1
    row[1] += seconds
    for place, most in enumerate(SECONDS, start=2):
        row[place] += seconds <= most


def backoff(tries: int, chance: float) -> timedelta:
    """How long a job waits after its n-th try failed: doubled each time, and spread by `chance` (0 to 1)."""
    doubled: int = 2 ** min(tries - 1, 20)
    return min(FIRST_BACKOFF * doubled, LONGEST_BACKOFF) * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A line of the timetable: at the times of `cron` in a programme's zone, or in UTC for the whole installation,
    a job of a kind becomes due. A slot that was missed is caught up once, by the latest one.
    """

    name: str
    cron: str
    kind: str
    each_programme: bool = True


def latest_slot(cron: str, zone: str, now: datetime) -> datetime:
    """The last instant up to `now` (UTC) at which a line of the timetable was due in a zone, summer time regarded."""
    local = now.astimezone(ZoneInfo(zone)).replace(microsecond=0) + timedelta(seconds=1)
    return next(CronSim(cron, local, reverse=True)).astimezone(UTC)
