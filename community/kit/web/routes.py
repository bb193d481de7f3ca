"""The registry of routes, closed by default: who may enter, what is loaded and how often one may ask is declared.

`Route("GET", "/p/{slug}", "home.portal", show, access=Access.MEMBER, load=programme, rate=Rate.PAGE)`: the surfaces of
a room export theirs as `ROUTES`. What was left out, doubled or hidden behind another is said when the app is built.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import compile_path

from community.kit.web.rates import Rate

if TYPE_CHECKING:
    from community.kit.web.request import Request

Loaded = TypeVar("Loaded")
Handler = Callable[["Request[Loaded]"], Awaitable[Response]]
Loader = Callable[["Request[Any]"], Awaitable[Loaded]]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NAME = re.compile(r"[a-z_]+(\.[a-z_]+)+")


class Access(StrEnum):
    """Who may enter. All but the first and the last ask the identity, with what the route loaded."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    MEMBER = "member"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    LEAD = "lead"
    ADMIN = "admin"
    OPERATOR = "operator"
    """Whoever runs the installation: from the networks of the settings, or with their token; no account."""


class Surface(StrEnum):
    """What a route is for."""

    PAGE = "page"
    """Browsers: known by their cookies, so that whatever changes something needs the token of a form."""
    API = "api"
    """Programs and hooks: cookies count for nothing here, errors are problem+json."""
    PROBE = "probe"
    """Balancers and monitors: as API, asked under any host name, and not limited."""


class RoutesRefused(Exception):
    """The routes as declared cannot be served; the message lists every fault."""


@dataclass(frozen=True)
class Route(Generic[Loaded]):
    """One path and method.

    `load` gives what the path names, within its programme, or raises NotFound; None where the path names nothing. With
    `database=False` there is no connection and nobody is identified. `body_limit` in bytes; None: that of the settings.
    """

    method: str
    path: str
    name: str
    handler: Handler[Loaded]
    _: KW_ONLY
    access: Access
    load: Loader[Loaded] | None
    rate: Rate
    surface: Surface = Surface.PAGE
    body_limit: int | None = None
    database: bool = True

    @property
    def reads(self) -> bool:
        """Whether it changes nothing: its transaction only reads."""
        return self.method == "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.name})"


class Routes:
    """All routes of the product. Raises RoutesRefused that lists every fault of their declarations."""

    def __init__(self, routes: Iterable[Route[Any]]) -> None:
        self.all = tuple(routes)
        faults = [*_faults(self.all)]
        if faults:
            raise RoutesRefused("\n".join(faults))
        self._formats = {one.name: compile_path(one.path)[1:] for one in self.all}

    def by_path(self) -> dict[str, list[Route[Any]]]:
        """The routes of each path, in the order of their declaration."""
        found: dict[str, list[Route[Any]]] = {}
        for one in self.all:
            found.setdefault(one.path, []).append(one)
        return found

    def url(self, name: str, /, **values: object) -> str:
        """The path of a route: `url("members.show", slug="aces", handle="ada")`. Raises KeyError for a wrong call."""
        form, convertors = self._formats[name]
        if values.keys() != convertors.keys():
            raise KeyError(
                f"{name} takes {', '.join(convertors) or 'nothing'}; given: {', '.join(values) or 'nothing'}"
            )
        safe = {key: "/" if type(one).__name__ == "PathConvertor" else "" for key, one in convertors.items()}
        return form.format(**{key: quote(str(value), safe=safe[key]) for key, value in values.items()})


def _faults(routes: Sequence[Route[Any]]) -> Iterator[str]:
    seen: dict[tuple[str, str], Route[Any]] = {}
    names: dict[str, Route[Any]] = {}
    for one in routes:
        yield from _own_faults(one)
        key = (one.method, _shape(one.path))
        if key in seen:
            yield f"{one}: the same method and path as {seen[key]}"
        seen.setdefault(key, one)
        if names.setdefault(one.name, one).path != one.path:
            yield f"{one}: the same name as {names[one.name]}, another path"
    yield from _hidden(routes)


def _own_faults(one: Route[Any]) -> Iterator[str]:
    if one.method not in METHODS:
        yield f"{one}: method {one.method!r}; accepted: {', '.join(METHODS)}"
    if not one.path.startswith("/"):
        yield f"{one}: a path begins with /"
    if not _NAME.fullmatch(one.name):
        yield f"{one}: a name is room.noun, in small letters"
    for wanted, kind in (("access", Access), ("rate", Rate), ("surface", Surface)):
        if not isinstance(getattr(one, wanted), kind):
            yield f"{one}: {wanted} is not declared"
    if one.database and "{" in one.path and one.load is None:
        yield f"{one}: the path names something, but `load` does not say how it is found within its programme"
    if not one.database and (one.load is not None or one.access not in (Access.PUBLIC, Access.OPERATOR)):
        yield f"{one}: without the database nothing can be loaded, and nobody is known"


def _hidden(routes: Sequence[Route[Any]]) -> Iterator[str]:
    """Routes that an earlier path takes away: `/p/new` behind `/p/{slug}`."""
    patterns: dict[str, re.Pattern[str]] = {}
    for one in routes:
        if one.path in patterns:
            continue
        sample = one.path if "{" not in one.path else None
        for path, pattern in patterns.items():
            if sample is not None and pattern.match(sample):
                yield f"{one}: hidden behind {path}, which is declared before it"
        patterns[one.path] = compile_path(one.path)[0]


def _shape(path: str) -> str:
    """The path with its parameters nameless: `/p/{slug}` and `/p/{key}` are one."""
    return re.sub(r"{[a-zA-Z_][a-zA-Z0-9_]*", "{", path)
