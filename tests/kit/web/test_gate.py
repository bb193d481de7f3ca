"""One request is one transaction, committed before the answer; and what stands before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from starlette.responses import PlainTextResponse, Response

from community.kit import db
from community.kit.errors import Conflict
from community.kit.settings import Settings
from community.kit.web.fields import parsed_json
from community.kit.web.forgery import token
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route, Surface
from tests.kit.web.conftest import Sets
from tests.kit.web.stage import BROWSER, SOMEBODY, a_form, echo, made, opened, route

pytestmark = pytest.mark.anyio


async def rows(settings: Settings) -> int:
    engine = db.create_engine(settings.url)
    async with db.reading(engine) as connection:
        found = int(await connection.scalar(text("SELECT count(*) FROM note")) or 0)
    await engine.dispose()
    return found


@pytest.fixture
async def kept(sets: Sets, database_url: str) -> Settings:
    """Settings on an empty table `note`, on each database."""
    settings = sets(database_url=database_url)
    engine = db.create_engine(settings.url)
    async with db.writing(engine) as connection:
        await connection.execute(text("CREATE TABLE note (key VARCHAR(20) PRIMARY KEY)"))
    await engine.dispose()
    return settings


async def write(request: Request[Any]) -> Response:
    await request.connection.execute(text("INSERT INTO note VALUES (:key)"), {"key": request.fields.get("key", "a")})
    how = request.fields.get("how")
    if how == "raise":
        raise Conflict("no")
    return PlainTextResponse("written", 422 if how == "refuse" else 200)


ROUTES = (route("GET", "/", "kit.form", a_form), route("POST", "/write", "kit.write", write))


@pytest.mark.parametrize(("how", "status", "count"), [("", 200, 1), ("raise", 409, 0), ("refuse", 422, 0)])
async def test_what_ends_in_an_error_has_changed_nothing(kept: Settings, how: str, status: int, count: int) -> None:
    async with opened(made(kept, *ROUTES), headers=BROWSER) as client:
        form = {"csrf": (await client.get("/")).text, "how": how}
        assert (await client.post("/write", data=form)).status_code == status
        assert await rows(kept) == count


async def test_the_change_is_committed_when_the_answer_is_there(kept: Settings) -> None:
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start" and scope.get("path") == "/write":
                seen.append(await rows(kept))
            await send(message)

        await inner(scope, receive, sending)

    inner = made(kept, *ROUTES)
    app.router = inner.router  # type: ignore[attr-defined]
    async with opened(app, headers=BROWSER) as client:  # type: ignore[arg-type]
        form = {"csrf": (await client.get("/")).text}
        await client.post("/write", data=form)
    assert seen == [1]


async def test_a_page_that_is_read_cannot_write(kept: Settings) -> None:
    async def sneaky(request: Request[Any]) -> Response:
        await request.connection.execute(text("INSERT INTO note VALUES ('a')"))
        return PlainTextResponse()

    async with opened(made(kept, route("GET", "/x", "kit.x", sneaky))) as client:
        answer = await client.get("/x")
    assert answer.status_code == (200 if kept.url.startswith("sqlite") else 500)
    assert await rows(kept) == 0


async def test_two_that_come_between_each_other_are_both_done(kept: Settings) -> None:
    """Both insert the key that the other looks for first; one is done again from its start."""
    met = asyncio.Barrier(2)
    tries: list[str] = []

    async def count_and_write(request: Request[Any]) -> Response:
        count = int(await request.connection.scalar(text("SELECT count(*) FROM note")) or 0)
        tries.append(request.fields["who"])
        if len(tries) <= 2 and not db.is_sqlite(request.connection):
            await met.wait()
        await request.connection.execute(text("INSERT INTO note VALUES (:key)"), {"key": str(count)})
        return PlainTextResponse("done")

    routes = (ROUTES[0], route("POST", "/count", "kit.count", count_and_write))
    async with opened(made(kept, *routes), headers=BROWSER) as client:
        form = {"csrf": (await client.get("/")).text}
        both = [client.post("/count", data={**form, "who": who}) for who in ("ada", "ben")]
        assert [one.status_code for one in await asyncio.gather(*both)] == [200, 200]
    assert await rows(kept) == 2


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_connection_that_died_is_replaced(kept: Settings) -> None:
    async def ask(request: Request[Any]) -> Response:
        return PlainTextResponse(str(await request.connection.scalar(text("SELECT pg_backend_pid()"))))

    routes = (ROUTES[0], route("GET", "/x", "kit.x", ask), route("POST", "/x", "kit.x", ask))
    app = made(kept, *routes)
    async with opened(app, headers=BROWSER) as client:
        form = {"csrf": (await client.get("/")).text}
        for send in (client.get("/x"), client.post("/x", data=form)):
            pid = int((await client.get("/x")).text)
            killer = db.create_engine(kept.url)
            async with db.writing(killer) as connection:
                await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await killer.dispose()
            assert (await send).status_code == 200


async def test_a_request_that_finds_no_connection_is_asked_to_come_again(
    sets: Sets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("community.kit.web.assembly.POOL_WAIT_SECONDS", 0.1)
    free = asyncio.Event()

    async def hold(_request: Request[Any]) -> Response:
        await free.wait()
        return PlainTextResponse()

    async with opened(made(sets(web_connections=1), route("GET", "/x", "kit.x", hold))) as client:
        holding = [asyncio.ensure_future(client.get("/x")) for _ in range(2)]
        await asyncio.sleep(0.2)
        answer = await client.get("/x")
        healthy = await client.get("/healthz")
        free.set()
        assert [one.status_code for one in await asyncio.gather(*holding)] == [200, 200]
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert healthy.status_code == 200


async def test_a_route_gets_what_it_loads_and_who_asks(settings: Settings) -> None:
    async def load(request: Request[Any]) -> str:
        assert request.identity.person_id == SOMEBODY
        return str(request.path_params["slug"]).upper()

    async def show(request: Request[str]) -> Response:
        return PlainTextResponse(f"{request.loaded} {request.identity.person_id}")

    one: Route[str] = route("GET", "/p/{slug}", "kit.show", show, load=load, access=Access.MEMBER)
    async with opened(made(settings, one), headers={"x-as": "member"}) as client:
        assert (await client.get("/p/aces")).text == f"ACES {SOMEBODY}"


async def test_of_a_name_that_stands_twice_the_first_counts(settings: Settings) -> None:
    async def show(request: Request[Any]) -> Response:
        return PlainTextResponse(f"{request.query} {request.fields.get('a')} {request.every('a')}")

    async with opened(made(settings, ROUTES[0], route("POST", "/x", "kit.x", show)), headers=BROWSER) as client:
        csrf = (await client.get("/")).text
        body = f"a=1&a=2&csrf={csrf}"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = await client.post("/x?b=1&b=2&a=0", content=body, headers=kind)
    assert answer.text == "{'b': '1', 'a': '0'} 1 ['1', '2']"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=%00", "application/x-www-form-urlencoded", 422),
        (b"a%00=1", "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 415),
        (b"x", "text/plain", 415),
        (b"x", "", 415),
        (b"a=1", "multipart/form-data", 400),
        (b"a=1", "multipart/form-data; boundary=x", 400),
        (b"&".join(b"a=1" for _ in range(1_001)), "application/x-www-form-urlencoded", 400),
        (b"", "", 403),
    ],
)  # fmt: skip
async def test_pages_take_forms_and_nothing_else(settings: Settings, body: bytes, kind: str, status: int) -> None:
    headers = {**BROWSER, **({"content-type": kind} if kind else {})}
    async with opened(made(settings, *ROUTES)) as client:
        answer = await client.post("/write", content=body, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a": 1}', 200),
        (b'{"a": "\\u00e9"}', 200),
        (b'{"a": "\\\\u0000"}', 200),
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"1" * 5_000, 400),
        (b'{"a": 1, "a": 2}', 422),
        (b"NaN", 422),
        (b"-Infinity", 422),
        (b"1e400", 422),
        (b'{"a": "\\u0000"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'["\xed\xa0\x80"]', 422),
    ],
)  # fmt: skip
async def test_json_that_cannot_be_meant_is_refused(settings: Settings, body: bytes, status: int) -> None:
    async def take(request: Request[Any]) -> Response:
        await parsed_json(request)
        return PlainTextResponse()

    async with opened(made(settings, route("POST", "/x", "kit.x", take, surface=Surface.API))) as client:
        answer = await client.post("/x", content=body, headers={"content-type": "application/json"})
        other = await client.post("/x", content=body, headers={"content-type": "text/plain"})
    assert (answer.status_code, other.status_code) == (status, 415)


@pytest.mark.parametrize("surface", [Surface.PAGE, Surface.API])
@pytest.mark.parametrize("chunked", [True, False])
async def test_what_is_too_large_is_refused(sets: Sets, surface: Surface, chunked: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"a=" + b"x" * 1_022

    kind = {"content-type": "application/x-www-form-urlencoded"}
    one = route("POST", "/x", "kit.x", echo, surface=surface, body_limit=100_000)
    async with opened(made(sets(), one), headers=BROWSER) as client:
        content = chunks() if chunked else b"x" * 300_000
        answer = await client.post("/x", content=content, headers=kind)
    assert answer.status_code == 413
    shown = "text/html; charset=utf-8" if surface is Surface.PAGE else "application/problem+json"
    assert answer.headers["content-type"] == shown


async def test_the_body_is_read_before_a_transaction_begins(kept: Settings) -> None:
    begun: list[str] = []

    async def identify(request: Request[Any]) -> Any:
        begun.append("transaction")
        from community.kit.web.request import Nobody

        return Nobody()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"csrf="
        await asyncio.sleep(0.05)
        begun.append("body")
        yield csrf.encode()

    app = made(kept, *ROUTES, identify=identify)
    async with opened(app, headers=BROWSER) as client:
        csrf = (await client.get("/")).text
        begun.clear()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert (await client.post("/write", content=slowly(), headers=kind)).status_code == 200
    assert begun == ["body", "transaction"]


async def test_links_are_made_from_the_configured_address(sets: Sets) -> None:
    async def link(request: Request[Any]) -> Response:
        return PlainTextResponse(f"{request.link_to('kit.x')} {request.path_to('kit.x')}")

    app = made(sets(base_url="https://aces.example"), route("GET", "/x", "kit.x", link))
    async with opened(app, base="https://aces.example") as client:
        answer = await client.get("/x", headers={"host": "aces.example:8443", "x-forwarded-host": "evil.example"})
    assert answer.text == "https://aces.example/x /x"


async def test_a_slash_more_or_less_is_another_address(settings: Settings) -> None:
    async with opened(made(settings, route("GET", "/x", "kit.x"), route("GET", "/y/", "kit.y"))) as client:
        assert [(await client.get(path)).status_code for path in ("/x/", "/y", "//x", "/x%2f")] == [404] * 4


async def test_a_token_is_fresh_in_every_page(settings: Settings) -> None:
    async def two(request: Request[Any]) -> Response:
        return PlainTextResponse(f"{token(request)} {token(request)}")

    async with opened(made(settings, route("GET", "/x", "kit.x", two))) as client:
        one, other = (await client.get("/x")).text.split()
    assert one != other
