"""The pages of the portal in a real browser: by the cast of a small demonstration, with axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.demonstration import demonstration as demonstration
from tests.browser.demonstration import enter
from tests.web.stage import Served

pytestmark = pytest.mark.anyio
AXE = Path(__file__).parent / "axe" / "axe.min.js"
ASKED = "async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])"
PAGES = (
    ("", "/demo"), ("", "/p/demo/members"), ("", "/p/demo/members/ada"), ("", "/p/demo/application"),
    ("member", "/p/demo/members/ada"), ("member", "/p/demo/profile"), ("member", "/p/demo/my-data"),
    ("manager", "/p/demo/manage/applications"), ("", "/p/demo/boards"), ("member", "/"), ("member", "/p/demo"),
    ("member", "/p/demo/contributions"), ("member", "/p/demo/contributions/new"),
    ("member", "/p/demo/contributions/new?type=talk"), ("member", "/p/demo/contributions/import"),
    ("member", "/p/demo/points"), ("member", "/p/demo/boards"), ("member", "/p/demo/rules"),
    ("member", "/p/demo/rules/changes"), ("member", "/p/demo/messages"), ("member", "/p/demo/messages/preferences"),
)  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_pages_are_open_to_everybody(demonstration: Served, browser: Browser, dark: bool) -> None:
    """No rule of axe is broken, no policy either, and nothing reaches beyond a narrow screen."""
    for part, path in PAGES:
        context = await browser.new_context(
            viewport={"width": 360, "height": 800}, color_scheme="dark" if dark else "light",
            base_url=demonstration.base, bypass_csp=True,
        )  # fmt: skip
        page = await context.new_page()
        if part:
            await enter(page, part)
        await page.goto(path)
        await page.add_script_tag(path=AXE)
        found = await page.evaluate(
            "async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])"
        )
        wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert (part, path, found, wide) == (part, path, [], False)
        await context.close()


async def test_the_directory_answers_while_one_types(demonstration: Served, browser: Browser) -> None:
    context = await browser.new_context(base_url=demonstration.base, locale="en")
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    await page.goto("/p/demo/members")
    await page.get_by_label("Name or handle").fill("nobody")
    await page.get_by_text("Nobody like that").wait_for()
    await page.get_by_label("Name or handle").fill("LAU")
    await page.get_by_role("link", name="Ada Laurent").wait_for()
    assert "words=LAU" in page.url
    assert said == []
    await context.close()
