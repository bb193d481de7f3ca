"""Passwords: Argon2id in threads of its own, at most two at once, and the list of those that are tried first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from importlib import resources
from secrets import token_urlsafe
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from community.people.rules import fold_password

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""Of OWASP's password storage cheat sheet, for Argon2id (trust, item 5)."""
AT_ONCE = 2
"""Each takes its memory, so however many sign in, no more are reckoned at the same time."""

Result = TypeVar("Result")


class Hasher:
    """Makes and checks hashes. Tests take cheap parameters; the product those above, or dearer ones."""

    def __init__(self, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES) -> None:
        self._hash = PasswordHash((Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes),))
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")

    async def hash(self, password: str) -> str:
        """The hash to be stored, parameters and salt included."""
        return await self._aside(lambda: self._hash.hash(_bytes(password)))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether the password is right, and a new hash where the stored one has lower parameters.

        Without a stored hash the answer is no, after the same work.
        """
        right, newer = await self._aside(lambda: self._hash.verify_and_update(_bytes(password), stored or self._nobody))
        return right and stored is not None, newer if stored is not None else None

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown()

    async def _aside(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @cached_property
    def _nobody(self) -> str:
        """What an unknown address, or a person without a password, is checked against."""
        return self._hash.hash(token_urlsafe(32))


def _bytes(password: str) -> bytes:
    """Every character as it came: nothing is cut, trimmed, folded or refused here."""
    return password.encode("utf-8", "surrogatepass")


@cache
def common() -> frozenset[str]:
    """The passwords that are tried first, folded as `fold_password` does."""
    lines = (resources.files(__package__) / "passwords.txt").read_text("utf-8").splitlines()
    return frozenset(fold_password(line) for line in lines if line and not line.startswith("#"))
