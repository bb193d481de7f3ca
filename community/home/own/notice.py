"""What a member is told above all else: at risk and the ways back, or the day ahead that changes something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from community.home.own.shown import Shown
from community.kit import i18n
from community.kit.i18n import gettext as _
from community.members.models import Status
from community.standings import words
from community.standings.rules.ahead import Ahead
from community.standings.rules.ladder import Side
from community.standings.rules.missing import missing
from community.standings.rules.state import Facts

SOON_DAYS = 120
"""What lies farther ahead is told calmly."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning or good news: its tone (`warn`, `bad`, `good`, or none), what is strong in it, and the sentences."""

    tone: str
    strong: str
    sentences: list[str]


def notice(shown: Shown, ahead: Ahead | None) -> list[Notice]:
    """The notices of a member, the most pressing first."""
    found = []
    state, status = shown.state, shown.member.status
    if status == Status.ALUMNI:
        return [Notice("", _("You are an alumnus of the programme."), [_("Tier and points stay as they are.")])]
    if status == Status.ON_LEAVE and shown.member.return_on is not None:
        day = {"day": i18n.day(shown.member.return_on)}
        back = Notice("", _("You are on leave until %(day)s.") % day, [_("Nobody falls while on leave.")])
        found.append(back)
    if state.at_risk_since is not None and state.lost_on is not None:
        found.insert(0, _at_risk(shown, state.lost_on))
    elif ahead is not None:
        found.append(_ahead(shown, ahead))
    return found


def _at_risk(shown: Shown, lost_on: date) -> Notice:
    state = shown.state
    names = {"tier": shown.tier_name(state.tier), "day": i18n.day(lost_on)}
    strong = _("%(tier)s is lost on %(day)s unless something changes.") % names
    if shown.ladder.rungs[shown.level - 1].demotion == "manual":
        strong = _("From %(day)s a manager may take %(tier)s back.") % names
    side = shown.ladder.rungs[shown.level - 1].keep
    sentences = [_("At risk since %(day)s.") % {"day": i18n.day(state.at_risk_since)}] if state.at_risk_since else []
    if side is not None:
        sentences += _ways_back(shown, side, shown.facts, shown.day)
    return Notice("bad", strong, sentences)


def _ways_back(shown: Shown, side: Side, facts: Facts, day: date) -> list[str]:
    """What closes the gap: as little as possible, and such as the member usually does."""
    reasons = shown.reasons(side, day, facts)
    gaps = [at for at in missing(side, facts.values, 0) if reasons[at]["min"] is not None]
    if not gaps:
        return []
    what = i18n.listed(words.gap(reasons[at], shown.type_name) for at in gaps)
    found = [_("Enough to keep it: %(what)s.") % {"what": what}]
    found += [f"{hint}." for at in gaps if (hint := shown.hints.such_as(reasons[at], side.shown[at]))]
    return found


def _ahead(shown: Shown, ahead: Ahead) -> Notice:
    day = i18n.day(ahead.day)
    if ahead.kind == "gained":
        strong = _("You become %(tier)s on %(day)s.") % {"tier": shown.tier_name(ahead.tier), "day": day}
        return Notice("good", strong, [_("Nothing more is needed but that you keep what you have.")])
    held = shown.tier_name(shown.state.tier)
    sentences = _falls_short(shown, ahead)
    strong = _("%(tier)s is safe until %(day)s as things stand.") % {"tier": held, "day": day}
    return Notice("warn" if (ahead.day - shown.day).days <= SOON_DAYS else "", strong, sentences)


def _falls_short(shown: Shown, ahead: Ahead) -> list[str]:
    """What the keep asks for on that day and what there will be; what prevents it, and from when on that counts."""
    side = shown.ladder.rungs[shown.level - 1].keep
    if side is None:
        return []
    reasons = shown.reasons(side, ahead.day, ahead.facts)
    short = [at for at in missing(side, ahead.facts.values, 0) if reasons[at]["min"] is not None]
    sentences = []
    for at in short[:2]:
        text = _("Then you would have %(actual)s, and it asks for %(what)s %(window)s.")
        sentences.append(_spaced(text, reasons[at], shown))
    names = {"tier": shown.tier_name(shown.state.tier), "day": i18n.day(ahead.lost_on or ahead.day)}
    if shown.ladder.rungs[shown.level - 1].demotion == "manual":
        sentences.append(_("From %(day)s a manager may take %(tier)s back.") % names)
    else:
        sentences.append(_("Without more, %(tier)s would be lost on %(day)s.") % names)
    if short:
        sentences += _prevented(shown, side, reasons, short)
    return sentences


def _spaced(text: str, reason: dict[str, Any], shown: Shown) -> str:
    told = text % {
        "actual": i18n.number(reason["actual"]),
        "what": words.requirement(reason, shown.type_name),
        "window": words.window(reason),
    }
    return told.replace(" .", ".")


def _prevented(shown: Shown, side: Side, reasons: list[dict[str, Any]], short: list[int]) -> list[str]:
    what = i18n.listed(words.gap(reasons[at], shown.type_name) for at in short)
    starts = [date.fromisoformat(reasons[at]["from"]) for at in short if reasons[at]["from"]]
    latest = max(starts, default=shown.day)
    if latest > shown.day:
        return [_("What counts then happens from %(day)s on: %(what)s.") % {"day": i18n.day(latest), "what": what}]
    found = [_("Enough before that day: %(what)s.") % {"what": what}]
    return found + [f"{hint}." for at in short if (hint := shown.hints.such_as(reasons[at], side.shown[at]))]
