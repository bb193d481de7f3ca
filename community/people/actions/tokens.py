"""Secrets that are handed out: made, used once, made worthless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import delete, insert, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import now
from community.kit.errors import Conflict
from community.people.models import TOKEN
from community.people.queries import TokenRow, anybody
from community.people.rules import LIVES, Purpose, good

SECRET_BYTES = 32
"""Twice the bits that guessing needs to be hopeless."""


class LinkOver(Conflict):
    """A token that is used up, too old, or never was one: which of them is said to nobody."""

    def __init__(self) -> None:
        super().__init__("this link works no more; ask for a new one")


def new_secret() -> str:
    """A secret that nobody guesses, fit for links and cookies."""
    return token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """What is stored of a secret. It is as random as it is long, so one plain hash is enough."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def mint(
    connection: AsyncConnection,
    purpose: Purpose,
    *,
    person_id: UUID | None = None,
    invitation_id: UUID | None = None,
    email: str | None = None,
    ends_at: datetime | None = None,
) -> str:
    """A new token, good as long as its purpose says, or until `ends_at`; answers the secret, which is kept nowhere."""
    secret, at = new_secret(), now()
    await connection.execute(
        insert(TOKEN).values(
            digest=digest_of(secret),
            purpose=purpose.value,
            person_id=person_id,
            invitation_id=invitation_id,
            email=email,
            created_at=at,
            ends_at=at + LIVES[purpose] if ends_at is None else ends_at,
        )
    )
    return secret


async def redeem(connection: AsyncConnection, secret: str, purpose: Purpose) -> TokenRow:
    """Uses a token up; of two that try at once one gets it. Raises LinkOver."""
    used = delete(TOKEN).where(TOKEN.c.digest == digest_of(secret), TOKEN.c.purpose == purpose.value)
    columns = (TOKEN.c[name] for name in TokenRow.__slots__)
    found = (await connection.execute(used.returning(*columns))).one_or_none()
    if found is None or not good(found.created_at, found.ends_at, now()):
        raise LinkOver
    return TokenRow(Purpose(found.purpose), *found[1:])


async def void(
    connection: AsyncConnection, *, person_ids: Sequence[UUID] = (), invitation_ids: Sequence[UUID] = ()
) -> None:
    """Makes the tokens of persons and of invitations worthless."""
    if person_ids or invitation_ids:
        mine = or_(TOKEN.c.person_id.in_(person_ids), TOKEN.c.invitation_id.in_(invitation_ids))
        await connection.execute(delete(TOKEN).where(mine))


async def set_up(connection: AsyncConnection) -> str | None:
    """A token for the first person, in place of any before it; None where there is somebody already."""
    if await anybody(connection):
        return None
    await connection.execute(delete(TOKEN).where(TOKEN.c.purpose == Purpose.SET_UP.value))
    return await mint(connection, Purpose.SET_UP)


async def clean_up(connection: AsyncConnection) -> int:
    """Deletes the tokens that are over; answers how many."""
    return (await connection.execute(delete(TOKEN).where(TOKEN.c.ends_at <= now()))).rowcount
