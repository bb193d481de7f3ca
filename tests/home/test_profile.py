"""One's own profile, a member's page, and who reads what of it."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit.db import writing
from community.members.models import MEMBER, PROFILE, TOUCHED
from community.members.pictures import PIXELS, made_anew
from community.members.rules import FIELDS
from tests.home.stage import Town, somebody, stand
from tests.people.browser import Browser
from tests.people.stage import records, rows

pytestmark = pytest.mark.anyio
PROFILE_PATH, PAGE = "/p/pros/profile", "/p/pros/members/ada"
SAID = {
    "name": "Ada Laurent", "biography": "I write **engines**.\n\n<script>alert(1)</script> [x](javascript:alert(1))",
    "country": "FR", "languages": "fr, English", "links": "https://ada.example.org/\nhttps://code.example.org/ada",
    "expertise": "Kubernetes, Public speaking, kubernetes",
}  # fmt: skip
SHOWN = {
    "biography": "<strong>engines</strong>", "country": "France", "languages": "French and English",
    "links": "code.example.org/ada", "expertise": "Public speaking",
}  # fmt: skip


def to(audience: str, **others: str) -> dict[str, str]:
    return {f"{field}_to": others.get(field, audience) for field in FIELDS}


async def says(ada: Browser, fields: dict[str, str] | None = None, status: int = 200) -> str:
    return await ada.post(PROFILE_PATH, {**SAID, **(fields or {}), "csrf": await token(ada)}, status)


async def test_ada_says_who_she_is(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    await stand(engine, town.pros, town.ada, "guide")
    async with somebody(app, "ada") as ada:
        assert "Saved." in await says(ada, to("public"))
        assert 'value="fr, en"' in ada.text
        assert 'value="Public speaking, kubernetes"' in ada.text or 'value="kubernetes, Public speaking"' in ada.text
        shown = await ada.open(PAGE)
        assert "Everybody finds it." in shown
    for text in (
        *SHOWN.values(),
        "<bdi>Ada Laurent</bdi>, Guide of The Pros",
        "member since 2026",
        "Guide since 1 March 2026",
    ):
        assert text in shown
    assert "<title>Ada Laurent · The Pros</title>" in shown
    assert '<meta name="description" content="I write engines. &lt;script&gt;alert(1)' in shown
    assert '<link rel="canonical" href="http://' in shown
    assert "noindex" not in shown
    assert 'href="https://ada.example.org/" rel="nofollow noopener ugc"' in shown
    assert 'href="javascript:' not in shown
    assert "<script>alert" not in shown
    changed = ["name", "biography", "country", "languages", "links", "expertise", "to"]
    assert ("profile.changed", None, {"fields": changed}) in await records(engine, "profile.changed")
    assert {row.reader for row in await rows(engine, TOUCHED)} == {"standings", "boards"}


async def test_saying_the_same_again_changes_nothing(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app, "ada") as ada:
        await says(ada)
        await says(ada)
    assert len(await records(engine, "profile.changed")) == 1


@pytest.mark.parametrize(
    ("reader", "audience", "found"),
    [
        ("", "public", True), ("", "members", False), ("", "managers", False),
        ("zoe", "public", True), ("zoe", "members", False),
        ("ben", "members", True), ("ben", "managers", False),
        ("cleo", "managers", True),
        ("ada", "managers", True),
    ],
)  # fmt: skip
async def test_each_field_is_said_to_whom_ada_says_it(
    engine: AsyncEngine, app: Starlette, town: Town, reader: str, audience: str, found: bool
) -> None:
    async with somebody(app, "ada") as ada:
        await says(ada, to(audience, listed="public"))
        await ada.post(f"{PROFILE_PATH}/picture/removal", {"csrf": await token(ada)})
    async with somebody(app, reader) as other:
        shown = await other.open(PAGE)
        assert "Ada Laurent" in shown
        assert [text in shown for text in SHOWN.values()] == [found] * len(SHOWN)
        assert "ada@example.org" not in shown
        if reader == "ada":  # who sees all on her own page, and in the directory what members see
            return
        listed = await other.open("/p/pros/members")
        assert "ada@example.org" not in listed
        assert ("France" in listed.partition('id="list"')[2], "Public speaking" in listed) == (found, found)


async def token(browser: Browser) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', await browser.open(PROFILE_PATH))
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("reader", "audience", "status"),
    [
        ("", "public", 200), ("", "members", 404), ("zoe", "members", 404), ("ben", "members", 200),
        ("ben", "managers", 404), ("cleo", "managers", 200),
    ],
)  # fmt: skip
async def test_whoever_is_not_listed_is_not_there(
    app: Starlette, town: Town, reader: str, audience: str, status: int
) -> None:
    async with somebody(app, "ada") as ada:
        await says(ada, to("public", listed=audience))
    async with somebody(app, reader) as other:
        shown = await other.open(PAGE, status)
        nowhere = await other.open("/p/pros/members/nobody", 404)
        if status == 404:
            assert plain(shown) == plain(nowhere)
        assert ("noindex" in shown) == (status == 200 and audience != "public")
        assert ("/p/pros/members/ada" in await other.open("/p/pros/members")) == (status == 200)


def plain(shown: str) -> str:
    return re.sub(r'nonce="[^"]*"|id="[^"]*"|[0-9a-f-]{32,36}|X-CSRF-Token[^}]*', "", shown)


async def test_a_role_in_one_programme_opens_nothing_in_another(app: Starlette, town: Town) -> None:
    async with somebody(app, "cleo") as cleo:
        await cleo.open(PAGE)
        await cleo.open("/p/stars/members/ada", 404)
        assert "/p/stars/members/ada" not in await cleo.open("/p/stars/members")


async def test_nothing_is_public_before_somebody_makes_it_so(app: Starlette, town: Town) -> None:
    async with somebody(app) as zoe:
        await zoe.open(PAGE, 404)
        assert "Nobody is listed here yet" in await zoe.open("/p/pros/members")
    async with somebody(app, "ben") as ben:
        assert "ada" in await ben.open(PAGE)


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("name", "", "something; it is needed"), ("name", "x" * 201, "at most 200"), ("name", "a\x07", "control"),
        ("biography", "x" * 4_001, "at most 4000"), ("country", "Atlantis", "a country of the list"),
        ("languages", "fr, 42!", "languages by code"), ("languages", "fr," * 13, "at most 12"),
        ("links", "javascript:alert(1)", "http:// or https://"), ("links", "https://a.example\n" * 9, "at most 8"),
        ("expertise", "x" * 41, "at most 40"), ("expertise", "a\u202eb", "can be seen"),
        ("biography_to", "anybody", "public, members, managers"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_wrong_is_said_beside_the_field(
    engine: AsyncEngine, app: Starlette, town: Town, field: str, value: str, wrong: str
) -> None:
    async with somebody(app, "ada") as ada:
        shown = await says(ada, {field: value}, 422)
        assert wrong in shown
        assert f'id="{field}-error"' in shown
        assert "https://code.example.org/ada" in shown or field == "links"
    assert await rows(engine, PROFILE) == []


@pytest.mark.parametrize(("text", "status"), [("a\0b", 422), ("x" * 10_000_000, 413)], ids=["NUL", "10 MB"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_no_database_keeps_is_refused(
    engine: AsyncEngine, app: Starlette, town: Town, text: str, status: int
) -> None:
    async with somebody(app, "ada") as ada:
        await says(ada, {"biography": text}, status)
    assert await rows(engine, PROFILE) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_form_cannot_set_what_it_does_not_show(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    [before] = [row for row in await rows(engine, MEMBER) if row.id == town.ada]
    smuggled = {
        "id": "7", "programme_id": str(town.stars), "member_id": "9", "handle": "root", "email": "x@example.org",
        "status": "alumni", "person_id": str(town.cleo_person), "on_boards": "false", "role": "lead", "points": "9",
    }  # fmt: skip
    async with somebody(app, "ada") as ada:
        await ada.post(PROFILE_PATH, {**SAID, **smuggled, "csrf": await token(ada)})
    [after] = [row for row in await rows(engine, MEMBER) if row.id == town.ada]
    assert after._asdict() == before._asdict() | {"name": "Ada Laurent", "country": "FR"}


async def test_only_members_have_a_profile_there(app: Starlette, town: Town) -> None:
    for name in ("zoe", "ben", "cleo"):
        async with somebody(app, name) as other:
            await other.open(PROFILE_PATH, 404)
    async with somebody(app) as nobody:
        await nobody.open(PROFILE_PATH)
        assert nobody.path.startswith("/sign-in")


def photo(size: tuple[int, int] = (800, 600), form: str = "JPEG") -> bytes:
    out = BytesIO()
    image = Image.new("RGB", size, "teal")
    exif = Image.Exif()
    exif[0x010F] = "Canary Camera"
    image.save(out, form, **({"exif": exif} if form == "JPEG" else {}))
    return out.getvalue()


async def send_picture(ada: Browser, data: bytes, status: int, name: str = "me.jpg") -> str:
    shown = await ada.client.post(
        f"{PROFILE_PATH}/picture", data={"csrf": await token(ada)}, files={"picture": (name, data, "image/jpeg")},
        headers={"accept": "text/html", "sec-fetch-site": "same-origin"}, follow_redirects=True,
    )  # fmt: skip
    assert shown.status_code == status, shown.text[:500]
    return shown.text


async def test_a_picture_is_made_anew_and_shown_to_whom_ada_shows_it(app: Starlette, town: Town) -> None:
    async with somebody(app, "ada") as ada:
        await says(ada, to("public", picture="members"))
        assert b"Canary" in photo()
        assert "This is your picture now." in await send_picture(ada, photo(), 200)
        seen = await ada.client.get(f"{PAGE}/picture")
        assert seen.headers["content-type"] == "image/webp"
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert b"Canary" not in seen.content
        with Image.open(BytesIO(seen.content)) as image:
            assert (image.format, image.size) == ("WEBP", (256, 256))
            assert not image.getexif()
        again = await ada.client.get(f"{PAGE}/picture", headers={"if-none-match": seen.headers["etag"]})
        assert again.status_code == 304
        assert "/picture?v=" in await ada.open(PAGE)
        async with somebody(app) as nobody:
            assert (await nobody.client.get(f"{PAGE}/picture")).status_code == 404
            assert "/picture?v=" not in await nobody.open(PAGE)
        await ada.open(PROFILE_PATH)
        assert "The picture is gone." in await ada.send(f"{PROFILE_PATH}/picture/removal")
        assert (await ada.client.get(f"{PAGE}/picture")).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_no_picture_is_refused(app: Starlette, town: Town) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    broken = photo()[:400]
    bomb = BytesIO()
    Image.new("1", (PIXELS // 1_000 + 1, 1_000)).save(bomb, "PNG")
    async with somebody(app, "ada") as ada:
        for data in (b"", svg, b"GIF89a" + b"\0" * 10, broken, bomb.getvalue(), b"\0" * 5 * 1024 * 1024):
            assert "a JPEG, PNG, WebP or GIF of at most 5 MB" in await send_picture(ada, data, 422)
        await send_picture(ada, b"\xff\xd8" + b"\0" * 6 * 1024 * 1024, 413)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_format_becomes_a_small_square(form: str) -> None:
    made = made_anew(photo((1_000, 30), form))
    assert len(made) < 20_000
    with Image.open(BytesIO(made)) as image:
        assert image.size == (256, 256)


async def test_the_page_of_whoever_left_is_gone(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app, "ada") as ada:
        await says(ada, to("public"))
    async with writing(engine) as connection:
        await connection.execute(update(MEMBER).where(MEMBER.c.id == town.ada).values(status="left"))
    async with somebody(app, "cleo") as cleo:
        await cleo.open(PAGE, 404)
        await cleo.open(f"{PAGE}/picture", 404)
