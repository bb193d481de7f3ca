"""The first page and a problem, as browsers see them."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opens, complaints, faults

pytestmark = pytest.mark.anyio
PAGES = {"/": "There is no programme yet.", "/nothing-here": "There is nothing here"}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_a_page_is_sound(opens: Opens, path: str, dark: bool, width: int) -> None:
    page = await opens(path, width=width, dark=dark)
    assert await page.locator("h1").inner_text() == PAGES[path]
    assert await faults(page) == []
    assert complaints(page) == []
    assert await page.evaluate("document.fonts.check('16px Inter')")
    ground = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(22, 23, 26)" if dark else "rgb(251, 250, 248)")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 360, 768])
async def test_nothing_runs_over_the_edge(opens: Opens, path: str, width: int) -> None:
    page = await opens(path, width=width)
    assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_it_speaks_the_browser_s_language_and_needs_no_script(opens: Opens) -> None:
    page = await opens("/", language="fr-FR", scripts=False)
    assert await page.locator("html").get_attribute("lang") == "fr"
    assert await page.locator("h1").inner_text() == "Il n’y a pas encore de programme."


async def test_the_keyboard_reaches_the_content_first(opens: Opens) -> None:
    page = await opens("/nothing-here")
    await page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert await skip.evaluate("one => one === document.activeElement")
    box = await skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "To the front page"


async def test_htmx_is_there_and_evaluates_nothing(opens: Opens) -> None:
    page = await opens("/")
    config = await page.evaluate("({...htmx.config})")
    assert (config["allowEval"], config["selfRequestsOnly"], config["historyCacheSize"]) == (False, True, 0)


async def test_what_is_put_into_a_page_does_not_run(opens: Opens) -> None:
    page = await opens("/")
    await page.evaluate("""() => {
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.hurt = 1">');
        const script = document.createElement('script');
        script.textContent = 'window.hurt = 2';
        document.body.append(script);
        const other = document.createElement('script');
        other.src = '/static/x/app.js';
        document.body.append(other);
    }""")
    await page.wait_for_timeout(300)
    assert await page.evaluate("window.hurt") is None
    assert len([one for one in complaints(page) if "Content Security Policy" in one]) >= 3
