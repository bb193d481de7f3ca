"""A rate: how often in how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` in any window of `seconds`; `name` tells rates of the same key apart."""

    name: str
    amount: int
    seconds: int
