"""What browsers are told, on every answer there is."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from community.home.own.front import Front
from community.kit.errors import MachineryError
from community.kit.settings import Settings
from community.kit.web.headers import ALWAYS
from community.kit.web.pages import page
from community.kit.web.request import Request
from tests.kit.web.conftest import Sets
from tests.kit.web.stage import BROWSER, STRANGER, made, opened, route

pytestmark = pytest.mark.anyio


async def front(request: Request[Any]) -> Response:
    return page(request, "home/front.html", shown=Front(is_empty=True, signed_in=False, programmes=[]), ways={})


async def away(_request: Request[Any]) -> Response:
    raise MachineryError("gone")


async def broken(_request: Request[Any]) -> Response:
    raise RuntimeError("canary")


async def elsewhere(_request: Request[Any]) -> Response:
    return RedirectResponse("/page", 303)


ROUTES = (
    route("GET", "/page", "kit.page", front),
    route("GET", "/away", "kit.away", away),
    route("GET", "/broken", "kit.broken", broken),
    route("GET", "/elsewhere", "kit.elsewhere", elsewhere),
    route("POST", "/form", "kit.form"),
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/page", 200),
        ("HEAD", "/page", 200),
        ("GET", "/elsewhere", 303),
        ("GET", "/nothing", 404),
        ("POST", "/page", 405),
        ("POST", "/form", 403),
        ("GET", "/away", 503),
        ("GET", "/broken", 500),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 404),
        ("GET", "/static/x/app.css", 200),
        ("GET", "/static/x/none.css", 404),
        ("GET", "/page?a=%00", 400),
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_every_answer_carries_them(settings: Settings, method: str, path: str, status: int, accept: str) -> None:
    async with opened(made(settings, *ROUTES), STRANGER, headers={"accept": accept}) as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-request-id"]
    if "/static/x/app.css" not in path:
        assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers


async def test_over_tls_browsers_stay_there(sets: Sets) -> None:
    async with opened(made(sets(base_url="https://aces.example"), *ROUTES), base="https://aces.example") as client:
        for path in ("/page", "/nothing", "/static/x/app.css"):
            answer = await client.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_a_page_s_scripts_carry_its_nonce_and_no_other(settings: Settings) -> None:
    nonces = set()
    async with opened(made(settings, *ROUTES), headers=BROWSER) as client:
        for _ in range(200):
            answer = await client.get("/page")
            [nonce] = {one.split('"')[0] for one in answer.text.split('nonce="')[1:]}
            assert f"script-src 'nonce-{nonce}';" in answer.headers["content-security-policy"]
            nonces.add(nonce)
    assert len(nonces) == 200
    assert min(map(len, nonces)) >= 22  # 128 bits in base64


async def test_what_is_no_page_may_run_nothing(settings: Settings) -> None:
    async with opened(made(settings, *ROUTES)) as client:
        for path in ("/healthz", "/static/x/app.js", "/nothing"):
            policy = (await client.get(path)).headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "nonce" not in policy


async def test_caches_tell_pages_of_different_readers_apart(settings: Settings) -> None:
    async with opened(made(settings, *ROUTES), headers=BROWSER) as client:
        for path in ("/page", "/nothing"):
            varied = (await client.get(path)).headers["vary"].replace(" ", "").split(",")
            assert {"Cookie", "HX-Request", "Sec-Fetch-Site"} <= set(varied)
