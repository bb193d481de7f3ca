"""The directory of a programme, a member's page with their picture, and one's own profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from community.home.profile.queries import listed as queries
from community.home.profile.queries.listed import ListedRow, Wanted
from community.home.shell import initials
from community.kit import i18n, markdown
from community.kit.errors import InputRefused, NotFound
from community.kit.i18n import gettext as _
from community.kit.languages import language_name
from community.kit.places import country_name, country_names
from community.kit.text import fold
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go, is_htmx
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.members import pictures
from community.members import queries as members
from community.members.actions import profile as profiles
from community.members.place import Place, place
from community.members.rules import FIELDS, Audience
from community.members.saying import Said, read_said, shown_link
from community.people.portal.visit import SignedIn, visitor_of
from community.people.rules import Role, actor_of

SHOWN = 24
WORDS_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 155
FORM_BYTES = pictures.BYTES + 64 * 1024
"""A picture with what browsers put around it."""


def reader_of(request: Request[Any]) -> Audience:
    """What whoever asks is to the members of this programme."""
    if not isinstance(request.identity, SignedIn):
        return Audience.PUBLIC
    visitor = request.identity.visitor
    if Role.MANAGER in visitor.roles:
        return Audience.MANAGERS
    return Audience.MEMBERS if visitor.member_id is not None or visitor.roles else Audience.PUBLIC


async def directory(request: Request[Place]) -> Response:
    """Who takes part: search and filters stand in the URL, pages go on behind a handle."""
    here, reader = request.loaded, reader_of(request)
    wanted, after = _wanted(request), fold(request.query.get("after", "")[:WORDS_CHARACTERS])
    found = await queries.directory(request.connection, here.programme_id, reader, wanted, after=after, most=SHOWN + 1)
    countries, skills = ([], []) if is_htmx(request) else await _choices(request, reader)
    path = request.path_to("home.directory", slug=here.slug)
    return page(
        request, "home/directory.html", block="list", members=[_card(here, one) for one in found[:SHOWN]],
        wanted=wanted, path=path, first=f"{path}{_query(wanted)}" if after else "",
        onward=f"{path}{_query(wanted, found[SHOWN - 1].folded)}" if len(found) > SHOWN else "",
        tiers=[(tier.key, here.said(tier.name)) for tier in reversed(here.programme.book.tiers)],
        countries=countries,
        skills=skills,
        canonical=request.link_to("home.directory", slug=here.slug), public=reader is Audience.PUBLIC,
    )  # fmt: skip


async def _choices(request: Request[Place], reader: Audience) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What the filters offer: countries by name, and what members know well. The list alone needs neither."""
    programme_id = request.loaded.programme_id
    countries = await queries.countries(request.connection, programme_id, reader)
    named = sorted(((one, country_name(one, i18n.language())) for one in countries), key=lambda one: one[1])
    return named, await queries.fields_of_expertise(request.connection, programme_id, reader)


def _wanted(request: Request[Any]) -> Wanted:
    given = {name: request.query.get(name, "").strip()[:WORDS_CHARACTERS] for name in Wanted.__slots__}
    return Wanted(**given)


