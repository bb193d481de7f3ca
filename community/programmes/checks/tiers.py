"""Checks of tiers and their requirements (rulebook, sections 3, 4 and 6)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

from community.programmes.book import AtLeast, KeepShare, Leaf, Requirement, Tier, parts
from community.programmes.checks.known import Known, among, unique
from community.programmes.checks.types import NUMERIC
from community.programmes.document import Finding, Path
from community.programmes.requirements import WINDOWLESS

DEEPEST: Final = 6
MOST_LEAVES: Final = 64


def check_tiers(known: Known) -> Iterator[Finding]:
    """Every tier by itself, and their keys."""
    yield from unique(("tiers",), known.book.tiers)
    for index, tier in enumerate(known.book.tiers):
        path: Path = ("tiers", index)
        yield from _presence(path, tier, known)
        leaves = 0
        if tier.gain is not None:
            leaves += yield from _requirement((*path, "gain"), tier.gain, known)
        if tier.own_keep is not None:
            leaves += yield from _requirement((*path, "keep"), tier.own_keep, known)
        if leaves > MOST_LEAVES:
            yield Finding(path, f"{leaves} leaves", f"at most {MOST_LEAVES} leaves in a tier", "leaves")


def _presence(path: Path, tier: Tier, known: Known) -> Iterator[Finding]:
    gain_path = known.readable.path((*path, "gain"))
    if tier.gain is not None or not known.readable.is_whole(gain_path):
        return
    if tier.promotion != "manual":
        accepted = "a requirement; only with `promotion: manual` may it be left out"
        yield Finding((*path, "gain"), f"no `gain` for the tier `{tier.key}`", accepted)
    if isinstance(tier.keep, KeepShare):
        yield Finding((*path, "keep"), "a share of a `gain` that is not there", "a `gain`, or a `keep` of its own")


def _requirement(path: Path, requirement: Requirement, known: Known) -> Generator[Finding, None, int]:
    """Yields the findings, returns the number of leaves."""
    leaves = 0
    pending: list[tuple[Path, Requirement, int, bool]] = [(path, requirement, 0, False)]
    while pending:
        here, one, depth, inside_none = pending.pop()
        if isinstance(one, Leaf):
            leaves += 1
            yield from _leaf(here, one, known, inside_none)
            continue
        if depth == DEEPEST:
            yield Finding(here, "a combination too deep inside others", f"at most {DEEPEST} in each other", "nesting")
            continue
        name, inner = parts(one)
        if isinstance(one, AtLeast) and one.at_least.count > len(inner):
            accepted = f"from 1 to {len(inner)}, which is how many there are"
            yield Finding((*here, "at_least", "count"), "", accepted, "count")
        below = (*here, *name.split("."))
        pending.extend(
            ((*below, index), part, depth + 1, inside_none or name == "none")
            for index, part in reversed(list(enumerate(inner)))
        )
    return leaves


def _leaf(path: Path, leaf: Leaf, known: Known, inside_none: bool) -> Iterator[Finding]:
    yield from known.selection(path, leaf)
    if leaf.min is not None and leaf.max is not None and leaf.min > leaf.max:
        found = f"`max` {leaf.max} below `min` {leaf.min}"
        yield Finding((*path, "max"), found, "a `max` of at least `min`", "order")
    if leaf.metric in WINDOWLESS:
        for name in ("window", "types", "except"):
            if name in leaf.model_dump(exclude_unset=True, by_alias=True):
                yield Finding((*path, name), f"`{name}` with {leaf.metric}", f"no `{name}`: {leaf.metric} takes none")
    if leaf.metric == "held":
        yield from _held(path, leaf, inside_none)
    if leaf.metric == "field":
        yield from _field(path, leaf, known)
    elif leaf.field is not None:
        yield Finding((*path, "field"), f"`field` with {leaf.metric}", "no `field`: it goes with `metric: field`")


def _held(path: Path, leaf: Leaf, inside_none: bool) -> Iterator[Finding]:
    if path[2] != "gain":
        yield Finding((*path, "metric"), "`held` in a `keep`", "`held` in a `gain` only", "held")
    if leaf.max is not None:
        yield Finding((*path, "max"), "`max` with held", "`held` with `min` only")
    if inside_none:
        yield Finding((*path, "metric"), "`held` inside a `none`", "`held` outside every `none`", "held")


def _field(path: Path, leaf: Leaf, known: Known) -> Iterator[Finding]:
    if leaf.field is None:
        yield Finding((*path, "field"), "no `field`", "a `field`: the numeric field to be summed")
        return
    looked_at = [one for one in known.whole_types() if leaf.covers(one.key)]
    kinds = {one.key: one.fields_by_key[leaf.field].type for one in looked_at if leaf.field in one.fields_by_key}
    wrong = [f"`{key}` ({kind})" for key, kind in kinds.items() if kind not in NUMERIC]
    if wrong:
        found = f"`{leaf.field}`, which is no number in {', '.join(wrong)}"
        yield Finding((*path, "field"), found, "a field that is integer or decimal in every type looked at", "metric")
    elif not kinds and known.all_types_are_whole():
        numeric = sorted({one.key for kind in looked_at for one in kind.fields if one.type in NUMERIC})
        accepted = among(leaf.field, numeric, "integer and decimal fields of the types looked at:")
        yield Finding((*path, "field"), "", accepted, "metric")
