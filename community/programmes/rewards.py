"""Rewards as the book says them (rulebook, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from community.programmes.part import Part, refusal
from community.programmes.scalars import (
    AtLeastOne,
    FieldKey,
    Flag,
    Key,
    Money,
    Text,
    UpToMillion,
    pattern_schema,
    worded,
)

SHORT_TEXT = r"[\s\S]{0,39}\S"
ChoiceText = Annotated[str, worded(SHORT_TEXT, "a text of 1 to 40 characters"), pattern_schema(SHORT_TEXT)]


class OnTier(Part):
    """When a tier is gained."""

    on: Literal["tier"]
    tier: Key


class OnTotal(Part):
    """When the lifetime points reach a total."""

    on: Literal["total"]
    points: AtLeastOne


class OnContributions(Part):
    """When a count of credited contributions is reached."""

    on: Literal["contributions"]
    count: AtLeastOne
    types: tuple[Key, ...] | None = Field(default=None, min_length=1)


class OnAnniversary(Part):
    """Each year since `joined_on`."""

    on: Literal["anniversary"]


GRANT_ACCEPTED = (
    "{on: tier, tier: KEY}, {on: total, points: N}, {on: contributions, count: N, types: […]} or {on: anniversary}"
)


def _event(value: object) -> str | None:
    name = value.get("on") if isinstance(value, Mapping) else getattr(value, "on", None)
    return f"<{name}>" if isinstance(name, str) else None


Grant = Annotated[
    Annotated[OnTier, Tag("<tier>")]
    | Annotated[OnTotal, Tag("<total>")]
    | Annotated[OnContributions, Tag("<contributions>")]
    | Annotated[OnAnniversary, Tag("<anniversary>")],
    Discriminator(
        _event,
        custom_error_type="accepted",
        custom_error_message=GRANT_ACCEPTED,
    ),
]


class Ask(Part):
    """What is asked of the member who gets the reward: `address`, or a question of its own."""

    key: FieldKey
    name: Text | None = None
    choices: tuple[ChoiceText, ...] | None = Field(default=None, min_length=1)


def _ask(value: object) -> object:
    if isinstance(value, str):
        return {"key": value}
    if isinstance(value, Mapping | Ask):
        return value
    raise refusal("a key such as address, or {key, name, choices}")


class Reward(Part):
    """A thing in the book: granted by rule, in the catalogue, or both."""

    key: Key
    name: Text
    text: Text | None = None
    description: Text | None = None
    kind: Literal["item", "perk", "voucher", "points", "badge"]
    grant: Grant | None = None
    once: Literal["member", "cycle", "always"] = "member"
    fulfilment: Literal["manual", "automatic"] | None = None
    asks: tuple[Annotated[Ask, BeforeValidator(_ask, json_schema_input_type=FieldKey | Ask)], ...] = ()
    cost: Money | None = None
    points: AtLeastOne | None = None
    price: AtLeastOne | None = None
    stock: UpToMillion | None = None
    tiers: tuple[Key, ...] | None = Field(default=None, min_length=1)
    per_member: AtLeastOne | None = None
    on_reversal: Literal["keep", "withdraw"] | None = None
    retroactive: Flag = False
