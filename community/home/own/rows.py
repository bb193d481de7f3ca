"""What the home page shows of a standing: the tiers of the ladder, and the rows of what a tier asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier on the picture of the ladder: how much of it is there (0 to 100), and what is said under its name."""

    name: str
    held: bool
    filled: int
    said: str


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason as a row: what is asked in words, the days that count, the figures, and the hint that helps most.

    `filled` is the length of the bar, 0 to 100. `nearest`: where there is a choice, it is closed soonest. `made_of`
    narrows the statement to what the figure is made of; None where it is made of no entries. `depth` says how deep it
    stands below combinations.
    """

    text: str
    window: str
    actual: str
    bound: str
    met: bool
    filled: int
    hint: str
    nearest: bool
    made_of: dict[str, str] | None
    depth: int


@dataclass(frozen=True, slots=True)
class Heading:
    """What a combination inside a requirement asks for of the rows after it."""

    text: str
    depth: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a tier asks for, to be gained or (`keep`) kept: its title, what of it is enough, and the rows."""

    title: str
    aside: str
    keep: bool
    rows: list[ReasonRow | Heading]
