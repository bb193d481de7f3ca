"""Only a page of ours changes anything: where a request came from, and the token of its form."""

from __future__ import annotations

import pytest

from community.kit.settings import Settings
from community.kit.web.routes import Surface
from tests.kit.web.conftest import Sets
from tests.kit.web.stage import BROWSER, LOCAL, a_form, echo, made, opened, route

pytestmark = pytest.mark.anyio
TLS = "https://aces.example"
ROUTES = (
    route("GET", "/form", "kit.form", a_form),
    *(route(method, "/form", "kit.form", echo) for method in ("POST", "PUT", "PATCH", "DELETE")),
    route("POST", "/api", "kit.api", echo, surface=Surface.API),
)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("by", ["field", "header"])
async def test_a_form_with_its_token_is_taken(settings: Settings, method: str, by: str) -> None:
    async with opened(made(settings, *ROUTES), headers=BROWSER) as client:
        token = (await client.get("/form")).text
        data, headers = ({"csrf": token}, {}) if by == "field" else ({}, {"x-csrf-token": token})
        assert (await client.request(method, "/form", data=data, headers=headers)).status_code == 200


async def test_a_session_binds_the_token(settings: Settings) -> None:
    async with opened(made(settings, *ROUTES), headers=BROWSER) as client:
        client.cookies.set("sid", "of-ada", domain="localhost.local")
        token = (await client.get("/form")).text
        assert "visitor" not in client.cookies
        assert (await client.post("/form", data={"csrf": token})).status_code == 200
        client.cookies.set("sid", "after-signing-in-again", domain="localhost.local")
        assert (await client.post("/form", data={"csrf": token})).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "é", "=", "QUFB", "A" * 64, "A" * 10_000, "\x00", None])
async def test_no_token_but_ours(settings: Settings, token: str | None) -> None:
    async with opened(made(settings, *ROUTES), headers=BROWSER) as client:
        await client.get("/form")
        data = {} if token is None else {"csrf": token}
        assert (await client.post("/form", data=data)).status_code in (403, 422)


async def test_nobody_else_s_token(settings: Settings) -> None:
    app = made(settings, *ROUTES)
    async with opened(app, headers=BROWSER) as client:
        of_another = (await client.get("/form")).text
        client.cookies.clear()
        await client.get("/form")
        assert (await client.post("/form", data={"csrf": of_another})).status_code == 403
        client.cookies.clear()
        assert (await client.post("/form", data={"csrf": of_another})).status_code == 403


async def test_a_new_key_comes_in_before_the_old_one_goes(sets: Sets) -> None:
    old, new = "o" * 32, "n" * 32
    async with opened(made(sets(secret_key=old), *ROUTES), headers=BROWSER) as client:
        token, cookies = (await client.get("/form")).text, dict(client.cookies)
    for keys, status in ((f"{new},{old}", 200), (new, 403)):
        async with opened(made(sets(secret_key=keys), *ROUTES), headers=BROWSER) as client:
            client.cookies.set("visitor", cookies["visitor"], domain="localhost.local")
            assert (await client.post("/form", data={"csrf": token})).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": TLS}, 403),
        ({"sec-fetch-site": ""}, 403),
        ({"origin": TLS}, 200),
        ({"origin": "null"}, 403),
        ({"origin": "http://aces.example"}, 403),
        ({"origin": "https://aces.example:444"}, 403),
        ({"origin": "https://aces.example.evil.example"}, 403),
        ({"origin": ""}, 403),
        ({}, 403),
    ],
)  # fmt: skip
async def test_where_it_came_from(sets: Sets, headers: dict[str, str], status: int) -> None:
    async with opened(made(sets(base_url=TLS), *ROUTES), base=TLS) as client:
        token = (await client.get("/form")).text
        answer = await client.post("/form", data={"csrf": token}, headers=headers)
    assert answer.status_code == status


async def test_on_this_machine_any_of_its_names_is_ours(settings: Settings) -> None:
    for base in ("http://localhost:8123", "http://127.0.0.1:8123", "http://[::1]:8123"):
        async with opened(made(settings, *ROUTES), base=base) as client:
            data = {"csrf": (await client.get("/form")).text}
            cookie = {"cookie": f"visitor={client.cookies['visitor']}"}  # no jar keeps one of an address in brackets
            for origin, status in ((base, 200), (base.replace("8123", "8124"), 403)):
                answer = await client.post("/form", headers={"origin": origin, **cookie}, data=data)
                assert answer.status_code == status


async def test_cookies_count_for_nothing_on_the_api(settings: Settings) -> None:
    async def cookies(request: object) -> object:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse(repr(dict(request.cookies)))  # type: ignore[attr-defined]

    routes = (route("POST", "/api", "kit.api", cookies, surface=Surface.API),)
    async with opened(made(settings, *routes)) as client:
        answer = await client.post("/api", headers={"cookie": "sid=of-ada", "sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.text) == (200, "{}")


@pytest.mark.parametrize(
    ("base_url", "base", "name", "secure"),
    [("", "http://localhost:8000", "visitor", False), (TLS, TLS, "__Host-visitor", True)],
)  # fmt: skip
async def test_the_cookie_stays_with_its_host_and_out_of_scripts(
    sets: Sets, base_url: str, base: str, name: str, secure: bool
) -> None:
    async with opened(made(sets(base_url=base_url), *ROUTES), LOCAL, base) as client:
        said = (await client.get("/form")).headers["set-cookie"]
    assert said.startswith(f"{name}=")
    assert ("Secure" in said) is secure
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(said.split("; "))
    assert "Domain" not in said
