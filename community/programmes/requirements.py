"""Requirements of tiers as data: leaves, combinations, and the `keep` derived from a `gain` (rulebook, section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag

from community.programmes.part import OneOfKeys, Part, refusal
from community.programmes.scalars import AtLeastOne, FieldKey, Key, Number, Share, pattern_schema
from community.programmes.windows import ACCEPTED, parse_window

Metric = Literal[
    "points",
    "contributions",
    "distinct_types",
    "reach",
    "active_days",
    "active_months",
    "best_month",
    "field",
    "tenure",
    "held",
]
WINDOWLESS: Final = frozenset({"tenure", "held"})
"""Metrics that take neither `window` nor `types` nor `except`."""


def _possible(window: object) -> str:
    if isinstance(window, str):
        try:
            parse_window(window)
        except ValueError:
            raise refusal(f"a window: {ACCEPTED}") from None
        return window
    raise refusal(f"a window: {ACCEPTED}")


_TO_36500: Final = "[1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|36500"
_TO_1200: Final = "[1-9][0-9]{0,2}|1[01][0-9]{2}|1200"
WindowText = Annotated[
    str,
    PlainValidator(_possible),
    pattern_schema(f"lifetime|(?:{_TO_36500})d|(?:{_TO_1200})mo|(?:last_)?(?:month|quarter|year|cycle)"),
]


class Selection(Part):
    """What looks at contribution types: all of them, those of `types`, or all but those of `except`."""

    counts: ClassVar[tuple[OneOfKeys, ...]] = (OneOfKeys(("types", "except"), fewest=0),)
    types: tuple[Key, ...] | None = Field(default=None, min_length=1)
    except_: tuple[Key, ...] | None = Field(default=None, alias="except", min_length=1)

    def covers(self, type_key: str) -> bool:
        """Whether it looks at contributions of that type, be it of this book or an earlier one."""
        if self.types is not None:
            return type_key in self.types
        return self.except_ is None or type_key not in self.except_


class Leaf(Selection):
    """One metric and its bounds, both inclusive."""

    counts: ClassVar = (*Selection.counts, OneOfKeys(("min", "max"), most=2))
    metric: Metric
    window: WindowText = "lifetime"
    field: FieldKey | None = None
    min: Number | None = None
    max: Number | None = None


class All(Part):
    """Every one of them."""

    all: tuple[Requirement, ...] = Field(min_length=1)


class Either(Part):
    """At least one of them."""

    any: tuple[Requirement, ...] = Field(min_length=1)


class Neither(Part):
    """None of them."""

    none: tuple[Requirement, ...] = Field(min_length=1)


class CountOf(Part):
    """`count` of those in `of`, or more."""

    count: AtLeastOne
    of: tuple[Requirement, ...] = Field(min_length=1)


class AtLeast(Part):
    """Some number of them."""

    at_least: CountOf


class KeepShare(Part):
    """`keep` as a share of `gain`."""

    share: Share


COMBINATIONS: Final = {"all": "<all>", "any": "<any>", "none": "<none>", "at_least": "<at_least>"}
TAG_OF: Final[dict[type, str]] = {
    Leaf: "<leaf>",
    All: "<all>",
    Either: "<any>",
    Neither: "<none>",
    AtLeast: "<at_least>",
    KeepShare: "<share>",
}
LEAF_KEYS: Final = frozenset({"metric", "min", "max", "window", "types", "except", "field"})


def _tag(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return TAG_OF.get(type(value))
    if "metric" in value:
        return "<leaf>"
    found = next((COMBINATIONS[key] for key in value if key in COMBINATIONS), None)
    return found or ("<leaf>" if LEAF_KEYS.intersection(value) else None)


def _keep_tag(value: object) -> str | None:
    if isinstance(value, Mapping) and "share" in value:
        return "<share>"
    return _tag(value)


REQUIREMENT_ACCEPTED: Final = (
    "a requirement: {metric, min or max, …}, {all: […]}, {any: […]}, {none: […]} or {at_least: {count, of: […]}}"
)


def _requirement_of(tag: object, accepted: str) -> Discriminator:
    return Discriminator(
        tag,  # type: ignore[arg-type]  # a function of the raw value
        custom_error_type="accepted",
        custom_error_message=accepted,
    )


_Leaf = Annotated[Leaf, Tag("<leaf>")]
_All = Annotated[All, Tag("<all>")]
_Either = Annotated[Either, Tag("<any>")]
_Neither = Annotated[Neither, Tag("<none>")]
_AtLeast = Annotated[AtLeast, Tag("<at_least>")]
Requirement = Annotated[
    _Leaf | _All | _Either | _Neither | _AtLeast,
    _requirement_of(_tag, REQUIREMENT_ACCEPTED),
]
Keep = Annotated[
    _Leaf | _All | _Either | _Neither | _AtLeast | Annotated[KeepShare, Tag("<share>")],
    _requirement_of(_keep_tag, f"{{share: S}}, or {REQUIREMENT_ACCEPTED}"),
]

for _model in (All, Either, Neither, CountOf, AtLeast):
    _model.model_rebuild()


def parts(requirement: Requirement) -> tuple[str, tuple[Requirement, ...]]:
    """A combination's path to its parts (`all`, `at_least.of`, …) and the parts; `("", ())` for a leaf."""
    if isinstance(requirement, All):
        return "all", requirement.all
    if isinstance(requirement, Either):
        return "any", requirement.any
    if isinstance(requirement, Neither):
        return "none", requirement.none
    if isinstance(requirement, AtLeast):
        return "at_least.of", requirement.at_least.of
    return "", ()


def walk(requirement: Requirement, path: str = "", inside_none: bool = False) -> Iterator[tuple[str, Leaf, bool]]:
    """Each leaf with its path below `path` (`gain.all[0]`), and whether it stands inside a `none`."""
    if isinstance(requirement, Leaf):
        yield path, requirement, inside_none
        return
    name, inner = parts(requirement)
    below = f"{path}.{name}" if path else name
    for index, one in enumerate(inner):
        yield from walk(one, f"{below}[{index}]", inside_none or name == "none")


def kept(gain: Requirement, share: Decimal = Decimal(1)) -> Requirement:
    """The `keep` that a `gain` gives: each `min` above 0 times the share, exactly; `held` counts as met (`min: 0`).

    Each `max` stays, and so does every leaf inside a `none`.
    """
    if isinstance(gain, Leaf):
        if gain.metric == "held":
            return gain.model_copy(update={"min": Decimal(0)})
        if gain.min is None or gain.min <= 0 or share == 1:
            return gain
        return gain.model_copy(update={"min": gain.min * share})
    if isinstance(gain, All):
        return All(all=tuple(kept(one, share) for one in gain.all))
    if isinstance(gain, Either):
        return Either(any=tuple(kept(one, share) for one in gain.any))
    if isinstance(gain, AtLeast):
        of = tuple(kept(one, share) for one in gain.at_least.of)
        return AtLeast(at_least=gain.at_least.model_copy(update={"of": of}))
    return gain
