"""Who sees what of a member: values in, answers out."""

from __future__ import annotations

from enum import StrEnum


class Audience(StrEnum):
    """To whom something is said; each also to those after it."""

    PUBLIC = "public"
    MEMBERS = "members"
    MANAGERS = "managers"


class ApplicationState(StrEnum):
    """What became of an application."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


FIELDS = ("listed", "picture", "biography", "country", "languages", "links", "expertise")
"""What a member says to an audience of their choice. Whoever is not `listed` for somebody is not there for them."""

USUAL = Audience.MEMBERS
"""To whom it is said as long as the member chose nothing: nothing is public unless somebody made it so."""


def heard_by(reader: Audience) -> tuple[str, ...]:
    """The audiences to which a reader belongs: whoever is a manager reads what is said to members, too."""
    order = list(Audience)
    return tuple(one.value for one in order[: order.index(reader) + 1])
