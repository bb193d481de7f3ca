"""What the form of a contribution shows: what was typed, the fields of its type, what is known of its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from community.contributions.actions.held import Content
from community.contributions.forms import ContributionForms
from community.contributions.models import State
from community.contributions.portal import words
from community.contributions.portal.hosts import suggested
from community.contributions.portal.receipts import receipt_of
from community.contributions.queries import own
from community.contributions.queries.own import OwnRow
from community.contributions.queries.parts import Offered
from community.contributions.rules import host_of, same_links
from community.kit.cells import text_of
from community.kit.urls import URL_CHARACTERS
from community.kit.web.redirects import is_htmx
from community.kit.web.request import Request
from community.members.place import Place
from community.programmes.book import ContributionType

TYPED = ("type", "title", "url", "occurred_on", "language", "description")
OTHERS = "others"
"""Whom it was done with: their handles, with commas between."""
OWN = "f."
"""What stands before the keys of a type's own fields, so that they meet no other name of the form."""
BEFORE_AT_MOST = 20
GONE = (State.REJECTED.value, State.WITHDRAWN.value, State.REVERSED.value)


@dataclass
class Form:
    """A form under way: its key, what was typed, what is wrong, what is to be said above it.

    `part` is the contribution of another member in which it is the visitor's own part, `present` what is edited.
    """

    key: UUID
    fields: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    said: str = ""
    part: UUID | None = None
    present: OwnRow | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of a link: the type that it was recognised as, one's own report of it, whether others have one."""

    recognised: str = ""
    mine: UUID | None = None
    others: bool = False
    is_new: bool = False


def typed(given: Mapping[str, str]) -> dict[str, str]:
    """Of what came in, the fields of a contribution."""
    return {name: value for name, value in given.items() if name in (*TYPED, OTHERS) or name.startswith(OWN)}


def values_of(fields: Mapping[str, str], kind: ContributionType | None) -> dict[str, str]:
    """The fields as the form of the room reads them."""
    values = {name: fields.get(name, "") for name in TYPED}
    keys = [one.key for one in kind.fields] if kind is not None else []
    return values | {key: fields.get(f"{OWN}{key}", "") for key in keys}


def part_fields(row: Offered) -> dict[str, str]:
    """What another member said of the work, as one types one's own part in it."""
    plain = {name: getattr(row, name) for name in TYPED if name != "description"}
    own_fields = {f"{OWN}{key}": text_of(value) for key, value in row.fields.items()}
    return {name: text_of(value) for name, value in plain.items()} | own_fields


def given_fields(row: OwnRow, instead: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What a contribution says, or an edit of it, as it is typed."""
    content: Mapping[str, Any] = instead or {
        "type": row.type, "title": row.title, "url": row.url, "occurred_on": row.occurred_on,
        "language": row.language, "description": row.description, "fields": row.fields,
    }  # fmt: skip
    own_fields = {f"{OWN}{key}": text_of(value) for key, value in content["fields"].items()}
    return {name: text_of(content[name]) for name in TYPED} | own_fields


async def filled(request: Request[Any], place: Place, form: Form, forms: ContributionForms) -> dict[str, Any]:
    """The values of the template. A link that tells its type chooses it, where none was chosen."""
    book = place.programme.book
    link = await _link(request, place, form)
    kind = book.types_by_key.get(form.fields.get("type", ""))
    if kind is None and len(book.contribution_types) == 1:
        kind = book.contribution_types[0]
    if kind is None and link.recognised:
        kind = book.types_by_key[link.recognised]
    chose_by_link = kind is not None and not form.fields.get("type")
    form.fields["type"] = kind.key if kind is not None else ""
    of_type = forms.form(kind.key) if kind is not None else None
    so_far = of_type.so_far(values_of(form.fields, kind)) if of_type is not None else None
    receipt = None
    if so_far is not None:
        receipt = await receipt_of(request.connection, place, Content(*so_far[:7]), form.present)
    language = form.fields.get("language", "")
    languages = words.languages()
    if language and language not in dict(languages):
        languages = [(language, words.language_name(language)), *languages]
    return {
        "kind": kind, "chose_by_link": chose_by_link, "link": link,
        "recognised": place.said(book.types_by_key[link.recognised].name) if link.recognised else "",
        "partial": is_htmx(request),
        "present": form.present, "receipt": receipt, "types": book.contribution_types,
        "shown": request.query.get("shown", ""), "languages": languages, "countries": words.countries(),
        "today": place.programme.today.isoformat(), "states": words.state_words(),
        "may_report": await own.may_report(request.connection, place.programme_id, place.own),
    }  # fmt: skip


async def _link(request: Request[Any], place: Place, form: Form) -> Link:
    url = form.fields.get("url", "").strip()
    host = host_of(url)
    if "." not in host or len(url) > URL_CHARACTERS:
        return Link()
    connection = request.connection
    keys = [one.key for one in place.programme.book.contribution_types if one.evidence != "none"]
    habit = await own.habits(connection, place.programme_id, place.own, host)
    recognised = habit if habit in keys else suggested(host, keys)
    theirs_or_mine = form.present.id if form.present is not None else form.part
    before = await own.with_link(connection, place.programme_id, same_links(url), BEFORE_AT_MOST)
    others = [one for one in before if one.id != theirs_or_mine]
    mine = next((one.id for one in others if one.member_id == place.own), None)
    theirs = any(one.member_id != place.own and one.state not in GONE for one in others)
    return Link(recognised or "", mine, theirs, is_new=theirs_or_mine is None and mine is None and not theirs)
