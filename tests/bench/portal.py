"""The portal's pages against bare ones: a Starlette and Jinja page that runs the same queries through SQLAlchemy Core.

Both are asked in this process, without a socket, so that what is compared is what the pages do. The bare page sends the
statements that ours sent, with their values, and renders a template that gives the same text.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx2
from jinja2 import Environment
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from community.app import create_app
from community.kit import clock, db
from community.kit.settings import Settings
from community.kit.web.cookies import SESSION
from community.leaderboards.models import BOARD_VALUE
from community.members.models import MEMBER
from community.people.actions import persons, sessions
from community.people.forms import PersonForm
from tests.bench.boards import BOARD, ready
from tests.bench.dataset import SLUG
from tests.bench.figures import Figure, interleaved
from tests.bench.stage import Stage

LIMIT = 2.0
"""Half as many requests a second: twice the time of each."""
TAIL_LIMIT = 4.0
ASKED = 60
"""Requests a round."""
PAGES = {
    "home": f"/p/{SLUG}",
    "my contributions": f"/p/{SLUG}/contributions",
    "a board at a deep place": f"/p/{SLUG}/boards/{BOARD}",
    "the directory": f"/p/{SLUG}/members",
}
BASE = "http://localhost:8000"
_DEEP = PersonForm("deep@example.org", "deep@example.org", "Deep", "en")


@dataclass(frozen=True)
class Statement:
    """What a page sent to the database."""

    text: str
    values: Any


async def pages(at: Stage) -> list[Figure]:
    """Requests a second of each page against the bare one, and the tail at half of that load."""
    await ready(at)
    figures = []
    with clock.stopped(datetime.combine(at.day, time(12), UTC)):  # the day run last is the present one
        async with _portal(at) as (app, cookie):
            for name, path in PAGES.items():
                figures += await _page(at, app, cookie, name, path)
    return figures


@asynccontextmanager
async def _portal(at: Stage) -> AsyncIterator[tuple[Starlette, str]]:
    """The application, and the cookie of a member deep down the board."""
    with TemporaryDirectory() as folder:
        app = create_app(Settings(home=Path(folder), database_url=at.url, rate_scale=0))
        async with app.router.lifespan_context(app):
            yield app, await _signed_in(at.engine)


async def _signed_in(engine: AsyncEngine) -> str:
    deep = (
        select(BOARD_VALUE.c.member_id)
        .where(BOARD_VALUE.c.programme_id == 1, BOARD_VALUE.c.board == BOARD, BOARD_VALUE.c.value > 0)
        .order_by(BOARD_VALUE.c.value, BOARD_VALUE.c.member_id)
        .limit(1)
    )
    async with db.writing(engine) as connection:
        member_id = await connection.scalar(deep)
        person = await persons.create(
            connection, PersonForm("deep@example.org", "deep@example.org", "Deep", "en"), None
        )
        await connection.execute(update(MEMBER).where(MEMBER.c.id == member_id).values(person_id=person))
        opened = await sessions.start(connection, person, "bench", by="password")
    return f"{SESSION}={opened.secret}"


async def _page(at: Stage, app: Starlette, cookie: str, name: str, path: str) -> list[Figure]:
    headers = {"cookie": cookie, "accept": "text/html"}
    async with _client(app) as client:

        async def ours() -> httpx2.Response:
            return await client.get(path, headers=headers)

        with _listened(app.state.site.engine) as sent:
            answer = await ours()
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        async with _client(_bare(app.state.site.engine, list(sent), answer.text)) as plain:

            async def bare() -> httpx2.Response:
                return await plain.get("/")

            assert (await bare()).text == answer.text
            taken, plainly = await interleaved(at.repeats, lambda: _times(ours), lambda: _times(bare))
        median, tail = await _at_half_load(ours, ASKED / taken / 2, ASKED * at.repeats)
    note = f"{ASKED / taken:.0f} requests a second; {len(sent)} statements, {len(answer.text) // 1024} kB"
    return [
        at.figure(f"{name}: a request / a bare page", taken / ASKED, bound=plainly / ASKED, limit=LIMIT, note=note),
        at.figure(f"{name}: p99 at half load / median", tail, bound=median, limit=TAIL_LIMIT),
    ]


def _client(app: Starlette) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app, client=("127.0.0.1", 1)), base_url=BASE)


class _Listened:
    """Notes what is sent while the block lasts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine, self.sent = engine.sync_engine, list[Statement]()

    def _note(self, _connection: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        if text.lstrip().upper().startswith(("SELECT", "WITH")):  # the bare page has a transaction of its own
            self.sent.append(Statement(text, values))

    def __enter__(self) -> list[Statement]:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self.sent

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)


def _listened(engine: AsyncEngine) -> _Listened:
    return _Listened(engine)


def _bare(engine: AsyncEngine, statements: list[Statement], text: str) -> Starlette:
    """A page of nothing but the same statements and the same text."""
    template = Environment(autoescape=True).from_string("{{ text | safe }}")

    async def page(_request: Request) -> Response:
        async with db.reading(engine) as connection:
            for one in statements:
                (await connection.exec_driver_sql(one.text, one.values or None)).all()
        return HTMLResponse(template.render(text=text))

    return Starlette(routes=[Route("/", page)])


async def _times(ask: Callable[[], Awaitable[object]]) -> None:
    """A round of requests, one after another."""
    for _ in range(ASKED):
        await ask()


async def _at_half_load(ask: Callable[[], Awaitable[object]], rate: float, count: int) -> tuple[float, float]:
    """Median and 99th percentile of the seconds of requests that come at a steady rate, whoever waits."""
    took: list[float] = []

    async def one(due: float) -> None:
        await ask()
        took.append(perf_counter() - due)

    begun = perf_counter()
    asked = []
    for number in range(count):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - perf_counter()))
        asked.append(asyncio.create_task(one(due)))
    await asyncio.gather(*asked)
    took.sort()
    return statistics.median(took), took[int(len(took) * 0.99) - 1]
