"""Sending what waits: claimed, written at that moment, handed over, settled. Safe to run twice, and side by side.

Whoever dies between handing over and settling sends the mail once more, under the same Message-ID. Nothing else is
ever sent twice: there is one row for a cause and a recipient.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as AS_SENT
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.clock import now
from community.kit.db import writing
from community.kit.mail import actions
from community.kit.mail.actions import Claimed
from community.kit.mail.letters import Letter
from community.kit.mail.models import MailState
from community.kit.mail.post import NO_SENDER, Post, PostRefused, Take, post_of
from community.kit.settings import Settings

BATCH = 10
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""Between tries; the last one again and again, until the mail has no point any more."""

log = structlog.get_logger()

Writer = Callable[[AsyncConnection, Claimed, Settings], Awaitable[Letter | None]]
"""Writes a mail of one kind, in a transaction of its own that may hold what the mail needs (a token); None where there
is nobody to write to any more, or no reason."""


@dataclass(slots=True)
class Sent:
    """What became of the mails that waited."""

    sent: int = 0
    dropped: int = 0
    put_off: int = 0
    failed: int = 0


async def send_waiting(
    engine: AsyncEngine, settings: Settings, writers: Mapping[str, Writer], post: Post | None = None
) -> Sent:
    """Sends the mails that are due and that one of the `writers` writes, until there are none or nobody takes them."""
    done = Sent()
    post = post or post_of(settings)
    while True:
        async with writing(engine) as connection:
            batch = await actions.claim(connection, writers, BATCH)
        if not batch:
            return done
        try:
            async with post.opened() as take:
                for claimed in batch:
                    await _send(engine, settings, writers, claimed, take, done)
        except PostRefused as error:
            for claimed in batch:
                await _refused(engine, claimed, error, done)
            return done


async def _send(
    engine: AsyncEngine,
    settings: Settings,
    writers: Mapping[str, Writer],
    claimed: Claimed,
    take: Take,
    done: Sent,
) -> None:
    try:
        letter = await _written(engine, settings, writers, claimed, done)
        if letter is None:
            return
        await take(message_of(letter, claimed, settings))
    except PostRefused as error:
        await _refused(engine, claimed, error, done)
        return
    async with writing(engine) as connection:
        await actions.settle(connection, claimed, MailState.SENT)
    done.sent += 1


async def _written(
    engine: AsyncEngine, settings: Settings, writers: Mapping[str, Writer], claimed: Claimed, done: Sent
) -> Letter | None:
    """The letter; None where there is nobody to write to. Raises PostRefused for what cannot be written."""
    if claimed.ends_at <= now():
        raise PostRefused("too late", for_good=True)
    try:
        async with writing(engine) as connection:
            letter = await writers[claimed.kind](connection, claimed, settings)
            if letter is None:
                await actions.settle(connection, claimed, MailState.DROPPED)
    except Exception as error:  # a defect in one letter keeps no other from being sent
        log.exception("a mail could not be written", mail=str(claimed.id), kind=claimed.kind)
        raise PostRefused(f"not written: {type(error).__name__}", for_good=False) from error
    done.dropped += letter is None
    return letter


async def _refused(engine: AsyncEngine, claimed: Claimed, error: PostRefused, done: Sent) -> None:
    """Puts the mail off, or gives it up."""
    wait = WAITS[min(claimed.tries, len(WAITS)) - 1]
    given_up = error.for_good or now() + wait >= claimed.ends_at
    async with writing(engine) as connection:
        if given_up:
            await actions.settle(connection, claimed, MailState.FAILED, str(error))
        else:
            await actions.put_off(connection, claimed, wait, str(error))
    done.failed += given_up
    done.put_off += not given_up
    log.warning("a mail was not taken", mail=str(claimed.id), kind=claimed.kind, error=str(error), given_up=given_up)


def message_of(letter: Letter, claimed: Claimed, settings: Settings) -> EmailMessage:
    """The message, text first. Raises PostRefused for an address that no server takes."""
    message = EmailMessage(policy=AS_SENT)
    host = urlsplit(settings.origin).hostname or "localhost"
    name, address = parseaddr(settings.mail_from or NO_SENDER)
    try:
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(letter.name, addr_spec=_mailable(letter.address))
    except (ValueError, IndexError, HeaderParseError) as error:  # the parser of addresses raises any of them
        raise PostRefused(f"no address: {type(error).__name__}", for_good=True) from error
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{claimed.id}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    for header, value in letter.headers.items():
        message[header] = value
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _mailable(address: str) -> str:
    """The address with its domain as mail servers know it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
