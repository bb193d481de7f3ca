"""A browser without a screen: keeps cookies, fills in the forms of the pages it is shown, follows where it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from html.parser import HTMLParser

import httpx2
from starlette.applications import Starlette

from community.app import create_app
from community.kit.settings import Settings
from tests.kit.web.stage import BASE, LOCAL
from tests.people.stage import CHEAP


class Forms(HTMLParser):
    """The forms of a page: action, and the fields that would be sent with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes forms, hidden fields and what is chosen."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given["action"], {}))
        elif tag == "input" and self.found and "name" in given:
            self.found[-1][1][given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
            self.found[-1][1].setdefault(self._select, "")
        elif tag == "option" and "selected" in given:
            self.found[-1][1][self._select] = given["value"]


class Browser:
    """Somebody at an installation."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.page: httpx2.Response | None = None

    @property
    def text(self) -> str:
        """The page that is shown."""
        assert self.page is not None
        return self.page.text

    @property
    def path(self) -> str:
        """Where it is, with the query."""
        assert self.page is not None
        return self.page.url.raw_path.decode()

    @property
    def session(self) -> str | None:
        """The secret in the cookie."""
        return self.client.cookies.get("sid")

    async def open(self, path: str, status: int = 200, **headers: str) -> str:
        """Opens a page and follows where it leads."""
        shown = await self.client.get(path, headers={"accept": "text/html", **headers}, follow_redirects=True)
        assert shown.status_code == status, f"{shown.status_code} {shown.text[:2000]}"
        self.page = shown
        return shown.text

    async def send(self, action: str, status: int = 200, **fields: str) -> str:
        """Fills in the form of that action on the page that is shown, and sends it."""
        form = next(fields for found, fields in Forms(self.text).found if found == action)
        return await self.post(action, {**form, **fields}, status)

    async def post(self, path: str, fields: Mapping[str, str], status: int = 200, **headers: str) -> str:
        """Sends fields as a page of ours would."""
        sent = {"accept": "text/html", "sec-fetch-site": "same-origin", **headers}
        shown = await self.client.post(path, data=dict(fields), headers=sent, follow_redirects=True)
        assert shown.status_code == status, f"{shown.status_code} {shown.text[:2000]}"
        self.page = shown
        return shown.text

    async def sign_in(self, email: str, password: str, status: int = 200) -> str:
        """By the form."""
        await self.open("/sign-in")
        return await self.send("/sign-in", status, email=email, password=password)


@asynccontextmanager
async def installation(settings: Settings) -> AsyncIterator[Starlette]:
    """A running application with cheap hashes."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.state.door = replace(app.state.door, hasher=CHEAP)
        yield app


@asynccontextmanager
async def browser(app: Starlette, agent: str = "Firefox") -> AsyncIterator[Browser]:
    """Somebody's browser, in English."""
    given = {"accept-language": "en", "user-agent": agent}
    transport = httpx2.ASGITransport(app, client=LOCAL)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE, headers=given) as opened:
        yield Browser(opened)
