"""The token by which whoever got a mail stops mails of its kind without signing in (RFC 8058).

It names member, person and kind, and is signed: nobody can make one, or one for another kind, without the keys. It
holds while the member is that person.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from uuid import UUID

from community.kit.secrets import signer
from community.kit.settings import Settings
from community.notices.rules import MailKind

PURPOSE = "unsubscribe"
PATH = "/unsubscribe"
SIGNATURE_BYTES = 32
MOST_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Stopping:
    """Whose mails of which kind are to stop."""

    programme_id: int
    member_id: int
    person_id: UUID
    kind: MailKind


def token_of(settings: Settings, stopping: Stopping) -> str:
    """The token, as it stands in a path."""
    one = stopping
    value = f"{one.programme_id}.{one.member_id}.{one.person_id.hex}.{one.kind.value}".encode()
    return urlsafe_b64encode(signer(settings, PURPOSE).sign(value) + value).decode().rstrip("=")


def read_token(settings: Settings, token: str) -> Stopping | None:
    """What a token says; None for one that we did not make."""
    if len(token) > MOST_CHARACTERS:
        return None
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (NotBase64, UnicodeEncodeError, ValueError):
        return None
    signature, value = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not signer(settings, PURPOSE).is_signed(value, signature):
        return None
    programme_id, member_id, person, kind = value.decode().split(".")
    return Stopping(int(programme_id), int(member_id), UUID(person), MailKind(kind))


def headers_of(settings: Settings, stopping: Stopping) -> dict[str, str]:
    """The headers by which mail programs offer to stop such mails with one click."""
    return {
        "List-Unsubscribe": f"<{link_of(settings, stopping)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def link_of(settings: Settings, stopping: Stopping) -> str:
    """The address of the page that stops such mails."""
    return f"{settings.origin}{PATH}/{token_of(settings, stopping)}"
