"""The web application: gathers every room's portal, console and api routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette

from community.contributions import portal as contributions
from community.flow import followed
from community.home import portal as home
from community.home.demo import portal as demo
from community.home.profile import portal as profile
from community.home.shell import shell
from community.jobs import health
from community.jobs.embedded import Embedded
from community.jobs.messenger import Messenger
from community.jobs.runner import AWAY, follow_clock, keep_following
from community.kit import db, log, settings
from community.kit.settings import Settings
from community.kit.web.assembly import Hook, assemble
from community.kit.web.probes import Measure, Readiness
from community.kit.web.request import Identify, Transact
from community.kit.web.routes import Route
from community.leaderboards import portal as leaderboards
from community.members import console as members_console
from community.members import portal as members
from community.members import queries as member_queries
from community.members.place import place
from community.notices import portal as notices
from community.people import portal as people
from community.programmes import portal as programmes
from community.programmes import queries as programme_queries
from workers.main import CONNECTIONS, HEAVY, KINDS
from workers.schedule import SCHEDULE, places

ROUTES: tuple[Route[Any], ...] = (
    *home.ROUTES, *demo.ROUTES, *profile.ROUTES, *people.ROUTES, *programmes.ROUTES, *programmes.of_the_book(place),
    *members.ROUTES, *members_console.ROUTES, *contributions.ROUTES, *leaderboards.ROUTES, *notices.ROUTES,
)  # fmt: skip
"""Every route of the product besides the probes."""

WHO_ASKS = people.identifying(member_queries.visitor)
DOOR = people.opened(programme_queries.titles)

READINESS: tuple[Readiness, ...] = (Readiness("sweep", health.sweep),)
"""What must be so, besides the database, for a web process to do its work."""

MEASURES: tuple[Measure, ...] = (health.measure,)
"""What `/metrics` reads from the database."""


@asynccontextmanager
async def jobs(app: Starlette) -> AsyncIterator[None]:
    """What requests do is followed by jobs: told to the workers, or, without a queue, run by this process itself."""
    site = app.state.site
    present: Settings = site.settings

    with suppress(*AWAY):
        await follow_clock(site.engine)
    if present.redis_url:
        queue = Messenger(present.redis_url, HEAVY)
        followed(site.engine, queue)
        following = asyncio.create_task(keep_following(site.engine))
        yield
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await queue.close()
        return
    embedded = Embedded(
        lambda messenger: followed(db.create_engine(present.url, CONNECTIONS, serves=True), messenger),
        KINDS, present, SCHEDULE, places,
    )  # fmt: skip
    followed(site.engine, embedded)
    embedded.start()
    yield
    await embedded.stop()


def create_app(
    present: Settings,
    *,
    identify: Identify = WHO_ASKS,
    transact: Transact = db.retried,
    lifespan: Sequence[Hook] = (),
    readiness: Sequence[Readiness] = READINESS,
    measures: Sequence[Measure] = MEASURES,
    sign_in: str = people.SIGN_IN,
) -> Starlette:
    """The application for these settings.

    `identify` says who asks, `transact` does the work of a request in one transaction, what is in `lifespan` runs
    beside the requests, `readiness` is what `/readyz` asks, `measures` what `/metrics` reads, `sign_in` names the route
    where people sign in.
    """
    return assemble(
        present, ROUTES, identify=identify, transact=transact, lifespan=[DOOR, *lifespan], readiness=readiness,
        measures=measures, sign_in=sign_in, shell=shell,
    )  # fmt: skip


def from_environment() -> Starlette:
    """The application of an installation: what `community serve` and other servers start (`--factory`)."""
    present = settings.load()
    log.configure(present.log_format or None)
    return create_app(present, lifespan=[jobs])
