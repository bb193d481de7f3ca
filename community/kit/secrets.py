"""The keys that sign what leaves the process and must come back unchanged, each for one purpose.

The first key signs, all of them are accepted: so a key is replaced by putting the new one before it. Without
`COMMUNITY_SECRET_KEY` an installation makes a key of its own and keeps it in its home folder, for its owner only.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

from community.kit.errors import MachineryError
from community.kit.settings import Settings

FILE = "secret.key"
KEY_BYTES = 32


class Signer:
    """Signs and checks with the installation's keys; a signature for one purpose is worth nothing for another."""

    def __init__(self, keys: tuple[bytes, ...], purpose: str) -> None:
        self._keys = tuple(hmac.digest(key, purpose.encode(), "sha256") for key in keys)

    def sign(self, value: bytes) -> bytes:
        """The signature of a value: 32 bytes."""
        return hmac.digest(self._keys[0], value, "sha256")

    def is_signed(self, value: bytes, signature: bytes) -> bool:
        """Whether one of the keys made this signature of that value; takes the same time whatever differs."""
        found = [hmac.compare_digest(hmac.digest(key, value, "sha256"), signature) for key in self._keys]
        return True in found


def signer(settings: Settings, purpose: str) -> Signer:
    """A signer for one purpose, such as `forms`."""
    return Signer(keys(settings), purpose)


def keys(settings: Settings) -> tuple[bytes, ...]:
    """The installation's keys, the one that signs first. Raises MachineryError where the file is open to others."""
    given = settings.secret_key.get_secret_value()
    if given:
        return tuple(sha256(one.encode()).digest() for one in given.split(","))
    file = settings.folder / FILE
    if not file.exists():
        _make(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise MachineryError(f"{file} may be read by others: `chmod 600` it, or set COMMUNITY_SECRET_KEY")
    found = file.read_bytes()
    if len(found) != KEY_BYTES:
        raise MachineryError(f"{file} holds no key: remove it, and everybody signs in again")
    return (found,)


def _make(file: Path) -> None:
    """Writes a new key; of several processes that do so at once one wins, and never half a file is seen."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        draft.unlink()
