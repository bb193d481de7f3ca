"""A real SMTP server, a writer of plain letters, and mails that wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.db import reading, writing
from community.kit.mail import actions
from community.kit.mail.actions import Claimed, NewMail
from community.kit.mail.letters import Letter, Words, letter
from community.kit.mail.models import MAIL
from community.kit.settings import Settings
from tests.drills.servers import free_port

SENDER = "Community <hello@community.example>"


class Post:
    """What the server took, and what it says to the next mails."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Takes a mail, or answers what was set up."""
        if self.answers:
            return self.answers.pop(0)
        found = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@contextmanager
def server(port: int | None = None) -> Iterator[tuple[Post, str]]:
    """A mail server of this test, and its URL."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port or free_port(), enable_SMTPUTF8=True)
    controller.start()
    try:
        yield post, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def settings_of(url: str = "", **more: Any) -> Settings:
    """Settings with that mail server."""
    return Settings(
        smtp_url=SecretStr(url), mail_from=SENDER if url else "", base_url="https://community.example", **more
    )


async def plain(_connection: AsyncConnection, mail: Claimed, _settings: Settings) -> Letter | None:
    """Writes to the address of the mail; to nobody where there is none."""
    if mail.address is None:
        return None
    words = Words("A subject", [f"Of {mail.cause}."], "Open", "https://community.example/x", ["That is all."])
    return letter(mail.address, "Ada", words)


async def broken(_connection: AsyncConnection, _mail: Claimed, _settings: Settings) -> Letter | None:
    """Cannot write."""
    raise ArithmeticError("a defect")


WRITERS = {"plain": plain, "broken": broken}


async def wait(engine: AsyncEngine, *mails: NewMail) -> None:
    """These mails wait."""
    async with writing(engine) as connection:
        await actions.queue(connection, mails)


def mail(cause: str = "cause", recipient: str = "ada", kind: str = "plain", **more: Any) -> NewMail:
    """A mail to somebody at example.org."""
    return NewMail(kind, cause, recipient, **{"address": f"{recipient}@example.org", **more})


async def states(engine: AsyncEngine) -> list[tuple[str, int, str | None]]:
    """What became of the mails: state, tries, error."""
    async with reading(engine) as connection:
        rows = await connection.execute(select(MAIL.c.state, MAIL.c.tries, MAIL.c.error).order_by(MAIL.c.id))
        return [(row.state, row.tries, row.error) for row in rows]


@asynccontextmanager
async def other(url: str) -> AsyncIterator[AsyncEngine]:
    """Another process's engine on the same database."""
    from community.kit import db

    made = db.create_engine(url, 3)
    yield made
    await made.dispose()
