"""What the pages of a programme are given: the programme, and the member that whoever asks is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from community.kit import i18n
from community.kit.errors import NotFound
from community.kit.web.request import Request
from community.people.portal.visit import SignedIn
from community.programmes import queries as programmes
from community.programmes.book import text
from community.programmes.queries import ProgrammeRow


@dataclass(frozen=True, slots=True)
class Place:
    """A programme that a path `/p/{slug}…` names, and whom of its members the visitor is, if any."""

    programme: ProgrammeRow
    member_id: int | None
    handle: str | None

    @property
    def programme_id(self) -> int:
        """The id of the programme: the gate lets nobody in whose rights were asked of another one."""
        return self.programme.id

    @property
    def slug(self) -> str:
        """The slug, as paths have it."""
        return self.programme.slug

    @property
    def title(self) -> str:
        """The name of the programme in the language of the page."""
        return self.said(self.programme.book.programme.name)

    def said(self, value: Any) -> str:
        """A text of the book in the language of the page, else in that of the programme."""
        return text(value, i18n.language(), self.programme.book.programme.locale)

    @property
    def own(self) -> int:
        """The id of the member that the visitor is. Raises NotFound for whoever is none."""
        if self.member_id is None:
            raise NotFound("whoever asks is no member of the programme")
        return self.member_id


async def place(request: Request[Any]) -> Place:
    """Loads the programme of the path. Raises NotFound."""
    found = await programmes.programme(request.connection, str(request.path_params["slug"]))
    request.programme_language = found.book.programme.locale
    visitor = request.identity.visitor if isinstance(request.identity, SignedIn) else None
    here = visitor is not None and visitor.programme_id == found.id
    member_id = visitor.member_id if visitor is not None and here else None
    return Place(found, member_id, visitor.handle if visitor is not None and member_id is not None else None)
