"""What the home page shows of a standing: the tiers of the ladder, and what a tier asks for."""

from __future__ import annotations

from dataclasses import dataclass

from community.standings.rows import Heading, ReasonRow


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier on the picture of the ladder: how much of it is there (0 to 100), and what is said under its name."""

    name: str
    held: bool
    filled: int
    said: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a tier asks for, to be gained or (`keep`) kept: its title, what of it is enough, and the rows."""

    title: str
    aside: str
    keep: bool
    rows: list[ReasonRow | Heading]
