"""The mails about accounts, each written at the moment at which it is sent: only then is it known whom it is for, and
only then are secrets made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit import i18n
from community.kit.errors import NotFound
from community.kit.i18n import gettext as _
from community.kit.mail.actions import Claimed
from community.kit.mail.letters import Letter, Words, letter
from community.kit.mail.sending import Writer
from community.kit.settings import Settings
from community.people import queries
from community.people.actions import tokens
from community.people.queries import PersonRow
from community.people.rules import Purpose, Role

PATHS: Mapping[Purpose, str] = {
    Purpose.SIGN_IN: "/sign-in/link",
    Purpose.RESET: "/reset/choose",
    Purpose.VERIFY: "/account/address/confirm",
    Purpose.INVITATION: "/invitation",
    Purpose.SET_UP: "/set-up",
}
"""Where links lead; the routes of the surfaces have the same."""


def link(settings: Settings, purpose: Purpose, secret: str) -> str:
    """A link as people follow it, from the configured base URL."""
    return f"{settings.origin}{PATHS[purpose]}?token={secret}"


async def sign_in(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """The link that signs in, to the owner of the address that somebody typed."""
    person = await _owner(connection, mail)
    if person is None:
        return None
    secret = await tokens.mint(connection, Purpose.SIGN_IN, person_id=person.id)
    return _to(person, lambda: Words(
        _("Your link to sign in"),
        [_("You, or somebody else, asked for a link to sign in to Community with this address.")],
        _("Sign in"), link(settings, Purpose.SIGN_IN, secret),
        [_("The link works once, for ten minutes."), _("If it was not you, there is nothing to do.")],
    ))  # fmt: skip


async def reset(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """The link by which a new password is chosen, to the owner of the address that somebody typed."""
    person = await _owner(connection, mail)
    if person is None:
        return None
    secret = await tokens.mint(connection, Purpose.RESET, person_id=person.id)
    return _to(person, lambda: Words(
        _("Choose a new password"),
        [_("You, or somebody else, asked for a new password for the account with this address.")],
        _("Choose a new password"), link(settings, Purpose.RESET, secret),
        [_("The link works once, for an hour."), _("If it was not you, there is nothing to do.")],
    ))  # fmt: skip


async def verify(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """The link that makes a new address the person's, to that address; nobody is told where it is taken."""
    person = await _recipient(connection, mail)
    if person is None or mail.address is None or await queries.credentials(connection, mail.address) is not None:
        return None
    secret = await tokens.mint(connection, Purpose.VERIFY, person_id=person.id, email=mail.address)
    return _to(person, lambda: Words(
        _("Confirm your new address"),
        [_("You want to use this address for your account at Community from now on.")],
        _("Confirm this address"), link(settings, Purpose.VERIFY, secret),
        [_("The link works once, for an hour."), _("If it was not you, there is nothing to do.")],
    ), mail.address)  # fmt: skip


async def invitation(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """The link by which an invitation is accepted, to the address that was invited."""
    found = await queries.invitation(connection, UUID(mail.recipient.partition(":")[2]))
    if found is None:
        return None
    secret = await tokens.mint(connection, Purpose.INVITATION, invitation_id=found.id, ends_at=found.ends_at)
    with i18n.speaking(i18n.chosen(found.locale)):
        words = Words(
            _("You are invited"), [invited(found.role, mail.data.get("title") or "Community")],
            _("See the invitation"), link(settings, Purpose.INVITATION, secret),
            [_("The link works once, for seven days."), _("If you do not want to come, there is nothing to do.")],
        )  # fmt: skip
        return letter(found.email, found.name, words)


def invited(role: Role | None, title: str) -> str:
    """What somebody is invited to, in the language at work."""
    if role is Role.LEAD:
        return _("You are invited to lead {title}.").format(title=title)
    if role is Role.MANAGER:
        return _("You are invited to manage {title}.").format(title=title)
    if role is Role.REVIEWER:
        return _("You are invited to review contributions for {title}.").format(title=title)
    return _("You are invited to take part in {title}.").format(title=title)


async def password_changed(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """Tells a person that their password was changed."""
    person = await _recipient(connection, mail)
    if person is None:
        return None
    return _to(person, lambda: Words(
        _("Your password was changed"),
        [_("The password of your account at Community was changed, and you were signed out elsewhere.")],
        _("Choose a new password"), settings.origin + "/reset",
        [_("If it was not you, choose a new one at once, and tell whoever runs your programme.")],
    ))  # fmt: skip


async def email_changed(connection: AsyncConnection, mail: Claimed, _settings: Settings) -> Letter | None:
    """Tells the former address that it is no longer the one of the account."""
    person = await _recipient(connection, mail)
    if person is None or mail.address is None:
        return None
    return _to(person, lambda: Words(
        _("Your address was changed"),
        [_("Your account at Community has another address from now on; this one is told for the last time.")],
        below=[_("If it was not you, tell whoever runs your programme at once.")],
    ), mail.address)  # fmt: skip


LETTERS: Mapping[str, Writer] = {
    "sign_in": sign_in,
    "reset": reset,
    "verify": verify,
    "invitation": invitation,
    "password_changed": password_changed,
    "email_changed": email_changed,
}
"""Who writes mails of each kind."""


def _to(person: PersonRow, words: Callable[[], Words], address: str | None = None) -> Letter | None:
    """The letter to a person, in their language, to the address that is stored, or to the one given."""
    to = address or person.email
    if to is None:
        return None
    with i18n.speaking(i18n.chosen(person.locale)):
        return letter(to, person.name, words())


async def _owner(connection: AsyncConnection, mail: Claimed) -> PersonRow | None:
    """Whose address it is that somebody typed; None where it is nobody's, or they may not sign in."""
    found = await queries.credentials(connection, mail.address or "")
    if found is None or not found[2]:
        return None
    return await queries.person(connection, found[0])


async def _recipient(connection: AsyncConnection, mail: Claimed) -> PersonRow | None:
    """The person that a mail is for, while they may sign in."""
    try:
        person = await queries.person(connection, UUID(mail.recipient.partition(":")[2]))
    except NotFound:
        return None
    return person if person.active else None
