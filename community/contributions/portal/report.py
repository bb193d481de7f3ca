"""Reporting a contribution, and editing one: one form, with a preview of what it would give."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from starlette.responses import Response

from community.contributions.actions import drafts, submit
from community.contributions.actions import parts as part_actions
from community.contributions.actions.held import Content
from community.contributions.forms import COMMON, ContributionForms
from community.contributions.models import PartState
from community.contributions.portal.form import (
    OTHERS,
    Form,
    filled,
    given_fields,
    part_fields,
    typed,
    values_of,
)
from community.contributions.portal.places import Own, key_of, own_of
from community.contributions.portal.story import back
from community.contributions.portal.words import fault_words
from community.contributions.queries import own, parts, story
from community.contributions.queries.parts import Offered
from community.kit.days import DayReader
from community.kit.errors import Conflict, NotFound
from community.kit.i18n import gettext as _
from community.kit.i18n import listed
from community.kit.ids import new_id
from community.kit.text import excerpt, fold
from community.kit.web.pages import page
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.members.place import Place
from community.people.portal.visit import visitor_of
from community.people.rules import actor_of

DRAFT_CHARACTERS = 120_000
OTHERS_AT_MOST = 20


def forms_of(place: Place) -> ContributionForms:
    """The forms of the book in force."""
    book = place.programme.book
    return ContributionForms(book, DayReader(book.programme.timezone), place.programme.today)


async def new(request: Request[Place]) -> Response:
    """The empty form, or a draft; a link or a type may come along in the query."""
    place, connection = request.loaded, request.connection
    if "part" in request.query:
        return await _part(request, place)
    if "draft" not in request.query:
        language = await own.last_language(connection, place.programme_id, place.own)
        start = {"occurred_on": place.programme.today.isoformat(), "language": language or ""}
        return await _shown(request, place, Form(new_id(), {**start, **typed(request.query)}))
    key = key_of(request.query["draft"])
    kept = None if key is None else await own.draft(connection, place.programme_id, place.own, key)
    if kept is None:
        raise NotFound("no draft of whoever asks")
    return await _shown(request, place, Form(kept.key, kept.fields))


async def _part(request: Request[Place], place: Place) -> Response:
    """The form with what another member said of the work, to confirm one's own part in it."""
    found = await _offered(request, place, request.query["part"])
    if found is None or found.state != PartState.OFFERED.value:
        raise NotFound("no part of whoever asks")
    return await _shown(request, place, Form(new_id(), part_fields(found), part=found.contribution_id))


async def _offered(request: Request[Place], place: Place, text: str) -> Offered | None:
    wanted = key_of(text)
    return None if wanted is None else await parts.offered(request.connection, place.programme_id, place.own, wanted)


async def decline(request: Request[Place]) -> Response:
    """Says that there was no such part."""
    place, wanted = request.loaded, key_of(str(request.path_params["part"]))
    if wanted is not None:
        actor = actor_of(visitor_of(request).person_id)
        await part_actions.decline_part(request.connection, place.programme_id, place.own, wanted, actor=actor)
    return go(request, f"{request.path_to('contributions.mine', slug=place.slug)}?done=declined")


async def preview(request: Request[Place]) -> Response:
    """What it would give as it stands; whatever the form must show differently comes along."""
    place = request.loaded
    present = await own_of(request, place, request.query.get("of", ""))
    form = Form(key_of(request.query.get("key", "")) or new_id(), typed(request.query), present=present)
    return await _shown(request, place, form, block="preview")


async def report(request: Request[Place]) -> Response:
    """Submits, or keeps as a draft, or shows the fields of another type."""
    place = request.loaded
    form = Form(key_of(request.fields.get("key", "")) or new_id(), typed(request.fields))
    if (part := await _offered(request, place, request.fields.get("part", ""))) is not None:
        form.part = part.contribution_id
    if "again" in request.fields:
        return await _shown(request, place, form)
    if not await own.may_report(request.connection, place.programme_id, place.own):
        return await _shown(request, place, form, status=409)
    if "draft" in request.fields:
        return await _keep(request, place, form)
    content, others = _checked(place, form), await _others(request, place, form)
    if content is None or form.wrong:
        return await _shown(request, place, form, status=422)
    made = await _made(request, place, form, content, others)
    return go(request, f"{request.path_to('contributions.story', slug=place.slug, id=made)}?done=submitted")


