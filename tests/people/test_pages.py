"""The front door through HTTP: signing in and out, links, resets, the account, invitations, the first person."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit import clock
from community.kit.db import writing
from community.kit.mail.sending import send_waiting
from community.kit.settings import Settings
from community.members.models import MEMBER
from community.people import queries
from community.people.actions import invitations, persons, roles, tokens
from community.people.actions.invitations import Asked
from community.people.forms import PersonForm
from community.people.letters import LETTERS
from community.people.models import PERSON, SESSION
from community.people.rules import Place, Purpose, Role
from tests.kit.mail.stage import server, settings_of
from tests.people.browser import Browser, browser, installation
from tests.people.stage import BETTER, GOOD, NOON, after, grow, person, rows, token
from tests.people.test_letters import link_in

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"
WRONG, SHORT = "not her password", "short"


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    async with installation(Settings(home=tmp_path / "home", database_url=database_url)) as made:
        yield made


@pytest.fixture
async def ada(app: Starlette) -> AsyncIterator[Browser]:
    """Ada's browser."""
    async with browser(app) as made:
        yield made


async def mailed(engine: AsyncEngine) -> list[tuple[str, str]]:
    """Path and secret of the links in the mails that waited."""
    with server() as (post, url):
        await send_waiting(engine, settings_of(url), LETTERS)
    return [link_in(one) for one in post.taken if "token=" in str(one)]


