"""The mails of messages and digests, each written at the moment at which it is sent: what was read meanwhile, or is not
wanted any more, is not sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit import i18n
from community.kit.errors import NotFound
from community.kit.i18n import gettext as _
from community.kit.i18n import ngettext
from community.kit.mail.actions import Claimed
from community.kit.mail.letters import Letter, Words, letter
from community.kit.mail.sending import Writer
from community.kit.settings import Settings
from community.members import queries as members
from community.notices.actions.digests import DIGEST_MAIL
from community.notices.actions.messages import MESSAGE_MAIL
from community.notices.queries import Inbox, MessageRow
from community.notices.queries import message as message_of
from community.notices.queries.readers import Reader, reader, titles
from community.notices.rules import MAILED, MailKind
from community.notices.said import kind_said, said, subject_of
from community.notices.unsubscribing import Stopping, headers_of, link_of
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.programmes.said import BookSaid, signed
from community.standings.queries.explained import explain


async def message(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """A message, while it is unread."""
    programme = await _programme(connection, mail)
    if programme is None:
        return None
    inbox = Inbox(programme.id, mail.data["member"])
    row = await message_of(connection, inbox, mail.data["record"])
    if row is None or row.read_at is not None:
        return None
    kind = MAILED[row.verb]
    to = await _reader(connection, mail, kind)
    if to is None:
        return None
    subject = subject_of(row)
    names = await titles(connection, programme.id, [subject] if subject is not None else [])
    missing = await _missing(connection, programme, row)

    def words() -> Words:
        one = said(programme, row, names)
        asks = _("What it asks for and you do not have:") if missing else ""
        note = _("The note with it: “{note}”").format(note=one.note) if one.note else ""
        link = f"{settings.origin}/p/{programme.slug}/messages"
        paragraphs = [text for text in (one.headline, one.text, note, asks, *(missing() if missing else ())) if text]
        return Words(one.headline, paragraphs, _("Open your messages"), link)

    return _to(programme, to, kind, settings, words)


async def digest(connection: AsyncConnection, mail: Claimed, settings: Settings) -> Letter | None:
    """What a week brought."""
    programme = await _programme(connection, mail)
    to = await _reader(connection, mail, MailKind.DIGEST) if programme is not None else None
    if programme is None or to is None:
        return None
    data = mail.data
    first, last = (date.fromisoformat(data[name]) for name in ("first", "last"))

    def words() -> Words:
        days = _("From {first} to {last}:").format(first=i18n.day(first), last=i18n.day(last))
        paragraphs = [days]
        if data["contributions"] or data["points"]:
            counted = ngettext("{number} contribution counted", "{number} contributions counted", data["contributions"])
            gave = ngettext("{number} point", "{number} points", abs(data["points"]))
            paragraphs.append(
                _("{contributions}, {points}.").format(
                    contributions=counted.format(number=i18n.number(data["contributions"])),
                    points=gave.format(number=signed(data["points"])),
                )
            )
        if data["unread"]:
            waits = ngettext("{number} message waits for you.", "{number} messages wait for you.", data["unread"])
            paragraphs.append(waits.format(number=i18n.number(data["unread"])))
        link = f"{settings.origin}/p/{programme.slug}/messages"
        title = _("Your week at {programme}").format(programme=_title(programme))
        return Words(title, paragraphs, _("Open your messages"), link)

    return _to(programme, to, MailKind.DIGEST, settings, words)


LETTERS: Mapping[str, Writer] = {MESSAGE_MAIL: message, DIGEST_MAIL: digest}
"""Who writes mails of each kind."""


async def _missing(
    connection: AsyncConnection, programme: ProgrammeRow, row: MessageRow
) -> Callable[[], Sequence[str]] | None:
    """What says the reasons why a member is at risk, as of now; None where a message is of something else, or safe."""
    if row.verb != "standing.at_risk":
        return None
    member = await members.member(connection, programme.id, row.handle)
    found = await explain(connection, programme, member, programme.today)
    tier = found.state.tier
    if found.state.at_risk_since is None or tier is None or not programme.book.level(tier):
        return None
    reasons = found.tiers[tier][1].reasons
    return lambda: BookSaid(programme.book).missing(programme.book.tier(tier), reasons)


async def _programme(connection: AsyncConnection, mail: Claimed) -> ProgrammeRow | None:
    try:
        return await programmes.programme_of(connection, mail.data["programme"])
    except NotFound:
        return None


async def _reader(connection: AsyncConnection, mail: Claimed, kind: MailKind) -> Reader | None:
    person_id = UUID(mail.recipient.partition(":")[2])
    return await reader(connection, mail.data["programme"], mail.data["member"], person_id, kind)


def _to(programme: ProgrammeRow, to: Reader, kind: MailKind, settings: Settings, words: Callable[[], Words]) -> Letter:
    """The letter in the member's language, else in the programme's, with the headers that stop such mails."""
    stopping = Stopping(programme.id, to.member_id, to.person_id, kind)
    with i18n.speaking(i18n.chosen(to.locale, programme.book.programme.locale)):
        said_below = replace(words(), below=_below(programme, kind, link_of(settings, stopping)))
        return letter(to.email, to.name, said_below, headers_of(settings, stopping))


def _title(programme: ProgrammeRow) -> str:
    return BookSaid(programme.book).name(programme.book.programme.name)


def _below(programme: ProgrammeRow, kind: MailKind, link: str) -> list[str]:
    name, _what = kind_said(kind)
    why = _("You get this as a member of {programme}, as one of the mails “{kind}”.")
    return [
        why.format(programme=_title(programme), kind=name),
        _("Stop these mails without signing in: {link}").format(link=link),
    ]
