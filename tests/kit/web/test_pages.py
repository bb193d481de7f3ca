"""Pages: the language of the reader, one block for htmx, tight packing; and templates that keep to the rules."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, UndefinedError
from starlette.responses import Response

from community.kit import folders, i18n
from community.kit.settings import Settings
from community.kit.templates import environment
from community.kit.web.pages import page
from community.kit.web.redirects import go, own_path
from community.kit.web.request import Request
from community.kit.web.routes import Access
from tests.kit.web.stage import BROWSER, Somebody, a_form, made, opened, route

pytestmark = pytest.mark.anyio
TEMPLATES = {
    "t.html": "<p>{% block part %}{{ value }} {{ when|day }} {{ many|number }} {{ instant(at) }}{% endblock %}</p>",
    "t.txt": "{{ value }}",
    "long.html": "{{ value * 2000 }}",
    "missing.html": "{{ nothing }}",
}
VALUES: dict[str, Any] = {
    "value": "<b>",
    "when": date(2026, 11, 2),
    "many": 23140,
    "at": datetime(2026, 11, 2, 23, 30, tzinfo=UTC),
}


@pytest.fixture
def templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few templates in the place of ours."""
    overlay = environment().overlay(loader=DictLoader(TEMPLATES))
    monkeypatch.setattr("community.kit.web.assembly.environment", lambda: overlay)


def showing(template: str, **more: Any) -> Any:
    """A handler that shows a template."""

    async def show(request: Request[Any]) -> Response:
        return page(request, template, **VALUES, **more)

    return show


@pytest.mark.usefixtures("templates")
async def test_everything_is_escaped_whatever_a_template_is_called(settings: Settings) -> None:
    routes = (route("GET", "/a", "kit.a", showing("t.html")), route("GET", "/b", "kit.b", showing("t.txt")))
    async with opened(made(settings, *routes)) as client:
        for path in ("/a", "/b"):
            assert "&lt;b&gt;" in (await client.get(path)).text


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "&lt;b&gt; 2 November 2026 23,140 3 November 2026, 00:30"),
        ("fr", "&lt;b&gt; 2 novembre 2026 23\u202f140 3 novembre 2026, 00:30"),
    ],
)  # fmt: skip
async def test_days_numbers_and_instants_are_the_reader_s(settings: Settings, language: str, shown: str) -> None:
    async def in_paris(_request: Request[Any]) -> Somebody:
        return Somebody(language=language, timezone="Europe/Paris")

    async with opened(made(settings, route("GET", "/a", "kit.a", showing("t.html")), identify=in_paris)) as client:
        assert (await client.get("/a")).text == f"<p>{shown}</p>"


@pytest.mark.usefixtures("templates")
async def test_htmx_gets_the_block_and_everybody_else_the_page(settings: Settings) -> None:
    async with opened(made(settings, route("GET", "/a", "kit.a", showing("t.html", block="part")))) as client:
        part = await client.get("/a", headers={"hx-request": "true"})
        boosted = await client.get("/a", headers={"hx-request": "true", "hx-boosted": "true"})
        whole = await client.get("/a")
    assert whole.text == boosted.text == f"<p>{part.text}</p>"