def _query(wanted: Wanted, after: str = "") -> str:
    given = {name: getattr(wanted, name) for name in Wanted.__slots__} | {"after": after}
    kept = {name: value for name, value in given.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _card(here: Place, row: ListedRow) -> dict[str, Any]:
    """A member as lists and their page show them."""
    tiers = {tier.key: here.said(tier.name) for tier in here.programme.book.tiers}
    return {
        "handle": row.handle, "name": row.name, "initials": initials(row.name), "tier": tiers.get(row.tier or ""),
        "since": row.since, "joined_on": row.joined_on, "picture": row.picture, "expertise": row.expertise,
        "country": country_name(row.country, i18n.language()) if row.country else None,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A member who is there for whoever asks."""

    place: Place
    row: ListedRow
    reader: Audience

    @property
    def programme_id(self) -> int:
        """Of the programme."""
        return self.place.programme_id


async def shown(request: Request[Any]) -> Shown:
    """Loads the member that the path names. Raises NotFound for one who is not there for whoever asks."""
    here = await place(request)
    handle = str(request.path_params["handle"])
    reader = reader_of(request)
    if here.handle is not None and fold(here.handle) == fold(handle):
        reader = Audience.MANAGERS  # nothing is hidden from oneself
    return Shown(here, await queries.listed(request.connection, here.programme_id, handle, reader), reader)


async def member(request: Request[Shown]) -> Response:
    """A member's page, as far as whoever asks may read it."""
    found = request.loaded
    said = await members.said_by(request.connection, found.programme_id, found.row.id)
    mine = found.place.member_id == found.row.id
    return page(
        request, "home/member.html", member=_card(found.place, found.row), said=_heard(said, found.reader), mine=mine,
        listed_to=said.to["listed"].value, canonical=request.link_to(
            "home.member", slug=found.place.slug, handle=found.row.handle
        ),
        description=_description(found, said), public=said.to["listed"] is Audience.PUBLIC,
    )  # fmt: skip


def _heard(said: Said, reader: Audience) -> dict[str, Any]:
    """What is said to a reader, ready to be shown."""
    order = list(Audience)
    heard = {field for field in FIELDS if order.index(said.to[field]) <= order.index(reader)}
    tongues = [language_name(one, i18n.language()) for one in said.languages]
    return {
        "biography": markdown.html_of(said.biography) if said.biography and "biography" in heard else None,
        "languages": tongues if "languages" in heard else [],
        "links": [(one, shown_link(one)) for one in said.links] if "links" in heard else [],
        "expertise": said.expertise if "expertise" in heard else (),
    }


def _description(found: Shown, said: Said) -> str:
    """What a search engine shows under the title: the first words of a biography that everybody may read."""
    if not said.biography or said.to["biography"] is not Audience.PUBLIC:
        return _("%(name)s takes part in %(programme)s.") % {"name": found.row.name, "programme": found.place.title}
    words = markdown.plain_of(said.biography)
    if len(words) <= DESCRIPTION_CHARACTERS:
        return words
    return words[:DESCRIPTION_CHARACTERS].rsplit(" ", 1)[0] + "…"


async def picture(request: Request[Shown]) -> Response:
    """The picture of a member; where it is hidden from whoever asks, there is none."""
    if request.loaded.row.picture is None:
        raise NotFound("no picture for whoever asks")
    stored = await members.picture(request.connection, request.loaded.programme_id, request.loaded.row.id)
    if stored is None:
        raise NotFound("no picture")
    digest, data = stored
    headers = {"etag": f'"{digest}"', "cache-control": "private, no-cache", "content-disposition": "inline"}
    if f'"{digest}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type="image/webp")


async def profile(request: Request[Place]) -> Response:
    """What one says of oneself, and to whom."""
    return await _profile(request)


async def _profile(
    request: Request[Place], *, fields: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> Response:
    here = request.loaded
    said = await members.said_by(request.connection, here.programme_id, here.own)
    stored = await members.picture(request.connection, here.programme_id, here.own)
    countries = country_names(i18n.language())
    return page(
        request, "home/profile.html", status=422 if wrong else 200, fields={**_typed(said), **(fields or {})},
        wrong=wrong or {}, picture=stored[0] if stored else None, initials=initials(said.name),
        countries=sorted(countries.items(), key=lambda one: one[1]), audiences=_audiences(),
        said=_done(request.query.get("done", "")),
        mine=request.path_to("home.member", slug=here.slug, handle=here.handle or ""),
    )  # fmt: skip


def _typed(said: Said) -> dict[str, str]:
    """A profile as the form has it."""
    texts = {
        "name": said.name, "biography": said.biography or "", "country": said.country or "",
        "languages": ", ".join(said.languages), "links": "\n".join(said.links), "expertise": ", ".join(said.expertise),
    }  # fmt: skip
    return texts | {f"{field}_to": said.to[field].value for field in FIELDS}


def _audiences() -> list[tuple[str, str]]:
    return [("public", _("Everybody")), ("members", _("Members")), ("managers", _("Managers"))]


def _done(done: str) -> str:
    said = {
        "profile": _("Saved."), "picture": _("This is your picture now."), "no-picture": _("The picture is gone."),
    }  # fmt: skip
    return said.get(done, "")


async def set_profile(request: Request[Place]) -> Response:
    """Says it in place of what was said before."""
    here = request.loaded
    try:
        said = read_said(request.fields)
    except InputRefused as refused:
        return await _profile(request, fields=request.fields, wrong=_faults(refused))
    await profiles.set_said(request.connection, here.programme_id, here.own, said, _actor(request))
    return _back(request, "profile")


async def set_picture(request: Request[Place]) -> Response:
    """Another picture."""
    here = request.loaded
    file = request.files.get("picture")
    try:
        made = pictures.made_anew(await file.read(pictures.BYTES + 1) if file is not None else b"")
    except InputRefused as refused:
        return await _profile(request, wrong=_faults(refused))
    await profiles.set_picture(request.connection, here.programme_id, here.own, made, _actor(request))
    return _back(request, "picture")


async def remove_picture(request: Request[Place]) -> Response:
    """No picture any more."""
    here = request.loaded
    await profiles.set_picture(request.connection, here.programme_id, here.own, None, _actor(request))
    return _back(request, "no-picture")


def _actor(request: Request[Any]) -> str:
    return actor_of(visitor_of(request).person_id)


def _faults(refused: InputRefused) -> dict[str, str]:
    return {one.path: one.accepted for one in refused.problems}


def _back(request: Request[Place], done: str) -> Response:
    return go(request, f"{request.path_to('home.profile', slug=request.loaded.slug)}?done={done}")


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", "/p/{slug}/members", "home.directory", directory, access=Access.PUBLIC, load=place, rate=Rate.PAGE
    ),
    Route(
        "GET", "/p/{slug}/members/{handle}", "home.member", member, access=Access.PUBLIC, load=shown, rate=Rate.PAGE
    ),
    Route(
        "GET", "/p/{slug}/members/{handle}/picture", "home.picture", picture,
        access=Access.PUBLIC, load=shown, rate=Rate.PAGE,
    ),
    Route("GET", "/p/{slug}/profile", "home.profile", profile, access=Access.MEMBER, load=place, rate=Rate.PAGE),
    Route("POST", "/p/{slug}/profile", "home.profile", set_profile, access=Access.MEMBER, load=place, rate=Rate.FORM),
    Route(
        "POST", "/p/{slug}/profile/picture", "home.own_picture", set_picture,
        access=Access.MEMBER, load=place, rate=Rate.HEAVY, body_limit=FORM_BYTES,
    ),
    Route(
        "POST", "/p/{slug}/profile/picture/removal", "home.no_picture", remove_picture,
        access=Access.MEMBER, load=place, rate=Rate.FORM,
    ),
)  # fmt: skip
