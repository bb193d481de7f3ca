"""A standing as the engine reasons about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

PROMOTION = "promotion"
DEMOTION = "demotion"


@dataclass(frozen=True, slots=True)
class Declined:
    """A declined proposal: a promotion is remembered by its target, a demotion by the tier held; and the version."""

    kind: str
    tier: str
    version: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that waits for a manager; `tier` None means no tier."""

    kind: str
    tier: str | None
    made_on: date


@dataclass(frozen=True, slots=True)
class State:
    """Where a member stands. The default is level 0 with nothing to say."""

    tier: str | None = None
    since: date | None = None
    at_risk_since: date | None = None
    lost_on: date | None = None
    reckoned_by: int | None = None
    proposal: Proposal | None = None
    declined: tuple[Declined, ...] = ()
    locked: bool = False
    locked_until: date | None = None

    def locked_on(self, day: date) -> bool:
        """Whether the lock holds on a day; `locked_until` is its last one."""
        return self.locked and (self.locked_until is None or day <= self.locked_until)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a member on a day: the values of the ladder's measures (in its units), and leave.

    `came_back`: was not evaluated for their status since the last evaluation, so an at-risk mark is taken afresh.
    """

    values: tuple[int, ...]
    on_leave: bool = False
    leaves: tuple[tuple[date, date], ...] = ()
    came_back: bool = False

    def leave_days(self, first: date, last: date) -> int:
        """Days of leave from `first` to `last`, both included; a day of return is none."""
        return sum(max(0, (min(back, _after(last)) - max(begun, first)).days) for begun, back in self.leaves)


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at an instant: all that was recorded up to it, the entries up to a ledger position.

    `version` is that of the book in force then. `before` is the instant of the same kind as of which the last run
    before was made up, None where that one saw what was recorded when it ran.
    """

    instant: datetime
    position: int
    version: int
    before: datetime | None = None


def _after(day: date) -> date:
    return day if day == date.max else date.fromordinal(day.toordinal() + 1)