async def _made(request: Request[Place], place: Place, form: Form, content: Content, others: Collection[int]) -> UUID:
    """The contribution, reported, and with it what others are said to have done; or one's part in another's."""
    actor, connection = actor_of(visitor_of(request).person_id), request.connection
    if form.part is not None:
        return await part_actions.confirm_part(connection, place.programme, place.own, form.part, content, actor=actor)
    made = await submit.submit(connection, place.programme, place.own, form.key, content, actor=actor)
    await part_actions.offer_parts(connection, place.programme_id, made, others, actor=actor)
    return made


async def _others(request: Request[Place], place: Place, form: Form) -> Collection[int]:
    """The members whose handles were typed; whoever cannot be one stands beside the field."""
    handles = [one.strip().removeprefix("@") for one in form.fields.get(OTHERS, "").split(",")]
    wanted = {fold(one): one for one in handles if one}
    if len(wanted) > OTHERS_AT_MOST:
        form.wrong[OTHERS] = _("at most %(number)s handles") % {"number": OTHERS_AT_MOST}
        return ()
    found = await parts.by_handle(request.connection, place.programme_id, list(wanted))
    missing = [excerpt(text) for folded, text in wanted.items() if folded not in found]
    if missing:
        form.wrong[OTHERS] = _("handles of active members; nobody is called %(names)s") % {"names": listed(missing)}
    return set(found.values()) - {place.own}


async def _keep(request: Request[Place], place: Place, form: Form) -> Response:
    if sum(map(len, form.fields.values())) > DRAFT_CHARACTERS:
        form.wrong["description"] = _("a text that is not quite as long")
        return await _shown(request, place, form, status=422)
    try:
        await drafts.save_draft(request.connection, place.programme_id, place.own, form.key, form.fields)
    except Conflict:
        form.said = _("You keep %(number)s drafts already. Submit or throw away one of them first.") % {
            "number": drafts.DRAFTS_AT_MOST
        }
        return await _shown(request, place, form, status=409)
    return go(request, f"{request.path_to('contributions.mine', slug=place.slug)}?done=draft")


async def throw_away(request: Request[Place]) -> Response:
    """Throws a draft away."""
    place = request.loaded
    key = key_of(str(request.path_params["draft"]))
    if key is not None:
        await drafts.delete_draft(request.connection, place.programme_id, place.own, key)
    return go(request, f"{request.path_to('contributions.mine', slug=place.slug)}?done=thrown_away")


async def edit(request: Request[Own]) -> Response:
    """The form with what the contribution says, or what the edit of it says that waits for review."""
    place, row = request.loaded.place, request.loaded.row
    revisions = await story.revisions(request.connection, place.programme_id, row.id)
    waiting = next((one.content for one in revisions if one.state == "proposed"), None)
    return await _shown(request, place, Form(row.id, given_fields(row, waiting), present=row))


async def amend(request: Request[Own]) -> Response:
    """Takes an edit: what was approved goes on counting until it is reviewed; the rest goes back to review."""
    place, row = request.loaded.place, request.loaded.row
    form = Form(row.id, typed(request.fields), present=row)
    if "again" in request.fields:
        return await _shown(request, place, form)
    if not await own.may_report(request.connection, place.programme_id, place.own):
        return await _shown(request, place, form, status=409)
    content = _checked(place, form)
    if content is None:
        return await _shown(request, place, form, status=422)
    try:
        outcome = await submit.amend(
            request.connection, place.programme, row.id, content, seen=request.fields.get("seen", ""),
            actor=actor_of(visitor_of(request).person_id),
        )  # fmt: skip
    except Conflict:
        form.said = _("This was decided about while you were writing. Look at it as it is now, then send it again.")
        return await _shown(request, place, form, status=409)
    return back(request, outcome)


def _checked(place: Place, form: Form) -> Content | None:
    """The contribution of a form that is right; else None, and what is wrong stands beside the fields."""
    kind = place.programme.book.types_by_key.get(form.fields.get("type", ""))
    found = forms_of(place).check(values_of(form.fields, kind))
    if not isinstance(found, list):
        return Content(*found[:7])
    for one in found:
        name = one.column if one.column in COMMON else f"f.{one.column}"
        form.wrong.setdefault(name, fault_words(one, kind))
    return None


async def _shown(
    request: Request[Any], place: Place, form: Form, *, status: int = 200, block: str | None = None
) -> Response:
    """The form, filled with what was typed, beside what it would give."""
    values = await filled(request, place, form, forms_of(place))
    path = _path(request, place, form.present.id if form.present is not None else None)
    return page(request, "contributions/report.html", block=block, status=status, form=form, path=path, **values)


def _path(request: Request[Any], place: Place, contribution_id: UUID | None) -> str:
    if contribution_id is None:
        return request.path_to("contributions.report", slug=place.slug)
    return request.path_to("contributions.edit", slug=place.slug, id=contribution_id)
