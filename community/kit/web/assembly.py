"""Routes, layers and resources put together into one application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route as StarletteRoute

from community.kit import db
from community.kit.secrets import signer
from community.kit.settings import Settings
from community.kit.templates import environment
from community.kit.web import reports, static
from community.kit.web.gate import Gate
from community.kit.web.headers import SecurityHeaders
from community.kit.web.probes import DATABASE, QUEUE, Measure, Readiness, probes
from community.kit.web.problems import Problems, of_http
from community.kit.web.proxies import Proxies
from community.kit.web.rates import Limiter
from community.kit.web.request import Identify, Shell, Site, Transact, no_shell, nobody
from community.kit.web.routes import Route, Routes
from community.kit.web.trace import Trace

POOL_WAIT_SECONDS = 5
"""A request that finds all connections taken waits for so long, then is asked to come again."""

Hook = Callable[[Starlette], AbstractAsyncContextManager[None]]
"""What runs beside the requests: entered before the first, left after the last. `app.state.site` is there by then."""


def assemble(
    settings: Settings,
    routes: Iterable[Route[Any]],
    *,
    identify: Identify = nobody,
    transact: Transact = db.retried,
    lifespan: Sequence[Hook] = (),
    readiness: Sequence[Readiness] = (),
    measures: Sequence[Measure] = (),
    sign_in: str = "",
    shell: Shell = no_shell,
) -> Starlette:
    """The application. Raises RoutesRefused where a route is not declared in full, or twice."""
    table = Routes([*probes([DATABASE, QUEUE, *readiness], measures), *static.ROUTES, *reports.ROUTES, *routes])
    engine = db.create_engine(settings.url, settings.web_connections, POOL_WAIT_SECONDS, serves=True)
    limiter = Limiter(settings)
    site = Site(
        settings, engine, table, identify, transact,
        limiter=limiter, forms=signer(settings, "forms"), templates=environment(),
        static=static.packaged(), sign_in=sign_in, shell=shell,
    )  # fmt: skip

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(engine.dispose)
            stack.push_async_callback(limiter.close)
            for hook in lifespan:
                await stack.enter_async_context(hook(app))
            yield

    app = Starlette(
        routes=_served(table, site),
        middleware=[
            Middleware(Trace),
            Middleware(SecurityHeaders, secure=settings.secure),
            Middleware(Problems),
            Middleware(Proxies, trusted=settings.trusted_proxies),
        ],
        exception_handlers={HTTPException: of_http},
        lifespan=living,
    )
    app.router.redirect_slashes = False  # it would send people to whatever host they named
    app.state.site = site
    return app


def _served(table: Routes, site: Site) -> list[StarletteRoute]:
    served = []
    for path, routes in table.by_path().items():
        gate = Gate(routes, site)
        served.append(StarletteRoute(path, gate, methods=gate.methods, name=routes[0].name))
    return served
