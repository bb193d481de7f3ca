"""Static files: kept for good under the hash of their content, and nothing else is served."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha384
from pathlib import Path

import pytest

from community.kit.folders import folder
from community.kit.settings import Settings
from community.kit.web.static import FOR_A_MINUTE, FOR_GOOD, Static, packaged
from tests.kit.web.stage import made, opened

STATIC = folder("static")
VENDOR = STATIC / "vendor"


@pytest.mark.anyio
async def test_a_file_is_kept_for_good_under_its_hash(settings: Settings) -> None:
    async with opened(made(settings)) as client:
        known = await client.get(packaged().url("app.css"))
        older = await client.get("/static/0123456789abcdef/app.css")
    assert known.headers["cache-control"] == FOR_GOOD
    assert older.headers["cache-control"] == FOR_A_MINUTE
    assert known.content == older.content == (STATIC / "app.css").read_bytes()
    assert known.headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path",
    [
        "../pyproject.toml", "%2e%2e/pyproject.toml", "..%2fpyproject.toml", "/etc/passwd", "vendor", "vendor/", "",
        "vendor/README.md", "app.css%00",
    ],
)  # fmt: skip
async def test_nothing_else_is_served(settings: Settings, path: str) -> None:
    async with opened(made(settings)) as client:
        assert (await client.get(f"/static/{packaged().hash}/{path}")).status_code in (400, 404)


@pytest.mark.anyio
async def test_text_is_packed_and_fonts_are_left_as_they_are(settings: Settings) -> None:
    async with opened(made(settings)) as client:
        script = await client.get(packaged().url("vendor/htmx/htmx-2.0.11.min.js"))
        font = await client.get(packaged().url("vendor/inter/latin.woff2"))
        plain = await client.get(packaged().url("app.js"), headers={"accept-encoding": "identity"})
    assert script.headers["content-encoding"] == "gzip"
    assert int(script.headers["content-length"]) < 20_000
    assert "content-encoding" not in font.headers
    assert font.headers["content-type"] == "font/woff2"
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"].startswith("Accept-Encoding")


def test_the_hash_follows_every_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.css").write_text("x")
    before = Static(tmp_path)
    (tmp_path / "a" / "b.css").write_text("y")
    assert Static(tmp_path).hash != before.hash
    assert before.url("a/b.css") == f"/static/{before.hash}/a/b.css"
    with pytest.raises(KeyError):
        before.url("a/c.css")


def test_parts_of_others_are_what_was_published_and_carry_their_licence() -> None:
    told = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([^`]+)` \|$", (VENDOR / "README.md").read_text("utf-8"), re.M))
    here = {
        file.relative_to(VENDOR).as_posix(): b64encode(sha384(file.read_bytes()).digest()).decode()
        for file in sorted(VENDOR.rglob("*"))
        if file.is_file() and file.name not in ("LICENSE", "README.md")
    }
    assert told == here
    assert all((VENDOR / name).with_name("LICENSE").exists() for name in here)


def test_stylesheet_and_scripts_name_only_files_that_are_there() -> None:
    for name in ("app.css", "app.js"):
        text = (STATIC / name).read_text("utf-8")
        assert [one for one in re.findall(r'url\("([^"]+)"\)', text) if one not in packaged().files] == []
        assert not re.search(r"https?://|@import", text)


def test_a_first_page_is_light() -> None:
    """HTML and icons come on top of it; all together stay under 100 kB."""
    asked = ("app.css", "app.js", "vendor/htmx/htmx-2.0.11.min.js", "vendor/inter/latin.woff2", "icons/community.svg")
    files = packaged().files
    assert sum(len(files[one].packed or files[one].body) for one in asked) < 85_000
