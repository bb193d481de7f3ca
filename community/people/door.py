"""The front door: what takes more than one transaction, since hashing a password holds none, and what was tried counts
even where nothing else is written.

Rates first, then what is known of the account, then the hash, then one transaction with the effect. An address that
nobody has goes the same way, with the same work, to the same answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.history.actions import Line, write
from community.kit.db import reading, writing
from community.kit.errors import CommunityError, SignInFirst
from community.kit.rates.limiter import Limiter
from community.kit.text import line_of
from community.people import queries, rules
from community.people.actions import asks, persons, sessions, tokens
from community.people.actions.asks import ANYBODY
from community.people.actions.sessions import Opened
from community.people.forms import password_refused
from community.people.passwords import Hasher, common
from community.people.rules import Purpose, account_of, actor_of


class SignInRefused(CommunityError):
    """The address or the password is wrong, or the account is closed; which of them is said to nobody."""

    def __init__(self) -> None:
        super().__init__("the address or the password is wrong")


def typed(email: str) -> str:
    """The account that was typed; of what can be no address it is empty, and nobody's."""
    try:
        return account_of(line_of(email))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the neighbourhood in the network, and what the browser calls itself."""

    place: str
    agent: str = ""


Titles = Callable[[AsyncConnection], Awaitable[Sequence[str]]]
"""Names and slugs of the programmes, which no password may lean on."""


async def no_titles(_connection: AsyncConnection) -> Sequence[str]:
    """Those of an installation without programmes."""
    return ()


@dataclass(frozen=True, slots=True)
class Door:
    """The front door of an installation; `shortest` is the length that passwords need at least."""

    engine: AsyncEngine
    limiter: Limiter
    hasher: Hasher
    shortest: int = rules.PASSWORD_LENGTH
    titles: Titles = no_titles

    async def sign_in(self, email: str, password: str, origin: Origin) -> Opened:
        """Signs in by password. Raises SignInRefused, TooMany."""
        account = typed(email)
        await self.limiter.take(rules.SIGN_IN_BY_PLACE, origin.place)
        await self.limiter.take(rules.SIGN_IN_BY_ALL)
        await self.limiter.take(rules.SIGN_IN_BY_ACCOUNT, account)
        async with reading(self.engine) as connection:
            found = await queries.credentials(connection, account)
        person_id, stored, active = found or (None, None, False)
        right, newer = await self.hasher.verify(password, stored)
        if person_id is None or not right or not active:
            async with writing(self.engine) as connection:
                subject = str(person_id) if person_id else None
                await write(connection, None, ANYBODY, [Line("person.sign_in_failed", subject=subject)])
            raise SignInRefused
        async with writing(self.engine) as connection:
            if newer is not None and stored is not None:
                await persons.rehash(connection, person_id, stored, newer)
            opened = await sessions.start(connection, person_id, origin.agent, by="password")
        await self.limiter.give_back(rules.SIGN_IN_BY_ACCOUNT, account)
        return opened

    async def sign_in_by_link(self, secret: str, origin: Origin) -> Opened:
        """Signs in by a link that came by mail. Raises LinkOver, TooMany."""
        await self.limiter.take(rules.TOKEN_BY_PLACE, origin.place)
        async with writing(self.engine) as connection:
            token = await tokens.redeem(connection, secret, Purpose.SIGN_IN)
            assert token.person_id is not None
            if not (await queries.person(connection, token.person_id)).active:
                raise tokens.LinkOver
            return await sessions.start(connection, token.person_id, origin.agent, by="link")

    async def ask_link(self, email: str, purpose: Purpose, origin: Origin) -> None:
        """Asks for a link that signs in, or for one that lets choose a new password. Raises TooMany."""
        account = typed(email)
        await self.limiter.take(rules.LINK_BY_PLACE, origin.place)
        await self.limiter.take(rules.LINK_BY_ALL)
        await self.limiter.take(rules.LINK_BY_ACCOUNT, account)
        async with writing(self.engine) as connection:
            await asks.ask_link(connection, account, purpose)

    async def confirm(self, secret: str, password: str, origin: Origin) -> Opened:
        """Whoever has this session says again who they are; it goes on under a new secret.

        Counted apart from signing in: nobody who tries passwords elsewhere keeps the owner from this. Raises
        SignInRefused, SignInFirst where the session is over, TooMany.
        """
        async with reading(self.engine) as connection:
            found = await queries.session_of(connection, tokens.digest_of(secret))
            if found is None:
                raise SignInFirst("the session is over")
            person_id = found[1]
            stored = await queries.password_of(connection, person_id)
        await self.limiter.take(rules.CONFIRM_BY_PERSON, str(person_id))
        right, _newer = await self.hasher.verify(password, stored)
        if not right:
            async with writing(self.engine) as connection:
                line = Line("person.sign_in_failed", subject=str(person_id), data={"confirming": True})
                await write(connection, None, actor_of(person_id), [line])
            raise SignInRefused
        async with writing(self.engine) as connection:
            confirmed = await sessions.confirm(connection, secret)
        await self.limiter.give_back(rules.CONFIRM_BY_PERSON, str(person_id))
        return confirmed

    async def reset(self, secret: str, password: str, origin: Origin) -> UUID:
        """Chooses a new password by a link that came by mail. Raises LinkOver, InputRefused, TooMany."""
        await self.limiter.take(rules.TOKEN_BY_PLACE, origin.place)
        async with reading(self.engine) as connection:
            token = await queries.token(connection, tokens.digest_of(secret), Purpose.RESET)
            if token is None or token.person_id is None:
                raise tokens.LinkOver
            person = await queries.person(connection, token.person_id)
        hashed = await self.hashed(password, person.name, person.email)
        async with writing(self.engine) as connection:
            await tokens.redeem(connection, secret, Purpose.RESET)
            if not (await queries.person(connection, person.id)).active:
                raise tokens.LinkOver
            await persons.set_password(connection, person.id, hashed, keep=None, by="reset")
        return person.id

    async def hashed(self, password: str, *known: str | None) -> str:
        """The hash of a new password; `known` are the owner's names. Raises InputRefused for a weak one."""
        async with reading(self.engine) as connection:
            titles = rules.titles_of(["community", *await self.titles(connection)])
        found = rules.weakness(password, common(), rules.words_of(*known) | titles, self.shortest)
        if found is not None:
            raise password_refused(found, max(rules.PASSWORD_FLOOR, self.shortest))
        return await self.hasher.hash(password)
