"""What a handler is given: the request, its transaction, who asks, and what the route loaded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

from jinja2 import Environment
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.datastructures import UploadFile
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.types import Receive, Scope

from community.kit.secrets import Signer
from community.kit.settings import Settings
from community.kit.web import fields
from community.kit.web.rates import Limiter

if TYPE_CHECKING:
    from community.kit.web.routes import Access, Route, Routes
    from community.kit.web.static import Static

Loaded = TypeVar("Loaded")

REQUEST = "community.request"
"""Where the scope holds the request, once its route is known."""


class Identity(Protocol):
    """Who asks, as the session or the token says at this moment."""

    @property
    def person_id(self) -> UUID | None:
        """The person's id; None while nobody is signed in."""

    @property
    def language(self) -> str | None:
        """The language that the person chose, if any."""

    @property
    def timezone(self) -> str | None:
        """The zone in which the person reads times, if any."""

    async def may(self, access: Access, loaded: Any) -> bool:
        """Whether they may enter a route of that access, given what it loaded."""


@dataclass(frozen=True)
class Nobody:
    """Nobody is signed in: public pages only."""

    person_id: UUID | None = None
    language: str | None = None
    timezone: str | None = None

    async def may(self, access: Access, loaded: Any) -> bool:
        """Only what is open to everybody."""
        return access == "public"


Identify = Callable[["Request[Any]"], Awaitable[Identity]]


async def nobody(_request: Request[Any]) -> Identity:
    """Identifies nobody: what an installation does that has no room for people."""
    return Nobody()


Shell = Callable[["Request[Any]"], Awaitable[dict[str, Any]]]
"""What the frame of every page shows: asked for in the transaction of the request, once whoever asks may enter."""


async def no_shell(_request: Request[Any]) -> dict[str, Any]:
    """A frame without anything of its own."""
    return {}


Work = Callable[[AsyncConnection], Awaitable[Response]]
Transact = Callable[[AsyncEngine, Work], Awaitable[Response]]
"""Does the work in one transaction and commits it, or does it again where another transaction came between."""


@dataclass(frozen=True)
class Site:
    """What all requests of one process share."""

    settings: Settings
    engine: AsyncEngine
    routes: Routes
    identify: Identify
    transact: Transact
    limiter: Limiter
    forms: Signer
    templates: Environment
    static: Static
    sign_in: str
    """The name of the route where people sign in; empty where there is none."""
    shell: Shell = no_shell


class Request(StarletteRequest, Generic[Loaded]):
    """A request on its way through a route. `loaded` is what the route's loader answered.

    `fields` and `files` are those of the form; of a name that stands twice the first counts. A loader sets
    `programme_language` where what it finds belongs to a programme. What is in `new_cookies` goes with the answer.
    """

    connection: AsyncConnection
    identity: Identity
    loaded: Loaded

    def __init__(self, scope: Scope, receive: Receive, site: Site, route: Route[Any]) -> None:
        super().__init__(scope, receive)
        self.site = site
        self.route = route
        self.identity = Nobody()
        self.fields: dict[str, str] = {}
        self.files: dict[str, UploadFile] = {}
        self.new_cookies: dict[str, str] = {}
        self.programme_language: str | None = None
        self.shell: dict[str, Any] = {}

    @cached_property
    def query(self) -> dict[str, str]:
        """The values of the query; of a name that stands twice the first counts."""
        return fields.first_of(self.query_params.multi_items())

    def every(self, name: str) -> list[str]:
        """All values of a field of the form, such as the boxes ticked."""
        return fields.texts(self._form, name)

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.site.settings

    @property
    def engine(self) -> AsyncEngine:
        """The engine; handlers use `connection`, whose transaction is the request's."""
        return self.site.engine

    def path_to(self, name: str, /, **values: object) -> str:
        """The path of a route by its name."""
        return self.site.routes.url(name, **values)

    def link_to(self, name: str, /, **values: object) -> str:
        """The same as people type it, from the configured base URL: for mails and feeds."""
        return self.settings.origin + self.path_to(name, **values)
