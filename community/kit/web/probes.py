"""`/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: what Prometheus reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics_core import Metric
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import JSONResponse, Response

from community.kit import log, metrics, schema
from community.kit.errors import MachineryError
from community.kit.settings import Settings
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route, Surface

WAIT_SECONDS = 2
_log = log.logger("kit.web")


@dataclass(frozen=True)
class Readiness:
    """One thing that must be so for the process to do its work.

    `check` answers in a few words how it is, such as `12 s`, and raises MachineryError, or whatever the part itself
    raises, where it is not ready. It has two seconds.
    """

    name: str
    check: Callable[[AsyncEngine, Settings], Awaitable[str]]


async def _database(engine: AsyncEngine, _settings: Settings) -> str:
    """The database answers, and its schema is the one that this version needs, or a newer one.

    A newer one is there while an upgrade is under way: older processes serve on until they are replaced.
    """
    present = await schema.revision(engine)
    if present == schema.head():
        return "at head"
    if present is not None and not schema.is_known(present):
        return "newer than this version"
    raise MachineryError("migrations are missing: `community db upgrade`")


async def _queue(_engine: AsyncEngine, settings: Settings) -> str:
    """How the queue is. One that is away stops nobody: jobs are rows, and are run a little later."""
    if not settings.redis_url:
        return "embedded"
    client = Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
    try:
        await client.ping()
    except (RedisError, OSError):
        return "away: jobs wait for the sweep"
    finally:
        await client.aclose()
    return "answers"


DATABASE = Readiness("database", _database)
QUEUE = Readiness("queue", _queue)


Measure = Callable[[AsyncEngine], Awaitable[metrics.Measured]]
"""Reads what `/metrics` shows of the database that all processes share."""


def probes(checks: Iterable[Readiness], measures: Iterable[Measure] = ()) -> tuple[Route[Any], ...]:
    """The three routes; `/readyz` runs these checks side by side, `/metrics` also shows what the measures read."""
    wanted, read = tuple(checks), tuple(measures)

    async def shown_metrics(request: Request[None]) -> Response:
        """Everything counted and timed; a database that is away leaves out what is read there."""
        measured: list[Metric] = []
        for measure in read:
            try:
                measured += await asyncio.wait_for(measure(request.engine), WAIT_SECONDS)
            except Exception as error:
                _log.warning("not measured", exc_info=error)
        return Response(metrics.exposition(measured), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def ready(request: Request[None]) -> Response:
        """200 when every check is well, else 503; each with a few words, and no more than a kind of error."""
        found = await asyncio.gather(*(_told(one, request) for one in wanted))
        well = all(is_well for _, is_well, _ in found)
        told = {"ready": well, "checks": {name: words for name, _, words in found}}
        return JSONResponse(told, 200 if well else 503)

    return (
        _probe("/healthz", "kit.health", health, Access.PUBLIC),
        _probe("/readyz", "kit.readiness", ready, Access.OPERATOR),
        _probe("/metrics", "kit.metrics", shown_metrics, Access.OPERATOR),
    )


def _probe(
    path: str, name: str, handler: Callable[[Request[None]], Awaitable[Response]], access: Access
) -> Route[None]:
    return Route(
        "GET", path, name, handler,
        access=access, load=None, rate=Rate.NONE, surface=Surface.PROBE, database=False,
    )  # fmt: skip


async def health(_request: Request[None]) -> Response:
    """The process answers; it asks nobody else, so that a database that is away restarts no web process."""
    return JSONResponse({"healthy": True})


async def _told(one: Readiness, request: Request[None]) -> tuple[str, bool, str]:
    try:
        words = await asyncio.wait_for(one.check(request.engine, request.settings), WAIT_SECONDS)
    except MachineryError as error:
        return one.name, False, str(error)
    except Exception as error:  # whatever a part raises when it is away is the answer here
        _log.warning("not ready", check=one.name, exc_info=error)
        return one.name, False, f"does not answer ({type(error).__name__})"
    return one.name, True, words
