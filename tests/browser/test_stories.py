"""The main stories of a member in a real browser: wide and narrow, in both languages, with and without JavaScript."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.demonstration import demonstration as demonstration
from tests.browser.demonstration import enter
from tests.web.stage import Served

pytestmark = pytest.mark.anyio
HOW = [(1280, "en", True), (360, "fr", True), (1280, "fr", False), (360, "en", False)]
SAID = {
    "en": ("Report a contribution", "in review", "withdrawn"),
    "fr": ("Déclarer une contribution", "en relecture", "retirée"),
}


@asynccontextmanager
async def ada(served: Served, browser: Browser, width: int, language: str, scripts: bool) -> AsyncIterator[Page]:
    """Her browser, in which she has entered and chosen her language. No page of it breaks a policy or a script."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, base_url=served.base, java_script_enabled=scripts, locale=language
    )
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await enter(page, "member")
    await page.goto("/account")
    await page.select_option("select[name=locale]", language)
    await page.locator("form:has(select[name=locale]) button").click()
    yield page
    assert said == []
    await context.close()


@pytest.mark.parametrize(("width", "language", "scripts"), HOW)
async def test_ada_reports_mends_and_withdraws(
    demonstration: Served, browser: Browser, width: int, language: str, scripts: bool
) -> None:
    report, in_review, withdrawn = SAID[language]
    async with ada(demonstration, browser, width, language, scripts) as page:
        await page.goto("/p/demo/contributions")
        await page.locator('a.primary[href$="/contributions/new"]').click()
        await expect(page.locator("h1")).to_have_text(report)
        await page.goto("/p/demo/contributions/new?type=talk")
        await page.locator("#report button.primary").click()
        await expect(page.locator("#report input[name=title]")).to_be_visible()
        await page.fill("#report input[name=title]", "On engines")
        if scripts:
            await expect(page.locator("#preview strong").first).to_contain_text("5")
            await expect(page.locator("#next-tier")).to_contain_text(
                "Guide" if "Guide" in await page.content() else "Scout"
            )
        await page.locator("#report button.primary").click()
        await expect(page.locator("h1")).to_have_text("On engines")
        await expect(page.locator(".badge").filter(has_text=in_review).first).to_be_visible()
        await page.locator('a[href$="/edit"]').click()
        await page.fill("#report input[name=title]", "On better engines")
        await page.locator("#report button.primary").click()
        await expect(page.locator("h1")).to_have_text("On better engines")
        await page.locator('form[action$="/withdrawal"] button').click()
        await expect(page.locator(".badge").filter(has_text=withdrawn).first).to_be_visible()


@pytest.mark.parametrize(("width", "language", "scripts"), HOW)
async def test_ada_walks_through_the_portal(
    demonstration: Served, browser: Browser, width: int, language: str, scripts: bool
) -> None:
    """By the words across the top and those behind her initials; each page says in its head where she is."""
    async with ada(demonstration, browser, width, language, scripts) as page:
        await page.goto("/p/demo")
        words = await page.locator(".top nav a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert len(words) == 6
        for path in words:
            await page.locator(f'.top nav a[href="{path}"]').click()
            await expect(page.locator(f'.top nav a[href="{path}"]')).to_have_attribute("aria-current", "page")
            await expect(page.locator("html")).to_have_attribute("lang", language)
            await expect(page.locator("h1")).to_have_count(1)
        await page.locator("details.menu summary").click()
        await page.locator('details.menu a[href$="/profile"]').click()
        await expect(page.locator("h1")).to_have_count(1)


async def test_no_page_is_reported_for_breaking_its_policy(demonstration: Served) -> None:
    """After the stories above: the server was told of nothing."""
    told = [json.loads(line) for line in demonstration.said().splitlines() if line.startswith("{")]
    assert told
    assert [one for one in told if one.get("route") == "kit.csp_report" or "csp" in str(one.get("event", ""))] == []
