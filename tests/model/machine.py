"""One programme in memory: awards, members and standings, and every verb that changes what they rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from . import tiers
from .awards import Awards, RefusedError
from .requirements import Credit, Facts, Reason
from .tiers import Evaluation, Member, Proposal, Standing


class ConflictError(RefusedError):
    """A decision by hand that does not fit the standing any more."""


@dataclass(frozen=True)
class Decision:
    """A step from tier to tier; `by` is rules, person or imported; `reasons` are those of its first step."""

    handle: str
    origin: str | None
    tier: str | None
    day: date
    version: int
    by: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that an evaluation or a verb recorded beside the decisions."""

    handle: str
    day: date
    what: str
    """at_risk, mark_taken_back, proposal_made, proposal_lapsed, proposal_accepted or proposal_declined."""
    proposal: Proposal | None = None


@dataclass
class Model(Awards):
    """The programme. Handles are taken as folded already; days are those of the programme's zone."""

    members: dict[str, Member] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    last_run: date | None = None
    past: dict[str, list[tuple[date, Standing, date | None]]] = field(default_factory=dict)
    """Of each member, the day of each evaluation or verb, and the standing and lock that it left."""

    # Members

    def add(self, handle: str, joined_on: date, **more: Any) -> None:
        """A new member, active and without a tier."""
        self.members[handle] = Member(handle, joined_on, **more)
        self.standings[handle] = Standing()
        self.past[handle] = []

    def set_status(self, handle: str, status: str, today: date, return_on: date | None = None) -> None:
        """A status from today on. A leave that has not ended ends today; an `on_leave` begins one."""
        member = self.members[handle]
        member.came_back |= member.status not in ("active", "on_leave")
        member.leaves = [(first, min(end, today)) for first, end in member.leaves]
        member.status, member.return_on = status, return_on
        if status == "on_leave":
            assert return_on is not None
            member.leaves.append((today, return_on))

    def lock(self, handle: str, until: date | None = None, day: date = date.min) -> None:
        """Lock a member in the tier held, with the last day locked or without an end."""
        self._lock(handle, until or date.max, day)

    def unlock(self, handle: str, day: date = date.min) -> None:
        """End a lock."""
        self._lock(handle, None, day)

    def _lock(self, handle: str, locked_until: date | None, day: date) -> None:
        if self.members[handle].locked_until != locked_until:
            self.members[handle].locked_until = locked_until
            self.past[handle].append((day, self.standings[handle], locked_until))

    # Standings

    def facts(self, handle: str, day: date) -> Callable[[date | None], Facts]:
        """What the requirements of a member read on a day, still open to the day `since` of the tier."""
        awards = self.awards_in_force().values()
        awarded = [
            Credit(entry.type, entry.day, entry.points, entry.reach, self.contributions[str(entry.contribution)].fields)
            for entry in awards
            if entry.member == handle
        ]
        adjustments = [
            Credit(None, entry.day, entry.points, 0, {})
            for entry in self.ledger
            if entry.member == handle and entry.contribution is None
        ]
        cycle = self.book["programme"].get("cycle", {})
        joined_on = self.members[handle].joined_on
        return lambda since: Facts(day, cycle, joined_on, since, (*awarded, *adjustments))

    def explain(self, handle: str, day: date) -> Evaluation:
        """What an evaluation on the day finds, recording nothing: from the present standing, for a day before the last
        run from that at the end of the day before."""
        before, member = self.standings[handle], self.members[handle]
        if self.last_run and day < self.last_run:
            left = ((was, lock) for on, was, lock in reversed(self.past[handle]) if on < day)
            before, locked_until = next(left, (Standing(), None))
            member = replace(member, locked_until=locked_until)
        return tiers.evaluate_member(member, before, self.versions, self.facts(handle, day), day)

    def evaluate_member(self, handle: str, day: date) -> None:
        """One evaluation by the rules, recorded."""
        member, before = self.members[handle], self.standings[handle]
        found = tiers.evaluate_member(member, before, self.versions, self.facts(handle, day), day)
        if found.lock_ends:
            member.locked_until = None
        if member.evaluated(day):
            member.came_back = False
        self._stand(handle, found.standing, day)
        if found.standing.tier != before.tier:
            self._decide(handle, before.tier, day, "rules", tuple(found.because))

    def evaluate_all(self, day: date) -> None:
        """A run over everybody."""
        for handle in sorted(self.members):
            self.evaluate_member(handle, day)
        self.last_run = day

    def accept(self, handle: str, day: date) -> None:
        """Move to the target of the proposal that waits, if an evaluation on the day still makes it."""
        waiting = self.standings[handle].proposal
        if waiting is None:
            raise ConflictError("no proposal")
        self.evaluate_member(handle, day)
        if self.standings[handle].proposal != waiting:
            raise ConflictError("the proposal lapsed")
        self._place(handle, waiting.tier, day, "person", "proposal_accepted")

    def decline(self, handle: str, day: date) -> None:
        """Turn down the proposal that waits."""
        standing = self.standings[handle]
        waiting = standing.proposal
        if waiting is None:
            raise ConflictError("no proposal")
        if waiting.kind == "promotion":
            marks = standing.declined_promotions | {(str(waiting.tier), self.version)}
            after = replace(standing, proposal=None, declined_promotions=marks)
        else:
            after = replace(standing, proposal=None, declined_demotion=(str(standing.tier), self.version))
        self._stand(handle, after, day, "proposal_declined")

    def place(self, handle: str, tier: str | None, day: date) -> None:
        """Give a tier of the book in force, or none, by hand."""
        self._refuse_unless(tier is None or tiers.level(self.book.get("tiers", []), tier), "no such tier")
        self._place(handle, tier, day, "person")

    def import_tier(self, handle: str, tier: str, since: date) -> None:
        """The tier that the members file says."""
        self._refuse_unless(tiers.level(self.book.get("tiers", []), tier), "no such tier")
        self._place(handle, tier, since, "imported")

    def _place(self, handle: str, tier: str | None, day: date, by: str, ends_with: str = "proposal_lapsed") -> None:
        origin = self.standings[handle].tier
        if tier == origin:
            raise ConflictError("the same tier")
        self._stand(handle, Standing(tier, day if tier else None), day, ends_with)
        self._decide(handle, origin, day, by)

    def _decide(self, handle: str, origin: str | None, day: date, by: str, reasons: tuple[Reason, ...] = ()) -> None:
        tier = self.standings[handle].tier
        self.decisions.append(Decision(handle, origin, tier, day, self.version, by, reasons))

    def _stand(self, handle: str, after: Standing, day: date, ends_with: str = "proposal_lapsed") -> None:
        """Put a standing in force and record what ended and began with it."""
        before = self.standings[handle]
        if before.proposal and before.proposal != after.proposal:
            self.events.append(Event(handle, day, ends_with, before.proposal))
        if after.proposal and before.proposal != after.proposal:
            self.events.append(Event(handle, day, "proposal_made", after.proposal))
        if after.at_risk_since and before.at_risk_since != after.at_risk_since:
            self.events.append(Event(handle, day, "at_risk"))
        if before.at_risk_since and not after.at_risk_since and before.tier == after.tier:
            self.events.append(Event(handle, day, "mark_taken_back"))
        self.standings[handle] = after
        self.past[handle].append((day, after, self.members[handle].locked_until))

    def row(self, handle: str, today: date) -> dict[str, Any]:
        """A standing as `standings list --json` shows it."""
        standing = self.standings[handle]
        proposal = standing.proposal
        return {
            "handle": handle,
            "tier": standing.tier,
            "since": standing.since and standing.since.isoformat(),
            "at_risk_since": standing.at_risk_since and standing.at_risk_since.isoformat(),
            "lost_on": standing.lost_on and standing.lost_on.isoformat(),
            "locked": self.members[handle].locked(today),
            "proposal": {"kind": proposal.kind, "tier": proposal.tier} if proposal else None,
        }
