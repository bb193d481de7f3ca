"""The web application: gathers every room's portal, console and api routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette

from community.home import portal as home
from community.kit import db, log, settings
from community.kit.settings import Settings
from community.kit.web.assembly import Hook, assemble
from community.kit.web.probes import Readiness
from community.kit.web.request import Identify, Transact, nobody
from community.kit.web.routes import Route

ROUTES: tuple[Route[Any], ...] = (*home.ROUTES,)
"""Every route of the product besides the probes."""

READINESS: tuple[Readiness, ...] = ()
"""What must be so, besides the database, for a web process to do its work."""


def create_app(
    present: Settings,
    *,
    identify: Identify = nobody,
    transact: Transact = db.retried,
    lifespan: Sequence[Hook] = (),
    readiness: Sequence[Readiness] = READINESS,
) -> Starlette:
    """The application for these settings.

    `identify` says who asks, `transact` does the work of a request in one transaction, what is in `lifespan` runs
    beside the requests, `readiness` is what `/readyz` asks.
    """
    return assemble(
        present, ROUTES, identify=identify, transact=transact, lifespan=lifespan, readiness=readiness,
    )  # fmt: skip


def from_environment() -> Starlette:
    """The application of an installation: what `community serve` and other servers start (`--factory`)."""
    present = settings.load()
    log.configure(present.log_format or None)
    return create_app(present)
