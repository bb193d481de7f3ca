"""A real browser, the system's Chromium, on a real server."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import unavailable
from tests.web.stage import Served, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
Opens = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, once for all tests of a file.

    Never for longer: as long as it lives, all tests of the process run in the context in which it began, and see
    nothing of a clock that a fixture stops.
    """
    if not Path(CHROMIUM).exists():
        unavailable("chromium", "it is not installed")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    """`community serve` on an empty database."""
    folder = tmp_path_factory.mktemp("front")
    file = folder / "community.sqlite3"
    shutil.copy(sqlite_template, file)
    settings = {"COMMUNITY_HOME": str(folder), "COMMUNITY_DATABASE_URL": f"sqlite:///{file}"}
    with serving(folder, **settings, COMMUNITY_RATE_SCALE="0") as running:
        yield running


@pytest.fixture
async def opens(browser: Browser, front: Served) -> AsyncIterator[Opens]:
    """`await opens("/", width=360, dark=True, language="fr")`: a page, in a browser that knows nothing from before."""
    contexts = []

    async def open_page(
        path: str, *, width: int = 1280, dark: bool = False, language: str = "en", scripts: bool = True
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            locale=language,
            java_script_enabled=scripts,
            base_url=front.base,
        )
        contexts.append(context)
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        _said[page] = said
        await page.goto(path)
        return page

    yield open_page
    for one in contexts:
        await one.close()


_said: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()


def complaints(page: Page) -> list[str]:
    """What the browser said against the page: policies broken, scripts that failed; not that a page is missing."""
    missing = "Failed to load resource: the server responded with a status of 404"
    return [one for one in _said[page] if missing not in one]


AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def faults(page: Page) -> list[str]:
    """What axe finds: rule and element."""
    await page.evaluate(AXE)
    found: Any = await page.evaluate("rules => axe.run(document, rules)", RULES)
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]
