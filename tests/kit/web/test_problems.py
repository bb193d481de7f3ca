"""Every error becomes an answer that helps, and gives nothing away."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.responses import Response

from community.kit.errors import Conflict, InputRefused, MachineryError, NotFound, Problem, UsageError
from community.kit.settings import Settings
from community.kit.web.request import Request
from community.kit.web.routes import Access, Surface
from tests.kit.web.conftest import Logs, Sets
from tests.kit.web.stage import BROWSER, STRANGER, hello, made, opened, route

pytestmark = pytest.mark.anyio
ERRORS: dict[str, tuple[Exception, int]] = {
    "usage": (UsageError("canary"), 400),
    "nothing": (NotFound("canary"), 404),
    "conflict": (Conflict("canary"), 409),
    "refused": (InputRefused([Problem("title", "''", "a text")]), 422),
    "away": (MachineryError("canary"), 503),
    "network": (ConnectionRefusedError("canary"), 503),
    "often": (HTTPException(429, "canary", {"retry-after": "7"}), 429),
    "large": (HTTPException(413, "canary"), 413),
    "defect": (ZeroDivisionError("canary"), 500),
    "odd": (HTTPException(418, "canary"), 418),
}


async def fail(request: Request[Any]) -> Response:
    raise ERRORS[request.query["how"]][0]


ROUTES = (
    route("GET", "/fail", "kit.fail", fail),
    route("GET", "/api/fail", "kit.fail_api", fail, surface=Surface.API),
    route("GET", "/without", "kit.without", fail, database=False),
)


@pytest.mark.parametrize("how", ERRORS)
@pytest.mark.parametrize("path", ["/fail", "/api/fail", "/without"])
async def test_programs_get_problem_json(settings: Settings, how: str, path: str) -> None:
    async with opened(made(settings, *ROUTES)) as client:
        answer = await client.get(path, params={"how": how})
    assert answer.status_code == ERRORS[how][1]
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["title"]
    assert "canary" not in answer.text


@pytest.mark.parametrize("how", ERRORS)
@pytest.mark.parametrize(("language", "words"), [("en", "Number of this request"), ("fr", "Numéro de cette demande")])
async def test_browsers_get_a_page_in_their_language(settings: Settings, how: str, language: str, words: str) -> None:
    headers = {**BROWSER, "accept-language": language}
    async with opened(made(settings, *ROUTES), headers=headers) as client:
        answer = await client.get("/fail", params={"how": how})
    assert answer.status_code == ERRORS[how][1]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in answer.text
    assert words in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text


async def test_what_is_refused_in_an_input_is_said_field_by_field(settings: Settings) -> None:
    async with opened(made(settings, *ROUTES)) as client:
        told = (await client.get("/api/fail?how=refused")).json()
        shown = (await client.get("/fail?how=refused", headers=BROWSER)).text
    assert told["errors"] == [{"path": "title", "found": "''", "accepted": "a text"}]
    assert "<strong>title</strong> a text" in shown


@pytest.mark.parametrize(("how", "seconds"), [("often", "7"), ("away", "5"), ("network", "5")])
async def test_it_says_when_to_come_again(settings: Settings, how: str, seconds: str) -> None:
    async with opened(made(settings, *ROUTES)) as client:
        for headers in (BROWSER, {}):
            answer = await client.get("/fail", params={"how": how}, headers=headers)
            assert answer.headers["retry-after"] == seconds


async def test_htmx_gets_a_part_and_where_it_goes(settings: Settings) -> None:
    async with opened(made(settings, *ROUTES), headers={**BROWSER, "hx-request": "true"}) as client:
        answer = await client.get("/fail?how=defect")
    assert answer.headers["hx-retarget"] == "#problem"
    assert answer.headers["hx-reswap"] == "innerHTML"
    assert "<html" not in answer.text
    assert "<h1>" in answer.text


async def test_what_is_shown_is_escaped(settings: Settings) -> None:
    async def hostile(_request: Request[Any]) -> Response:
        raise InputRefused([Problem("<script>", "x", "<img src=x onerror=alert(1)>")])

    async with opened(made(settings, route("GET", "/x", "kit.x", hostile)), headers=BROWSER) as client:
        shown = (await client.get("/x")).text
    assert "<img src=x" not in shown
    assert "&lt;script&gt;" in shown


async def test_a_defect_is_logged_with_its_place_and_without_values(settings: Settings, logs: Logs) -> None:
    async def defect(request: Request[Any]) -> Response:
        await request.connection.execute(text("SELECT * FROM nowhere WHERE x = :x"), {"x": "canary-of-a-row"})
        return Response()

    async with opened(made(settings, route("GET", "/x", "kit.x", defect))) as client:
        answer = await client.get("/x", headers={"x-request-id": "asked-by-a-test"})
    [line] = [one for one in logs() if one["event"] == "request failed"]
    assert line["request_id"] == answer.headers["x-request-id"] == "asked-by-a-test"
    assert any("nowhere" in one or "test_problems.py" in one for one in line["error"]["frames"])
    assert "canary-of-a-row" not in json.dumps(logs())


async def test_a_problem_page_that_fails_is_still_an_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_templates(_name: str) -> Any:
        raise RuntimeError("canary")

    app = made(settings, *ROUTES)
    monkeypatch.setattr(app.state.site.templates, "get_template", no_templates)
    async with opened(app, headers=BROWSER) as client:
        answer = await client.get("/fail?how=defect")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def test_forbidden_and_missing_look_the_same(settings: Settings) -> None:
    async def load(request: Request[Any]) -> str:
        if request.path_params["slug"] == "none":
            raise NotFound("no such programme")
        return "of another programme"

    routes = (
        route("GET", "/p/{slug}", "kit.programme", load=load, access=Access.MEMBER),
        route("GET", "/m/{slug}", "kit.manage", load=load, access=Access.MANAGER),
    )

    def plain(body: str) -> str:
        return re.sub(r'[0-9a-f]{32}|nonce="[^"]+"|"X-CSRF-Token": "[^"]+"', "", body)

    async with opened(made(settings, *routes), headers={**BROWSER, "x-as": "member"}) as client:
        answers = [await client.get(path) for path in ("/p/none", "/p/theirs", "/m/none", "/m/theirs")]
    assert {one.status_code for one in answers} == {404}
    assert len({plain(one.text) for one in answers}) == 1


@pytest.mark.parametrize("path", ["/p/aces?tab=1", "/p/none"])
async def test_who_is_not_signed_in_is_asked_to_before_anything_is_loaded(settings: Settings, path: str) -> None:
    async def load(_request: Request[Any]) -> str:
        raise AssertionError("nothing is loaded")

    routes = (
        route("GET", "/p/{slug}", "kit.programme", load=load, access=Access.MEMBER),
        route("GET", "/sign-in", "kit.sign_in"),
        route("GET", "/api/p/{slug}", "kit.api", load=load, access=Access.MEMBER, surface=Surface.API),
    )
    async with opened(made(settings, *routes, sign_in="kit.sign_in"), headers=BROWSER) as client:
        page = await client.get(path)
        part = await client.get(path, headers={"hx-request": "true", "hx-current-url": f"http://localhost:8000{path}"})
        program = await client.get(f"/api{path}")
    wanted = path.replace("?", "%3F").replace("=", "%3D")
    assert (page.status_code, page.headers["location"]) == (303, f"/sign-in?next={wanted}")
    assert (part.status_code, part.headers["hx-redirect"]) == (204, f"/sign-in?next={path.partition('?')[0]}")
    assert (program.status_code, program.headers["content-type"]) == (401, "application/problem+json")


async def test_without_a_place_to_sign_in_it_is_a_problem(settings: Settings) -> None:
    async with opened(made(settings, route("GET", "/x", "kit.x", access=Access.SIGNED_IN))) as client:
        assert (await client.get("/x")).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "aces.example:80@evil.example"])
async def test_no_other_host_is_served(sets: Sets, host: str) -> None:
    app = made(sets(base_url="https://aces.example"), route("GET", "/x", "kit.x", hello))
    async with opened(app, STRANGER) as client:
        assert (await client.get("/x", headers={"host": host})).status_code == 421
        assert (await client.get("/x", headers={"host": "ACES.example:443"})).status_code == 200
