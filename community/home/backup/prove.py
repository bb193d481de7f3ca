"""What makes a backup a good one: sound by SQLite's own check, a database of this product, and proved by `verify`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from community.home.verify import Verified, verify
from community.kit import schema, sqlite_file
from community.kit.db import create_engine, sqlite_url
from community.kit.errors import InputRefused, Problem
from community.ledger.models import ENTRY
from community.members.models import MEMBER
from community.programmes.models import PROGRAMME

OURS = ("alembic_version", PROGRAMME.name, MEMBER.name, ENTRY.name)
"""Tables by which a database of this product is known, of whatever version."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A database that is ours and sound: its revision as found, and what `verify` says of each programme."""

    revision: str
    programmes: Sequence[Verified]

    @property
    def differences(self) -> int:
        """How many differences `verify` found; a backup with none is a good one."""
        return sum(one.differences for one in self.programmes)


async def prove(file: Path, name: str) -> Proved:
    """Proves a database file that is this process's own, and calls it `name` in what is refused.

    A file of an older version is proved as this one makes it, in a copy beside. `verify` asks every room, boards
    among them whether the ledger covers what their snapshots saw. Raises InputRefused for what is damaged, no database
    of this product, or of a newer version.
    """
    if (damage := sqlite_file.damage(file)) is not None:
        raise refused(name, damage, "a database that is whole")
    if not sqlite_file.has_tables(file, OURS):
        raise refused(name, f"a database without {', '.join(OURS)}", "a backup made by `community backup`")
    try:
        found = await _revision(file)
        if found is None or not schema.is_known(found):
            newest = f"up to {schema.head()}: restore it with the version that made it"
            raise refused(name, f"revision {found}, of a newer version", newest)
        if found != schema.head():
            older, file = file, file.with_name(f"{file.name}.upgraded")
            shutil.copyfile(older, file)
        return Proved(found, await _verified(file))
    except (DBAPIError, CommandError, ValueError) as error:
        what = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise refused(name, f"what this version cannot read ({what})", "a database that is whole") from error


def refused(name: str, found: str, accepted: str) -> InputRefused:
    """A file that is no backup to be restored."""
    return InputRefused([Problem("the database", found, accepted, where=name)])


async def _revision(file: Path) -> str | None:
    engine = create_engine(sqlite_url(file), 1)
    try:
        return await schema.revision(engine)
    finally:
        await engine.dispose()


async def _verified(file: Path) -> list[Verified]:
    engine = create_engine(sqlite_url(file), 1)
    try:
        await schema.upgrade(engine)
        return [one async for one in verify(engine)]
    finally:
        await engine.dispose()
