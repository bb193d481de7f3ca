"""Which records tell somebody, and whom.

A member is told of the own standing: every step, at risk with its day, safe again. Managers are told of what waits for
them and of what no longer does. A proposal is the managers' alone until it is decided: the step tells the member then.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Recipient(StrEnum):
    """Whose message it is: the member's whom it is about, or one that all managers of the programme share."""

    MEMBER = "member"
    MANAGERS = "managers"


TOLD: Mapping[str, Recipient] = {
    "tier.gained": Recipient.MEMBER,
    "tier.changed": Recipient.MEMBER,
    "tier.lost": Recipient.MEMBER,
    "standing.at_risk": Recipient.MEMBER,
    "standing.safe": Recipient.MEMBER,
    "proposal.made": Recipient.MANAGERS,
    "proposal.lapsed": Recipient.MANAGERS,
}
"""Whom a record of that verb tells; any other tells nobody."""
