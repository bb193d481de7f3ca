"""The book as values: frozen models whose attributes are the keys of the file (rulebook, section 1).

A `Book` here is well-formed part by part; what holds between parts (references, limits of a whole list) is checked by
`parse`, which every book goes through before it is stored. Stored, it is `stored_form(book)`, and
`Book.model_validate` of that is the same book, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from community.programmes.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldIn,
    FieldIs,
    FieldRange,
    NoneOf,
    condition_fields,
    holds,
)
from community.programmes.part import OneOfKeys, Part, refusal
from community.programmes.requirements import (
    All,
    AtLeast,
    CountOf,
    Either,
    Keep,
    KeepShare,
    Leaf,
    Metric,
    Neither,
    Requirement,
    Selection,
    WindowText,
    kept,
    parts,
    walk,
)
from community.programmes.rewards import Reward
from community.programmes.scalars import (
    AtLeastOne,
    Bound,
    Days,
    FieldKey,
    Flag,
    Key,
    Language,
    Money,
    SignedPoints,
    Slug,
    Text,
    Times,
    UpToMillion,
    Words,
    one_of,
    pattern_schema,
    text,
    whole,
    whole_schema,
    worded,
)

__all__ = [
    "All",
    "AllOf",
    "AnyOf",
    "AtLeast",
    "Board",
    "Bonus",
    "Book",
    "Cap",
    "Choice",
    "Condition",
    "ContributionField",
    "ContributionType",
    "CountOf",
    "Cycle",
    "Either",
    "Factor",
    "FieldIn",
    "FieldIs",
    "FieldRange",
    "KeepShare",
    "Leaf",
    "Metric",
    "Neither",
    "NoneOf",
    "Only",
    "Points",
    "Programme",
    "Requirement",
    "Reward",
    "Tier",
    "condition_fields",
    "holds",
    "kept",
    "parts",
    "stored_form",
    "text",
    "walk",
]


STARTS: Final = "(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
CURRENCY: Final = "[A-Z]{3}"
MOST_MONTHS: Final = 1_200


class Cycle(Part):
    """The programme cycle: the month and day on which one starts, and its length."""

    starts: Annotated[str, worded(STARTS, "a month and a day from 01 to 28, such as 07-01"), pattern_schema(STARTS)] = (
        "01-01"
    )
    months: Annotated[
        int, one_of(1, 2, 3, 4, 6, 12), WithJsonSchema({"type": "integer", "enum": [1, 2, 3, 4, 6, 12]})
    ] = 12


class Programme(Part):
    """Who the book is for."""

    slug: Slug
    name: Text
    description: Text | None = None
    timezone: Words
    locale: Language
    cycle: Cycle = Cycle()
    ladder: Literal["highest", "stepwise"] = "highest"
    currency: Annotated[str, worded(CURRENCY, "a currency such as EUR"), pattern_schema(CURRENCY)] | None = None
    budget: Money | None = None
    balance_expires_months: Annotated[int, whole(1, MOST_MONTHS), whole_schema(1, MOST_MONTHS)] | None = None


class Choice(Part):
    """One choice of a field: its key, and a name where it has one."""

    key: Key
    name: Text | None = None


def _choice(value: object) -> object:
    if isinstance(value, str):
        return {"key": value}
    if isinstance(value, Mapping | Choice):
        return value
    raise refusal("a key, or a key with a name such as {key: in-person, name: In person}")


class ContributionField(Part):
    """A field of a contribution type; `max` of a text is its most characters."""

    key: FieldKey
    name: Text
    description: Text | None = None
    type: Literal["integer", "decimal", "text", "choice", "boolean", "date", "country"]
    required: Flag = False
    min: Bound | None = None
    max: Bound | None = None
    choices: tuple[Annotated[Choice, BeforeValidator(_choice, json_schema_input_type=Key | Choice)], ...] | None = (
        Field(default=None, min_length=1)
    )
    reach: Flag = False


class Bonus(Part):
    """Points added: where `when` holds, or `points` for each `every` whole units of the field `per`."""

    counts: ClassVar = (OneOfKeys(("when", "per")),)
    when: Condition | None = None
    per: FieldKey | None = None
    every: AtLeastOne | None = None
    points: SignedPoints
    at_most: UpToMillion | None = None


class Factor(Part):
    """A number by which the points are multiplied where `when` holds."""

    when: Condition
    times: Times


class Points(Part):
    """The price of a contribution type."""

    base: SignedPoints = 0
    bonuses: tuple[Bonus, ...] = ()
    factors: tuple[Factor, ...] = ()


class ContributionType(Part):
    """What may be reported, with what evidence, and what it gives."""

    key: Key
    name: Text
    description: Text | None = None
    evidence: Literal["required", "optional", "none"] = "optional"
    review: Literal["manual", "automatic"] = "manual"
    fields: tuple[ContributionField, ...] = Field(default=(), max_length=40)
    points: Points = Points()

    @cached_property
    def reach_field(self) -> str | None:
        """The key of the field marked `reach: true`."""
        return next((field.key for field in self.fields if field.reach), None)

    @cached_property
    def fields_by_key(self) -> dict[str, ContributionField]:
        """The fields by their keys."""
        return {field.key: field for field in self.fields}


class Cap(Selection):
    """A limit per member and calendar period, on points or on the number of contributions that get any."""

    counts: ClassVar = (*Selection.counts, OneOfKeys(("points", "contributions")))
    points: UpToMillion | None = None
    contributions: UpToMillion | None = None
    per: Literal["day", "week", "month", "quarter", "year", "cycle", "lifetime"]


class Tier(Part):
    """A level, how it is gained, kept and lost."""

    key: Key
    name: Text
    description: Text | None = None
    promotion: Literal["automatic", "manual"] = "automatic"
    demotion: Literal["automatic", "manual", "never", "cycle_end"] = "automatic"
    gain: Requirement | None = None
    keep: Keep | None = None
    minimum_stay_days: Days = 0
    grace_days: Days = 0

    @cached_property
    def own_keep(self) -> Requirement | None:
        """`keep` where it is a requirement of its own."""
        return None if isinstance(self.keep, KeepShare) else self.keep

    @cached_property
    def derived_keep(self) -> Requirement | None:
        """What keeps the tier: `keep` of its own, the share of `gain`, or `gain`; None without either: kept for good.

        In one that comes from `gain`, a `held` leaf has `min: 0`, which is always met.
        """
        if self.own_keep is not None:
            return self.own_keep
        if self.gain is None:
            return None
        return kept(self.gain, self.keep.share) if isinstance(self.keep, KeepShare) else kept(self.gain)


class Only(Part):
    """Who stands on a board."""

    counts: ClassVar = (OneOfKeys(("tiers", "countries"), most=2),)
    tiers: tuple[Key, ...] | None = Field(default=None, min_length=1)
    countries: tuple[Words, ...] | None = Field(default=None, min_length=1)


class Board(Selection):
    """A leaderboard."""

    key: Key
    name: Text
    description: Text | None = None
    metric: Literal["points", "contributions", "distinct_types", "reach", "active_days", "active_months"]
    window: WindowText = "lifetime"
    ties: Literal["competition", "dense", "ordinal"] = "competition"
    audience: Literal["public", "members", "managers"] = "members"
    only: Only | None = None
    freeze_after_days: Days = 0


class Book(Part):
    """A programme's whole rule book."""

    format: Annotated[int, one_of(1), WithJsonSchema({"type": "integer", "const": 1})]
    programme: Programme
    contribution_types: tuple[ContributionType, ...] = Field(min_length=1, max_length=200)
    caps: tuple[Cap, ...] = Field(default=(), max_length=100)
    tiers: tuple[Tier, ...] = Field(default=(), max_length=30)
    leaderboards: tuple[Board, ...] = Field(default=(), max_length=100)
    rewards: tuple[Reward, ...] = Field(default=(), max_length=500)

    @cached_property
    def types_by_key(self) -> dict[str, ContributionType]:
        """The contribution types by their keys."""
        return {one.key: one for one in self.contribution_types}

    @cached_property
    def levels_by_key(self) -> dict[str, int]:
        """The level of each tier, from 1 on."""
        return {one.key: level for level, one in enumerate(self.tiers, start=1)}

    @property
    def is_public(self) -> bool:
        """Whether everybody may read it: where everybody may see a board, the rules behind it are no secret either."""
        return any(one.audience == "public" for one in self.leaderboards)

    def type(self, key: str) -> ContributionType:
        """The contribution type of that key; KeyError for one that the book lacks."""
        return self.types_by_key[key]

    def tier(self, key: str) -> Tier:
        """The tier of that key; KeyError for one that the book lacks."""
        return self.tiers[self.levels_by_key[key] - 1]

    def level(self, key: str | None) -> int:
        """The level of a tier; 0 for None and for a tier that the book lacks."""
        return 0 if key is None else self.levels_by_key.get(key, 0)

    def board(self, key: str) -> Board:
        """The leaderboard of that key; KeyError for one that the book lacks."""
        for one in self.leaderboards:
            if one.key == key:
                return one
        raise KeyError(key)


def stored_form(book: Book) -> dict[str, Any]:
    """The book as JSON data, defaults left out; `Book.model_validate` reads it back exactly."""
    return book.model_dump(mode="json", by_alias=True, exclude_defaults=True)
