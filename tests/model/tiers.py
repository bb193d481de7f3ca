"""One member on one day (rulebook, section 6): from a standing and facts to the standing after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from .meaning import meaning
from .points import Book
from .requirements import Facts, Reason, evaluate, keep_of
from .windows import next_cycle

Tier = dict[str, Any]
Look = dict[str, dict[str, tuple[bool, list[Reason]]]]
"""Of each tier, its `gain` and its `keep`: met or not, and why."""


@dataclass
class Member:
    """What is recorded of a member now. A leave is a period from its first day to the day of return, not included."""

    handle: str
    joined_on: date
    status: str = "active"
    return_on: date | None = None
    leaves: list[tuple[date, date]] = field(default_factory=list)
    locked_until: date | None = None
    """The last day locked, date.max without an end, None when not locked."""
    came_back: bool = False
    """Was not evaluated by its status since the last evaluation: an at-risk mark is taken afresh."""
    on_boards: bool = True
    country: str | None = None

    def evaluated(self, day: date) -> bool:
        """Whether the rules look at the member on that day at all."""
        return self.status in ("active", "on_leave") and self.joined_on <= day

    def away(self, day: date) -> bool:
        """On leave on that day, by the status recorded now."""
        return self.status == "on_leave" and self.return_on is not None and day < self.return_on

    def locked(self, day: date) -> bool:
        """Locked on that day."""
        return self.locked_until is not None and day <= self.locked_until

    def days_away(self, first: date, last: date) -> int:
        """How many of the days, both ends included, lie in a leave."""
        days = (first + timedelta(days=step) for step in range((last - first).days + 1))
        return sum(any(start <= day < end for start, end in self.leaves) for day in days)


@dataclass(frozen=True)
class Proposal:
    """A step that waits for a manager; a demotion's tier is None for level 0."""

    kind: str
    tier: str | None


@dataclass(frozen=True)
class Standing:
    """Where a member stands. Declined marks carry the key of the tier that they are bound to and the version then."""

    tier: str | None = None
    since: date | None = None
    at_risk_since: date | None = None
    lost_on: date | None = None
    proposal: Proposal | None = None
    declined_promotions: frozenset[tuple[str, int]] = frozenset()
    declined_demotion: tuple[str, int] | None = None


@dataclass(frozen=True)
class Evaluation:
    """The standing after one evaluation, and what the first look found: q and the reasons of every tier."""

    standing: Standing
    qualifies: str | None
    look: Look
    lock_ends: bool = False
    because: list[Reason] = field(default_factory=list)
    """Of a step up, why the tier of the first evaluation is met; of a step down, why the tier held is not kept."""


def evaluate_member(
    member: Member, before: Standing, versions: dict[int, Book], facts: Callable[[date | None], Facts], day: date
) -> Evaluation:
    """The evaluation of one member on the day by the newest of the versions; `facts` takes the day `since`."""
    book = versions[max(versions)]
    tiers = book.get("tiers", [])
    dropped = before.tier is not None and level(tiers, before.tier) == 0
    here = Standing() if dropped else before
    look = look_at(tiers, facts(here.since))
    found = Evaluation(before, key(tiers, qualifying(book, look)), look)
    if not member.evaluated(day):
        return found
    if member.locked(day) and not dropped:
        return replace(found, standing=Standing(here.tier, here.since))
    if member.came_back:
        here = replace(here, at_risk_since=None, lost_on=None)
    here = _without_outdated_marks(here, versions)
    after = _stepped(here, member, book, facts, day)
    return replace(found, standing=after, lock_ends=dropped, because=_because(book, look, here, after))


def _because(book: Book, look: Look, here: Standing, after: Standing) -> list[Reason]:
    """The reasons of the first look: of its first step up the gain, with a keep of its own; of a step down the keep."""
    tiers = book.get("tiers", [])
    present = level(tiers, here.tier)
    if level(tiers, after.tier) < present:
        return look[str(here.tier)]["keep"][1]
    target = _automatic_step(tiers, look, present, qualifying(book, look))
    if target is None:
        return []
    tier = tiers[target - 1]
    own_keep = "keep" in tier and "share" not in tier["keep"]
    return look[tier["key"]]["gain"][1] + (look[tier["key"]]["keep"][1] if own_keep else [])


def _stepped(here: Standing, member: Member, book: Book, facts: Callable[[date | None], Facts], day: date) -> Standing:
    """Steps 3 to 5 for a member who is not locked."""
    tiers = book.get("tiers", [])
    look, qualified = _looked(book, facts(here.since))
    while target := _automatic_step(tiers, look, level(tiers, here.tier), qualified):
        here = Standing(key(tiers, target), day, declined_promotions=here.declined_promotions)
        look, qualified = _looked(book, facts(here.since))
    present = level(tiers, here.tier)
    if qualified > present:
        after = _safe(here)
        if not any(tier == key(tiers, qualified) for tier, _ in here.declined_promotions):
            after = replace(after, proposal=Proposal("promotion", key(tiers, qualified)))
    elif present and not look[tiers[present - 1]["key"]]["keep"][0]:
        after = _at_risk(here, tiers[present - 1], member, book, look, day)
    else:
        after = _safe(here)
    present = level(tiers, after.tier)
    kept = {mark for mark in after.declined_promotions if present < level(tiers, mark[0]) <= qualified}
    return replace(after, declined_promotions=frozenset(kept))