async def test_ada_signs_in_and_out(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.open("/account")
    assert ada.path == "/sign-in?next=/account"
    assert "The address or the password is wrong." in await ada.send("/sign-in", 422, email=ADA, password=WRONG)
    assert f'value="{ADA}"' in ada.text
    assert WRONG not in ada.text
    await ada.send("/sign-in", email=ADA, password=GOOD)
    assert ada.path == "/account"
    cookie = next(one for one in ada.client.cookies.jar if one.name == "sid")
    assert (cookie.path, cookie.domain, cookie.secure) == ("/", "localhost.local", False)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    replayed = ada.session
    await ada.open("/sign-in")
    assert ada.path == "/"
    await ada.open("/account")
    await ada.send("/sign-out")
    assert ada.page is not None
    assert ada.page.history[0].headers["clear-site-data"] == '"cache", "storage"'
    assert ada.session is None
    assert replayed is not None
    ada.client.cookies.set("sid", replayed, domain="localhost.local")
    await ada.open("/account")
    assert ada.path.startswith("/sign-in")
    assert await rows(engine, SESSION) == []


async def test_over_tls_the_cookie_is_bound_to_the_host(engine: AsyncEngine, database_url: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=database_url, base_url="https://community.example")
    await person(engine)
    async with installation(settings) as app, browser(app) as ada:
        ada.client.base_url = "https://community.example"
        await ada.sign_in(ADA, GOOD)
        assert ada.page is not None
        [cookie] = [one for one in ada.page.history[0].headers.get_list("set-cookie") if "sid" in one]
    for part in ("__Host-sid=", "; Secure", "; HttpOnly", "; Path=/", "; SameSite=lax"):
        assert part in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_signing_in_leads_to_no_other_site(engine: AsyncEngine, ada: Browser, target: str) -> None:
    await person(engine)
    await ada.open("/sign-in")
    await ada.send("/sign-in", email=ADA, password=GOOD, next=target)
    assert ada.path == "/"


async def test_a_link_by_mail_signs_in_only_when_its_button_is_pressed(
    engine: AsyncEngine, app: Starlette, ada: Browser
) -> None:
    await person(engine)
    await ada.open("/sign-in")
    shown = await ada.send("/sign-in", email=ADA, link="yes", password="")
    assert "Look into your mail" in shown
    await ada.open("/sign-in")
    strangers = await ada.send("/sign-in", email="zoe@example.org", link="yes")
    assert _without_nonces(strangers).replace("zoe@example.org", ADA) == _without_nonces(shown)
    [(path, secret)] = await mailed(engine)
    for _ in range(3):  # programs follow the links of mails
        await ada.open(f"{path}?token={secret}")
    assert ada.session is None
    await ada.send(path)
    assert ada.session is not None
    async with browser(app) as other:
        await other.open(f"{path}?token={secret}")
        assert "This link works no more" in await other.send(path, 410)


def _without_nonces(text: str) -> str:
    return re.sub(r'nonce="[^"]+"', "", text)


async def test_a_reset_by_mail(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.open("/reset")
    assert "an address such as" in await ada.send("/reset", 422, email="nobody")
    await ada.send("/reset", email=ADA)
    [(path, secret)] = await mailed(engine)
    await ada.open(f"{path}?token={secret}")
    assert "at least 15 characters" in await ada.send(path, 422, password=SHORT)
    assert "Your new password is set." in await ada.send(path, password=BETTER)
    await ada.send("/sign-in", email=ADA, password=BETTER)
    assert ada.session is not None


async def test_too_many_tries_are_answered_with_when_to_come_again(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.open("/sign-in")
    for _ in range(10):
        await ada.send("/sign-in", 422, email=ADA, password=WRONG)
    form = {"email": ADA, "password": GOOD}
    await ada.open("/sign-in")
    assert "That was too often" in await ada.send("/sign-in", 429, **form)
    assert ada.page is not None
    assert 1 <= int(ada.page.headers["retry-after"]) <= 300


async def test_name_language_and_zone_of_oneself(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.sign_in(ADA, GOOD)
    await ada.open("/account")
    shown = await ada.send("/account/profile", name="Ada King", locale="fr", timezone="Europe/Paris")
    assert "Enregistré." in shown
    assert 'value="Ada King"' in shown
    assert "14:00" in shown  # noon in Paris
    shown = await ada.send("/account/profile", 422, name="", locale="tlh", timezone="Mars/Olympus")
    assert "à remplir" in shown
    assert "un fuseau comme Europe/Paris" in shown


async def test_what_is_sensitive_asks_who_one_is(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.sign_in(ADA, GOOD)
    before = ada.session
    with clock.stopped(after(minutes=11)):
        await ada.open("/account")
        form = {"csrf": re.findall(r'name="csrf" value="([^"]+)"', ada.text)[0], "password": BETTER}
        answer = await ada.client.post(
            "/account/password", data=form, headers={"sec-fetch-site": "same-origin", "hx-request": "true"}
        )
        assert answer.status_code == 401
        assert answer.headers["hx-redirect"] == "/account/confirm?next=/account"
        await ada.send("/account/password", password=BETTER)
        assert ada.path == "/account/confirm?next=/account"
        assert "The password is wrong." in await ada.send("/account/confirm", 422, password=WRONG)
        await ada.send("/account/confirm", password=GOOD)
        assert ada.path == "/account"
        assert ada.session != before
        assert "Your password is changed" in await ada.send("/account/password", password=BETTER)
        assert "at least 15 characters" in await ada.send("/account/password", 422, password=SHORT)
    with clock.stopped(after(minutes=22)):
        await ada.open("/account")
        await ada.send("/account/address", email="new@example.org")
        assert ada.path.startswith("/account/confirm")


async def test_a_new_address(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.sign_in(ADA, GOOD)
    await ada.open("/account")
    assert "an address such as" in await ada.send("/account/address", 422, email="nobody")
    assert "A link is on its way" in await ada.send("/account/address", email="new@example.org")
    [(path, secret)] = await mailed(engine)
    await ada.open(f"{path}?token={secret}")
    assert "This is your address from now on." in await ada.send(path)
    assert "new@example.org" in ada.text


async def test_sessions_are_ended_one_by_one_and_all_at_once(engine: AsyncEngine, app: Starlette, ada: Browser) -> None:
    await person(engine)
    async with browser(app, agent="<b>Safari") as phone, browser(app) as third:
        for one in (ada, phone, third):
            await one.sign_in(ADA, GOOD)
        shown = await ada.open("/account")
        assert "&lt;b&gt;Safari" in shown
        [(phones, _, _)] = [
            row for row in await rows(engine, SESSION, "id", "agent", "digest") if "Safari" in row.agent
        ]
        assert "The session is ended." in await ada.send(f"/account/sessions/{phones}/end")
        await phone.open("/account")
        assert phone.path.startswith("/sign-in")
        assert "You are signed out everywhere else." in await ada.send("/account/sessions/end")
        await third.open("/account")
        assert third.path.startswith("/sign-in")
        await ada.open("/account")
        assert ada.path == "/account"


async def test_nobody_ends_the_sessions_of_others(engine: AsyncEngine, app: Starlette, ada: Browser) -> None:
    adas_id = await person(engine)
    await person(engine, "zoe@example.org")
    async with browser(app) as zoe:
        await zoe.sign_in("zoe@example.org", GOOD)
        await ada.sign_in(ADA, GOOD)
        await zoe.open("/account")
        csrf = re.findall(r'name="csrf" value="([^"]+)"', zoe.text)[0]
        [adas] = [row.id for row in await rows(engine, SESSION) if row.person_id == adas_id]
        for session in (adas, uuid4(), "nothing"):
            await zoe.post(f"/account/sessions/{session}/end", {"csrf": csrf}, 404)
    await ada.open("/account")
    assert ada.path == "/account"


async def test_a_session_that_is_used_lives_on(engine: AsyncEngine, app: Starlette, ada: Browser) -> None:
    await person(engine)
    await ada.sign_in(ADA, GOOD)
    for hours in (8, 16, 24):
        with clock.stopped(after(hours=hours)):
            await ada.open("/account")
            assert ada.path == "/account"
            await app.state.seen.write()
    assert await rows(engine, SESSION, "seen_at") == [(NOON + timedelta(hours=24),)]
    with clock.stopped(after(hours=36)):
        await ada.open("/account")
        assert ada.path.startswith("/sign-in")


async def test_whoever_is_deactivated_is_out_at_the_next_request(engine: AsyncEngine, ada: Browser) -> None:
    adas = await person(engine)
    await ada.sign_in(ADA, GOOD)
    async with writing(engine) as connection:
        await persons.deactivate(connection, adas, "cli")
    await ada.open("/account")
    assert ada.path.startswith("/sign-in")


async def test_the_first_person_leads_the_hub(engine: AsyncEngine, ada: Browser) -> None:
    async with writing(engine) as connection:
        secret = await tokens.set_up(connection)
    await ada.open("/set-up?token=wrong")
    assert "This link works no more" in await ada.send("/set-up", 410, name="Ada", email=ADA, password=GOOD)
    await ada.open(f"/set-up?token={secret}")
    shown = await ada.send("/set-up", 422, name="", email="ada", password=SHORT)
    assert shown.count('class="error"') == 3
    await ada.send("/set-up", name="Ada", email=ADA, password=GOOD)
    assert ada.session is not None
    await ada.open("/account")
    assert ADA in ada.text
    async with writing(engine) as connection:
        [held] = await queries.roles(connection)
    assert held.role is Role.LEAD
    await ada.open(f"/set-up?token={secret}")
    await ada.send("/set-up", 410, name="Zoe", email="zoe@example.org", password=GOOD)


async def test_forms_from_elsewhere_change_nothing(engine: AsyncEngine, ada: Browser) -> None:
    await person(engine)
    await ada.open("/sign-in")
    fields = {"email": ADA, "password": GOOD}
    await ada.post("/sign-in", fields, 403)
    csrf = re.findall(r'name="csrf" value="([^"]+)"', await ada.open("/sign-in"))[0]
    await ada.post("/sign-in", {**fields, "csrf": csrf}, 403, **{"sec-fetch-site": "cross-site"})
    assert ada.session is None
    await ada.post("/sign-in", {**fields, "csrf": csrf})
    assert ada.session is not None
    await ada.post("/sign-out", {"csrf": csrf}, 403)  # the token of before signing in


async def test_roles_shorten_the_session(engine: AsyncEngine, ada: Browser) -> None:
    tree, adas = await grow(engine), await person(engine)
    async with writing(engine) as connection:
        await roles.grant(connection, adas, Role.MANAGER, Place(unit_id=tree.hub), "cli")
    await ada.sign_in(ADA, GOOD)
    with clock.stopped(after(minutes=30)):
        await ada.open("/account")
        assert ada.path.startswith("/sign-in")


async def invited(engine: AsyncEngine, asked: Asked, email: str = ADA) -> str:
    async with writing(engine) as connection:
        form = PersonForm(email, email, "", None)
        made = await invitations.invite(connection, form, asked, "cli")
        return await tokens.mint(connection, Purpose.INVITATION, invitation_id=made)


async def test_an_invitation_to_lead_a_unit_is_accepted_by_somebody_new(engine: AsyncEngine, ada: Browser) -> None:
    tree = await grow(engine)
    secret = await invited(engine, Asked(Place(unit_id=tree.north), role=Role.LEAD))
    assert "You are invited to lead North." in await ada.open(f"/invitation?token={secret}")
    shown = await ada.send("/invitation", 422, name="", password=SHORT)
    assert shown.count('class="error"') == 2
    await ada.send("/invitation", name="Ada", locale="fr", password=GOOD)
    assert ada.session is not None
    await ada.open("/account")
    assert "Votre compte" in ada.text
    async with writing(engine) as connection:
        [held] = await queries.roles(connection)
    assert (held.role, held.unit_id) == (Role.LEAD, tree.north)
    assert (
        "This link works no more" in await ada.open(f"/invitation?token={secret}", 410)
        or "ne fonctionne plus" in ada.text
    )


async def test_whoever_has_an_account_signs_in_and_accepts(engine: AsyncEngine, ada: Browser) -> None:
    tree = await grow(engine)
    await person(engine)
    secret = await invited(engine, Asked(Place(unit_id=tree.hub), role=Role.REVIEWER))
    shown = await ada.open(f"/invitation?token={secret}")
    [way] = re.findall(r'href="(/sign-in\?next=[^"]+)"', shown)
    await ada.open(way.replace("&amp;", "&"))
    await ada.send("/sign-in", email=ADA, password=GOOD)
    assert ada.path == f"/invitation?token={secret}"
    before = ada.session
    await ada.send("/invitation")
    assert ada.session != before
    await ada.open("/account")
    assert ada.path == "/account"
    assert await token(engine, Purpose.RESET, (await rows(engine, SESSION, "person_id"))[0].person_id)


async def test_an_invitation_to_be_a_member_binds_whoever_accepts(engine: AsyncEngine, ada: Browser) -> None:
    tree = await grow(engine)
    secret = await invited(engine, Asked(Place(programme_id=tree.pros), tree.ada_of_pros))
    assert "You are invited to take part in The Pros." in await ada.open(f"/invitation?token={secret}")
    assert 'name="handle"' not in ada.text
    await ada.send("/invitation", name="Ada", password="")
    assert ada.session is not None
    [[adas]] = await rows(engine, PERSON, "id")
    assert {row.id: row.person_id for row in await rows(engine, MEMBER)} == {
        tree.ada_of_pros: adas, tree.ada_of_stars: None,
    }  # fmt: skip


async def test_an_invitation_into_a_programme_makes_a_new_member_of_a_handle_that_nobody_has(
    engine: AsyncEngine, ada: Browser
) -> None:
    tree = await grow(engine)
    secret = await invited(engine, Asked(Place(programme_id=tree.pros)), "countess@example.org")
    shown = await ada.open(f"/invitation?token={secret}")
    assert 'value="countess"' in shown
    for taken in ("ADA", "two words", "a\u200bda", ""):
        shown = await ada.send("/invitation", 422, name="Ada King", handle=taken)
        assert shown.count('class="error"') == 1
    assert await rows(engine, PERSON) == []
    await ada.send("/invitation", name="Ada King", handle="Countess")
    [[adas]] = await rows(engine, PERSON, "id")
    [made] = [row for row in await rows(engine, MEMBER) if row.person_id is not None]
    assert (made.programme_id, made.handle, made.name, made.person_id) == (tree.pros, "Countess", "Ada King", adas)
    secret = await invited(engine, Asked(Place(programme_id=tree.stars)), "countess@example.org")
    await ada.open(f"/invitation?token={secret}")
    await ada.send("/invitation", handle="countess")  # signed in: only a handle is asked for
    assert len([row for row in await rows(engine, MEMBER) if row.person_id == adas]) == 2


async def test_somebody_else_s_invitation_is_not_accepted(engine: AsyncEngine, ada: Browser) -> None:
    tree = await grow(engine)
    await person(engine)
    await person(engine, "zoe@example.org")
    secret = await invited(engine, Asked(Place(programme_id=tree.pros), tree.ada_of_pros))
    await ada.sign_in("zoe@example.org", GOOD)
    shown = await ada.open(f"/invitation?token={secret}")
    assert "another account" in shown
    csrf = re.findall(r'name="csrf" value="([^"]+)"', shown)[0]
    await ada.post("/invitation", {"csrf": csrf, "token": secret}, 409)
    assert {row.person_id for row in await rows(engine, MEMBER)} == {None}
