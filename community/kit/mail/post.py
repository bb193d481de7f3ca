"""Handing a mail over: to an SMTP server, or without one to a folder, as `.eml`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as AS_SENT
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from community.kit.errors import UsageError
from community.kit.settings import Settings

PATIENCE_SECONDS = 10
FOLDER = "mail"
NO_SENDER = "Community <community@localhost>"
HERE = ("localhost", "127.0.0.1", "::1")

Take = Callable[[EmailMessage], Awaitable[None]]
"""Takes one mail. Raises PostRefused."""


class PostRefused(Exception):
    """A mail was not taken. `for_good`: nor will it be when it is tried again."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Post(Protocol):
    """The way that mails go. Entering raises PostRefused where the way is closed."""

    def opened(self) -> AbstractAsyncContextManager[Take]:
        """What takes some mails, one after the other."""


class Folder:
    """Writes each mail into a file, named by its Message-ID: one that is sent again takes the place of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Take]:
        """The folder, open to its owner only: mails hold links that sign in."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield self._take

    async def _take(self, message: EmailMessage) -> None:
        name = parseaddr(message["Message-ID"])[1].partition("@")[0]
        draft = self.folder / f".{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_bytes(message.as_bytes(policy=AS_SENT))
        draft.replace(self.folder / f"{name}.eml")


class Server:
    """An SMTP server: `smtps://` for TLS from the first byte, `smtp://` for STARTTLS where it is offered.

    With a user it is always TLS, except on this machine. Certificates are checked, whatever anybody sets.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == -1 or parts.path.strip("/"):
            raise UsageError("COMMUNITY_SMTP_URL: accepted: smtp://USER:PASSWORD@HOST:PORT or smtps://…")
        self._host, self._port, self._tls = parts.hostname, port, parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Take]:
        """A connection to the server."""
        must = True if self._user and not self._tls and self._host not in HERE else None
        client = aiosmtplib.SMTP(
            hostname=self._host, port=self._port, username=self._user, password=self._password,
            use_tls=self._tls, start_tls=False if self._tls else must, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise PostRefused(_words(error), for_good=False) from error

        async def take(message: EmailMessage) -> None:
            sender, to = (parseaddr(message[name])[1] for name in ("From", "To"))
            try:
                await client.send_message(message, sender=sender, recipients=[to])
            except (aiosmtplib.SMTPException, OSError) as error:
                raise PostRefused(_words(error), for_good=_is_for_good(error)) from error

        try:
            yield take
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):  # what was taken is taken, with or without a good-bye
                await client.quit()
            client.close()


def _is_for_good(error: Exception) -> bool:
    """Whether the server said so: a code from 500 on, for this mail or its recipient."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in error.recipients)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return True
    return isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 500


def _words(error: Exception) -> str:
    """What went wrong, without the address: the kind of error and the server's code, if it gave one."""
    codes = [error.code] if isinstance(error, aiosmtplib.SMTPResponseException) else []
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
    return " ".join([type(error).__name__, *map(str, codes)])


def post_of(settings: Settings) -> Post:
    """The way that mails go by the settings. Raises UsageError for a server without a sender."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        return Folder(settings.folder / FOLDER)
    if not settings.mail_from:
        raise UsageError("COMMUNITY_MAIL_FROM: accepted: Name <address>; needed with COMMUNITY_SMTP_URL")
    return Server(url)
