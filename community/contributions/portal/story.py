"""The whole story of one contribution: what it says and said, what was done with it, and every point of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from community.contributions.actions import review, submit
from community.contributions.actions.submit import BY_THE_BOOK
from community.contributions.models import State
from community.contributions.portal.mine import type_names
from community.contributions.portal.places import Own
from community.contributions.portal.receipts import content_of, receipt_of
from community.contributions.portal.words import TONES, content_words, label_words, state_words
from community.contributions.queries import own, parts, story
from community.contributions.queries.own import OwnRow
from community.contributions.queries.story import RevisionRow, Told
from community.kit.i18n import gettext as _
from community.kit.ids import made_at
from community.kit.web.pages import page
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.people.portal.visit import visitor_of
from community.people.rules import actor_of

OPEN = (State.SUBMITTED.value, State.RETURNED.value)
"""What its member may withdraw."""

DECIDED = {f"contribution.{one}" for one in ("approved", "rejected", "returned", "withdrawn", "reversed")}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done with a contribution, by whom, and the words that were left with it."""

    at: datetime
    words: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Version:
    """What an edit changed: label, before, after."""

    number: int
    at: datetime
    by: str
    waits: bool
    refused: bool
    changes: tuple[tuple[str, str, str], ...]


async def show(request: Request[Own]) -> Response:
    """The page."""
    place, row, connection = request.loaded.place, request.loaded.row, request.connection
    me = actor_of(visitor_of(request).person_id)
    revisions = await story.revisions(connection, place.programme_id, row.id)
    told = await story.told(connection, place.programme_id, place.own, row.id)
    priced = row.state in (State.APPROVED.value, State.SUBMITTED.value)
    kind = place.programme.versions.type(place.programme.versions.pricing(row.type), row.type)
    return page(
        request, "contributions/story.html", row=row, states=state_words(), tones=TONES,
        type_name=type_names(place).get(row.type, row.type), facts=content_words(row, kind, place.said),
        receipt=await receipt_of(connection, place, content_of(row), row) if priced else None,
        entries=await story.entries_of(connection, place.programme_id, row.id, row.awards),
        steps=_steps(row, told, me), versions=_versions(place.said, kind, revisions, me),
        may_report=await own.may_report(connection, place.programme_id, place.own), open=row.state in OPEN,
        parts=await parts.of(connection, place.programme_id, row.id),
        told_by=await parts.told_by(connection, place.programme_id, row.id),
        part_states={"offered": _("not answered yet"), "confirmed": _("confirmed"), "declined": _("declined")},
        waits=any(one.state == "proposed" for one in revisions), done=request.query.get("done", ""),
    )  # fmt: skip


def _steps(row: OwnRow, told: Sequence[Told], me: str) -> list[Step]:
    """What history tells; what was done in bulk left no line there, so it is told by what the row keeps."""
    verbs = {
        "contribution.submitted": _("Submitted for review"), "contribution.approved": _("Approved"),
        "contribution.rejected": _("Rejected"), "contribution.returned": _("Given back for changes"),
        "contribution.withdrawn": _("Withdrawn"), "contribution.reversed": _("Taken back"),
        "contribution.edited": _("Edited"), "contribution.proposed": _("Edited; the edit waits for review"),
        "contribution.overridden": _("Points set by hand"),
        "contribution.override_taken_back": _("The price counts again"),
    }  # fmt: skip
    steps = [
        Step(one.at, verbs[one.verb], _who(one.actor, me), str(one.data.get("note") or ""))
        for one in told
        if one.verb in verbs
    ]
    if row.source != submit.SOURCE or not told or told[0].verb != "contribution.submitted":
        steps.append(Step(made_at(row.id), _("Reported"), "", ""))
    if row.decided_at is not None and not DECIDED & {one.verb for one in told}:
        words = verbs[f"contribution.{row.state}"] if row.state != State.SUBMITTED.value else _("Answered")
        steps.append(Step(row.decided_at, words, _who(row.decided_by or "", me), row.note or ""))
    return sorted(steps, key=lambda one: one.at)


def _who(actor: str, me: str) -> str:
    """Who it was, as far as that is the member's to know."""
    if actor == me:
        return _("you")
    if actor == BY_THE_BOOK:
        return _("the rule book, without review")
    return _("a reviewer") if actor.startswith("person:") else _("the programme")


def _versions(said: Any, kind: Any, revisions: Sequence[RevisionRow], me: str) -> list[Version]:
    """What each edit changed, the last first."""
    found = []
    before: dict[str, Any] | None = None
    for one in revisions:
        if before is not None:
            found.append(
                Version(
                    one.number, one.at, _who(one.by, me), one.state == "proposed", one.state in ("refused", "replaced"),
                    tuple(_changes(before, one.content, kind, said)),
                )
            )  # fmt: skip
        if one.state == "taken":
            before = one.content
    return found[::-1]


def _changes(before: dict[str, Any], after: dict[str, Any], kind: Any, said: Any) -> Iterable[tuple[str, str, str]]:
    first, second = ({**one, **one.get("fields", {})} for one in (before, after))
    for key in dict.fromkeys((*first, *second)):
        if key != "fields" and first.get(key) != second.get(key):
            label, read = label_words(key, kind, said)
            yield label, read(first.get(key)), read(second.get(key))


async def submission(request: Request[Own]) -> Response:
    """Submits as it is what was returned or withdrawn."""
    place, row = request.loaded.place, request.loaded.row
    if row.state != State.SUBMITTED.value:
        actor = actor_of(visitor_of(request).person_id)
        await submit.submit_again(request.connection, place.programme, row.id, actor=actor)
    return back(request, "submitted")


async def withdrawal(request: Request[Own]) -> Response:
    """Takes back what was not decided yet."""
    place, row = request.loaded.place, request.loaded.row
    if row.state != State.WITHDRAWN.value:
        actor = actor_of(visitor_of(request).person_id)
        await review.withdraw(request.connection, place.programme, [row.id], actor=actor)
    return back(request, "withdrawn")


def back(request: Request[Own], done: str) -> Response:
    """To the story, which says what was done."""
    path = request.path_to("contributions.story", slug=request.loaded.place.slug, id=request.loaded.row.id)
    return go(request, f"{path}?done={done}")
