"""What messages say, in the language at work: the same on the page and in the mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from community.kit import i18n
from community.kit.i18n import gettext as _
from community.notices.queries import MessageRow
from community.notices.rules import MailKind
from community.programmes.queries import ProgrammeRow
from community.programmes.said import BookSaid


@dataclass(frozen=True, slots=True)
class Said:
    """A message: what happened in a sentence, what goes with it, what somebody wrote, and how it is marked."""

    headline: str
    text: str = ""
    note: str = ""
    tone: str = ""


def said(programme: ProgrammeRow, row: MessageRow, titles: Mapping[UUID, str]) -> Said:
    """What a message to a member says."""
    if row.verb.startswith("contribution."):
        return _of_contribution(row, titles)
    return _of_standing(programme, row.verb, row.data)


def subject_of(row: MessageRow) -> UUID | None:
    """The contribution that a message is about."""
    if row.subject is None or not row.verb.startswith("contribution."):
        return None
    return UUID(row.subject)


def _of_contribution(row: MessageRow, titles: Mapping[UUID, str]) -> Said:
    subject = subject_of(row)
    title = (titles.get(subject) if subject is not None else None) or _("A contribution")
    note = str(row.data.get("note") or "")
    if row.verb == "contribution.approved":
        return Said(_("“{title}” is approved.").format(title=title), "", note, "good")
    if row.verb == "contribution.returned":
        words = _("“{title}” needs a change from you.").format(title=title)
        return Said(words, _("It is reviewed again once you send it."), note, "warn")
    if row.verb == "contribution.reversed":
        words = _("“{title}” does not count any more.").format(title=title)
        return Said(words, _("Its points were taken back."), note, "bad")
    return Said(_("“{title}” was not accepted.").format(title=title), "", note, "bad")


def _of_standing(programme: ProgrammeRow, verb: str, data: Mapping[str, Any]) -> Said:
    versions = programme.versions
    number = data.get("version")
    then = versions.book(number) if isinstance(number, int) and number in versions.books else programme.book
    names = BookSaid(then)
    if verb == "standing.at_risk":
        return _at_risk(names.tier(data.get("tier")), data.get("lost_on"))
    if verb == "standing.safe":
        return Said(_("{tier} is safe again.").format(tier=names.tier(data.get("tier"))), tone="good")
    before, now = data.get("from"), data.get("to")
    if verb == "tier.lost":
        words = _("You do not hold {tier} any more.").format(tier=names.tier(before))
        return Said(words, _("What you did stays; the way back is on your home page."), tone="bad")
    if verb == "tier.gained" or then.level(now) > then.level(before):
        words = _("You are {tier} now.").format(tier=names.tier(now))
        return Said(words, _("Before: {tier}.").format(tier=names.tier(before)) if before else "", tone="good")
    words = _("You are {tier} now, no longer {before}.").format(tier=names.tier(now), before=names.tier(before))
    return Said(words, _("The way back is on your home page."), tone="warn")


def _at_risk(tier: str, lost_on: Any) -> Said:
    if not lost_on:
        return Said(
            _("{tier} is at risk.").format(tier=tier), _("A manager decides before anything is lost."), tone="warn"
        )
    day = i18n.day(date.fromisoformat(str(lost_on)))
    return Said(
        _("{tier} is at risk: it is lost on {day} unless something changes.").format(tier=tier, day=day),
        _("Your home page says what is missing."), tone="warn",
    )  # fmt: skip


def kind_said(kind: MailKind) -> tuple[str, str]:
    """What a kind of mail is called, and what it brings."""
    return {
        MailKind.STEPS: lambda: (_("Steps"), _("You gain a tier, or lose one.")),
        MailKind.RISK: lambda: (_("At risk"), _("A tier would be lost on a day, or is safe again.")),
        MailKind.RETURNED: lambda: (_("Changes asked for"), _("A reviewer gives a contribution back to you.")),
        MailKind.DECIDED: lambda: (_("Decisions"), _("A contribution is approved, not accepted, or taken back.")),
        MailKind.DIGEST: lambda: (_("Weekly digest"), _("On Mondays: what the week before brought, and what waits.")),
    }[kind]()
