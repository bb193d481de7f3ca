"""Checks of rewards (rulebook, section 7)."""

from __future__ import annotations

from collections.abc import Iterator

from community.programmes.book import Reward
from community.programmes.checks.known import Known, among, unique
from community.programmes.document import Finding, Path


def check_rewards(known: Known) -> Iterator[Finding]:
    """Every reward by itself, and their keys."""
    yield from unique(("rewards",), known.book.rewards)
    for index, reward in enumerate(known.book.rewards):
        path: Path = ("rewards", index)
        yield from known.tiers((*path, "tiers"), reward.tiers)
        yield from _grant(path, reward, known)
        yield from _kind(path, reward)
        yield from _asks(path, reward)


def _grant(path: Path, reward: Reward, known: Known) -> Iterator[Finding]:
    grant = reward.grant
    if grant is None:
        return
    if grant.on == "tier" and grant.tier not in known.tier_keys:
        yield Finding((*path, "grant", "tier"), "", among(grant.tier, known.tier_keys, "tiers"), "reference")
    if grant.on == "contributions":
        yield from known.types((*path, "grant", "types"), grant.types)
    if reward.once == "always" and grant.on not in ("tier", "anniversary"):
        found = f"`once: always` with a grant on {grant.on}"
        yield Finding((*path, "once"), found, "member or cycle; `always` goes with tier and anniversary")


def _kind(path: Path, reward: Reward) -> Iterator[Finding]:
    if reward.kind == "points":
        if reward.points is None:
            yield Finding((*path, "points"), "no `points`", "`points`: how many a reward of that kind gives")
    elif reward.points is not None:
        found = f"`points` with `kind: {reward.kind}`"
        yield Finding((*path, "points"), found, "no `points`; it goes with `kind: points`")


def _asks(path: Path, reward: Reward) -> Iterator[Finding]:
    yield from unique((*path, "asks"), reward.asks)
    for index, ask in enumerate(reward.asks):
        seen: set[str] = set()
        for place, choice in enumerate(ask.choices or ()):
            if choice in seen:
                here = (*path, "asks", index, "choices", place)
                yield Finding(here, f"`{choice}` a second time", "each choice once", "unique")
            seen.add(choice)
