"""Asking for a link by mail: what is done is the same for every address, known or not.

Who the address belongs to is looked up when the mail is written, after the answer was given.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.ids import new_id
from community.kit.mail.actions import NewMail, queue
from community.people.rules import LIVES, Purpose, account_of

ANYBODY = "anybody"
"""Who did it, in history, where nobody said who they are."""


async def ask_link(connection: AsyncConnection, email: str, purpose: Purpose) -> None:
    """Asks for a link that signs in, or that lets choose a new password, to be sent to the owner of `email`."""
    folded = account_of(email)
    mail = NewMail(
        purpose.value,
        cause=f"ask:{new_id()}",
        recipient=f"address:{sha256(folded.encode()).hexdigest()}",
        address=folded,
        lives=LIVES[purpose],
    )
    await queue(connection, [mail])
    data = {"purpose": purpose.value, "mail": str(mail.id)}
    await write(connection, None, ANYBODY, [Line("person.link_asked", data=data)])