@pytest.mark.usefixtures("templates")
async def test_pages_are_packed_for_whoever_takes_that(settings: Settings) -> None:
    async with opened(made(settings, route("GET", "/a", "kit.a", showing("long.html")))) as client:
        for accepts, packs in (("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False)):
            answer = await client.get("/a", headers={"accept-encoding": accepts})
            assert (answer.headers.get("content-encoding") == "gzip") is packs
            assert int(answer.headers["content-length"]) < 1_000 or not packs
            assert answer.text == "&lt;b&gt;" * 2_000
            assert "Accept-Encoding" in answer.headers["vary"]
    assert len(gzip.compress(b"x")) > 1  # what is short is left as it is


@pytest.mark.usefixtures("templates")
async def test_a_name_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().overlay(loader=DictLoader(TEMPLATES)).get_template("missing.html").render()


@pytest.mark.parametrize(
    ("person", "programme", "accepted", "language"),
    [
        ("fr", "en", "en", "fr"),
        ("", "fr", "en", "fr"),
        ("", "", "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("", "", "de, en;q=0.5", "en"),
        ("", "", "", "en"),
        ("", "de", "fr", "fr"),
        ("", "", "*", "en"),
        ("", "", "fr;q=x, ;;, \x7f", "en"),
        ("", "", "fr;q=0.1, en;q=0.9", "en"),
    ],
)  # fmt: skip
async def test_the_language_is_by_person_then_programme_then_browser(
    settings: Settings, person: str, programme: str, accepted: str, language: str
) -> None:
    async def load(request: Request[Any]) -> None:
        request.programme_language = programme or None

    async def tell(_request: Request[Any]) -> Response:
        return Response(i18n.language())

    one = route("GET", "/p/{slug}", "kit.a", tell, load=load, access=Access.SIGNED_IN)
    headers = {"accept-language": accepted, "x-as": f"member {person}"}
    async with opened(made(settings, one), headers=headers) as client:
        assert (await client.get("/p/x")).text == language
    assert i18n.language() == "en"


@pytest.mark.parametrize(
    "path", ["/", "/p/aces", "/p/aces?tab=1&next=/x", "/a/b-c_d.e~f", "/%2F", "/a//b", "/p?q=é"[:4]]
)
def test_paths_of_ours_may_be_gone_to(path: str) -> None:
    assert own_path(path, "/otherwise") == path


@pytest.mark.parametrize(
    "path",
    [
        None, "", "x", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\tevil",
        "https://evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x", " /x", "/x ",
        "/\x00", "/é", "/x#fragment", "/<script>", '/"x', "/x|y", "/\u2028", "/{x}", "/`", "/^", "?next=/", "#x",
        "/x\r\na: b", "..//x", "/\n/evil", "//", "/\\", "/\\/evil", "/x" * 1_001, "@evil.example", "/\ufeff",
        "/\u00a0/", "\u2215\u2215evil.example",
    ],
)  # fmt: skip
def test_and_nothing_else_may(path: str | None) -> None:
    assert own_path(path, "/otherwise") == "/otherwise"


async def test_after_a_change_one_goes_on_with_or_without_htmx(settings: Settings) -> None:
    async def change(request: Request[Any]) -> Response:
        return go(request, "/done")

    routes = (route("GET", "/x", "kit.x", a_form), route("POST", "/x", "kit.x", change))
    async with opened(made(settings, *routes), headers=BROWSER) as client:
        form = {"csrf": (await client.get("/x")).text}
        plain = await client.post("/x", data=form)
        part = await client.post("/x", data=form, headers={"hx-request": "true"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/done")
    assert (part.status_code, part.headers["hx-redirect"]) == (204, "/done")


def sources() -> list[Path]:
    return sorted(folders.folder("templates").rglob("*.html"))


@pytest.mark.parametrize("file", sources(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_template_leaves_no_way_in(file: Path) -> None:
    text = file.read_text("utf-8")
    lax = {
        r"\|\s*safe\b": "nothing is exempt from escaping",
        r"\bMarkup\b": "nothing is exempt from escaping",
        r"autoescape\s+false": "nothing is exempt from escaping",
        r"hx-on": "no script in attributes",
        r"\son[a-z]+\s*=": "no script in attributes",
        r"javascript:|[\"']\s*js:": "no script in values",
        r"\shx-trigger=[\"'][^\"']*\[": "a filter is evaluated as script",
        r"\sstyle\s*=": "styles stand in the stylesheet",
        r"\s[a-z-]+=\{\{": "attributes are quoted",
        r"https?://(?!www\.w3\.org/)": "no page asks another host",
        r"<style": "styles stand in the stylesheet",
    }
    if file.parent.name == "mail":  # mail programs know no stylesheet
        del lax[r"\sstyle\s*="]
    found = {why for pattern, why in lax.items() if re.search(pattern, text)}
    assert found == set()
    for script in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.S):
        assert 'nonce="{{ nonce() }}"' in script[0]
        assert script[1].strip() == ""


@pytest.mark.parametrize("file", sources(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_template_compiles(file: Path) -> None:
    environment().get_template(file.relative_to(folders.folder("templates")).as_posix())


def test_htmx_evaluates_nothing_and_asks_nobody_else() -> None:
    base = (folders.folder("templates") / "layouts" / "base.html").read_text("utf-8")
    for setting in (
        '"allowEval": false',
        '"includeIndicatorStyles": false',
        '"historyCacheSize": 0',
        '"selfRequestsOnly": true',
    ):
        assert setting in base
