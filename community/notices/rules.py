"""Which records tell somebody, and whom; and which messages come by mail, too.

A member is told of the own standing (every step, at risk with its day, safe again) and of what was decided on the own
contributions. Managers are told of what waits for them and of what no longer does. A proposal is the managers' alone
until it is decided: the step tells the member then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
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
    "contribution.approved": Recipient.MEMBER,
    "contribution.returned": Recipient.MEMBER,
    "contribution.rejected": Recipient.MEMBER,
    "contribution.reversed": Recipient.MEMBER,
    "proposal.made": Recipient.MANAGERS,
    "proposal.lapsed": Recipient.MANAGERS,
}
"""Whom a record of that verb tells; any other tells nobody."""


class MailKind(StrEnum):
    """What members choose to get by mail, each by itself."""

    STEPS = "steps"
    RISK = "risk"
    RETURNED = "returned"
    DECIDED = "decided"
    DIGEST = "digest"


MAILED: Mapping[str, MailKind] = {
    "tier.gained": MailKind.STEPS,
    "tier.changed": MailKind.STEPS,
    "tier.lost": MailKind.STEPS,
    "standing.at_risk": MailKind.RISK,
    "standing.safe": MailKind.RISK,
    "contribution.returned": MailKind.RETURNED,
    "contribution.approved": MailKind.DECIDED,
    "contribution.rejected": MailKind.DECIDED,
    "contribution.reversed": MailKind.DECIDED,
}
"""The kind of mail in which a message to a member comes."""

WANTED: Mapping[MailKind, bool] = {
    MailKind.STEPS: True,
    MailKind.RISK: True,
    MailKind.RETURNED: True,
    MailKind.DECIDED: False,
    MailKind.DIGEST: False,
}
"""Whether a mail of that kind is sent to who did not choose: what asks for something or changes the standing is."""


def digest_week(today: date) -> tuple[date, date]:
    """The first and the last day of the week that a digest is about: Monday to Sunday before the week of `today`."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(days=7), monday - timedelta(days=1)