def _automatic_step(tiers: list[Tier], look: Look, present: int, qualified: int) -> int | None:
    """The level to step to at once: the highest candidate below the lowest manual one."""
    candidates = [each for each in range(present + 1, qualified + 1) if met(look, tiers[each - 1])]
    gates = [each for each in candidates if tiers[each - 1].get("promotion", "automatic") == "manual"]
    return max((each for each in candidates if not gates or each < gates[0]), default=None)


def _at_risk(here: Standing, tier: Tier, member: Member, book: Book, look: Look, day: date) -> Standing:
    """Step 4: the keep of the present tier does not hold."""
    demotion = tier.get("demotion", "automatic")
    if demotion == "never":
        return _safe(here)
    if member.away(day) and here.at_risk_since is None:
        return replace(here, lost_on=None, proposal=None)
    marked_on = here.at_risk_since or day
    lost_on = _lost_on(here, tier, member, book, marked_on, day)
    marked = replace(here, at_risk_since=marked_on, lost_on=lost_on, proposal=None)
    if member.away(day) or day < lost_on:
        return marked
    tiers = book["tiers"]
    lower = key(tiers, _level_below(tiers, look, level(tiers, here.tier)))
    if demotion == "manual":
        return marked if here.declined_demotion else replace(marked, proposal=Proposal("demotion", lower))
    return Standing(lower, day if lower else None, declined_promotions=here.declined_promotions)


def _lost_on(here: Standing, tier: Tier, member: Member, book: Book, marked_on: date, day: date) -> date:
    assert here.since is not None
    terms = [
        here.since + timedelta(days=tier.get("minimum_stay_days", 0)),
        marked_on + timedelta(days=tier.get("grace_days", 0)),
    ]
    if tier.get("demotion") == "cycle_end":
        terms.append(next_cycle(marked_on, book["programme"].get("cycle", {})))
    return max(terms) + timedelta(days=member.days_away(marked_on, day))


def _level_below(tiers: list[Tier], look: Look, present: int) -> int:
    """The highest lower tier that has a gain and whose keep holds, or 0."""
    kept = [each for each in range(1, present) if "gain" in tiers[each - 1] and look[tiers[each - 1]["key"]]["keep"][0]]
    return max(kept, default=0)


def _safe(here: Standing) -> Standing:
    """Not at risk, nothing proposed, and a declined demotion forgotten."""
    return replace(here, at_risk_since=None, lost_on=None, proposal=None, declined_demotion=None)


def _without_outdated_marks(here: Standing, versions: dict[int, Book]) -> Standing:
    """Declined marks go when a later version changed the tier that they are bound to."""
    demotion = here.declined_demotion
    return replace(
        here,
        declined_promotions=frozenset(mark for mark in here.declined_promotions if not _changed(mark, versions)),
        declined_demotion=None if demotion and _changed(demotion, versions) else demotion,
    )


def _changed(mark: tuple[str, int], versions: dict[int, Book]) -> bool:
    tier, declined_at = mark
    then = _tier(versions[declined_at], tier)
    return any(_tier(book, tier) != then for number, book in versions.items() if number > declined_at)


def _tier(book: Book, tier: str) -> Tier | None:
    return next((meaning(each, "tiers") for each in book.get("tiers", []) if each["key"] == tier), None)


def look_at(tiers: list[Tier], facts: Facts) -> Look:
    """Gain and keep of every tier. Without a gain it is not met; without a keep it is kept."""
    look: Look = {}
    for tier in tiers:
        keep = keep_of(tier)
        look[tier["key"]] = {
            "gain": evaluate(tier["gain"], facts, "gain") if "gain" in tier else (False, []),
            "keep": evaluate(keep, facts, "keep") if keep else (True, []),
        }
    return look


def met(look: Look, tier: Tier) -> bool:
    """A tier is met where its gain and its keep both hold."""
    return look[tier["key"]]["gain"][0] and look[tier["key"]]["keep"][0]


def qualifying(book: Book, look: Look) -> int:
    """q: the highest level that is met, by `stepwise` with all those below it."""
    tiers = book.get("tiers", [])
    levels = [each for each in range(1, len(tiers) + 1) if met(look, tiers[each - 1])]
    if book["programme"].get("ladder", "highest") == "stepwise":
        levels = [each for each in levels if all(met(look, tier) for tier in tiers[:each])]
    return max(levels, default=0)


def _looked(book: Book, facts: Facts) -> tuple[Look, int]:
    look = look_at(book.get("tiers", []), facts)
    return look, qualifying(book, look)


def level(tiers: list[Tier], tier: str | None) -> int:
    """The level of a key, 0 for None and for a tier that is not there."""
    return next((index for index, each in enumerate(tiers, 1) if each["key"] == tier), 0)


def key(tiers: list[Tier], number: int) -> str | None:
    """The key of a level, None of level 0."""
    tier: str | None = tiers[number - 1]["key"] if number else None
    return tier
