"""`python -m tests.pictures`: pictures of every page of the demonstration, wide and narrow, light and dark, in English
and French, into a folder; with what the browser complained of.

Pages are found as people find them: from where each of the cast lands, by the links of the portal, one page of a kind.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.web.stage import Served, serving

PARTS = ("member", "at_risk", "manager", "visitor")
OTHERS = {
    "at_risk": ("/p/demo",), "manager": ("/p/demo/manage/applications",),
    "visitor": ("/demo", "/sign-in", "/reset", "/p/demo/members", "/p/demo/rules", "/p/demo/boards", "/nowhere"),
}  # fmt: skip
"""What looks otherwise to some, or what no link leads to."""
WIDTHS = (1280, 360)
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "fr")
PAGES_AT_MOST = 40
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/members/)[^/]+|(?<=/boards/)[^/]+|\d{4}-\d{2}(-\d{2})?|\d+")
SKIPPED = re.compile(r"/static/|\.csv|/download|/picture|^/demo$|/sign-out")


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at what, how."""

    part: str
    path: str
    width: int
    scheme: str
    language: str

    @property
    def name(self) -> str:
        """The name of its file."""
        page = re.sub(r"[^a-z0-9]+", "-", kind_of(self.path).lower()).strip("-") or "front"
        return f"{page}--{self.part}-{self.width}-{self.scheme}-{self.language}.png"


def main() -> int:
    """Takes the pictures. The exit status tells whether the browser complained of anything."""
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        home = asked.home or Path(folder)
        if not (home / "community.sqlite3").exists():
            subprocess.run([sys.executable, "-m", "community", "demo", "--home", str(home)], check=True)
        settings = {"COMMUNITY_HOME": str(home), "COMMUNITY_RATE_SCALE": "0"}
        with serving(Path(folder), **settings) as served, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            complaints = [*_all(browser, served, asked)]
            browser.close()
    print("\n".join(complaints) or "the browser complained of nothing")
    return 1 if complaints else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/pictures"), help="where they go")
    parser.add_argument("--home", type=Path, help="a demonstration that is there; else one is made")
    parser.add_argument("--only", default="", help="pages whose path has this in it")
    parser.add_argument("--few", action="store_true", help="wide and light in English, narrow and dark in French")
    return parser.parse_args()


def _all(browser: Browser, served: Served, asked: argparse.Namespace) -> Iterator[str]:
    ways = [(1280, "light", "en"), (360, "dark", "fr")] if asked.few else itertools.product(WIDTHS, SCHEMES, LANGUAGES)
    seen: set[str] = set()
    found: list[tuple[str, str]] = []
    for part in PARTS:
        context = _context(browser, served, part, 1280, "light", "en")
        found += [(part, path) for path in [*pages(context, seen), *OTHERS.get(part, ())]]
        context.close()
    wanted = [(part, path) for part, path in found if asked.only in path]
    for width, scheme, language in ways:
        for part, group in itertools.groupby(wanted, key=lambda one: one[0]):
            context = _context(browser, served, part, width, scheme, language)
            for _, path in group:
                yield from _shot(context, Shot(part, path, width, scheme, language), asked.out)
            context.close()


def _context(browser: Browser, served: Served, part: str, width: int, scheme: str, language: str) -> BrowserContext:
    """A browser in which one of the cast has entered."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light",
        locale=language, base_url=served.base,
    )  # fmt: skip
    page = context.new_page()
    page.goto("/demo")
    page.locator(f'form:has(input[name="part"][value="{part}"]) button').click()
    if part != "visitor":
        page.goto("/account")
        page.select_option('select[name="locale"]', language)
        page.locator('form:has(select[name="locale"]) button').click()
    page.close()
    return context


def pages(context: BrowserContext, seen: set[str]) -> list[str]:
    """The paths that links lead to, one of each kind that nobody has seen before."""
    page = context.new_page()
    page.goto("/")
    waiting, found = [urlsplit(page.url).path], list[str]()
    while waiting and len(found) < PAGES_AT_MOST:
        path = waiting.pop(0)
        if kind_of(path) in seen or SKIPPED.search(path):
            continue
        seen.add(kind_of(path))
        response = page.goto(path)
        if response is None or "text/html" not in response.headers.get("content-type", ""):
            continue
        found.append(path)
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
        waiting += [one for one in links if one.startswith("/") and not one.startswith("//")]
    page.close()
    return found


def kind_of(path: str) -> str:
    """The path without what names one thing of many, and without its query."""
    return ID.sub("x", path.partition("?")[0])


def _shot(context: BrowserContext, shot: Shot, folder: Path) -> Iterator[str]:
    said: list[str] = []
    page: Page = context.new_page()
    page.on(
        "console",
        lambda one: said.append(one.text) if one.type in ("error", "warning") and "404" not in one.text else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    response = page.goto(shot.path)
    if response is None or response.status >= 500:
        said.append(f"status {response and response.status}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / shot.name, full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        said.append(f"{wide} px wider than the screen")
    page.close()
    yield from (f"{shot.name}: {one}" for one in said)


if __name__ == "__main__":
    sys.exit(main())
