"""What to run instead where the database is PostgreSQL, which has tools of its own for this."""

from __future__ import annotations

import shlex
from pathlib import Path

from sqlalchemy.engine import URL, make_url


def how_to_back_up(url: str, file: Path) -> str:
    """The commands that back a database up while everything runs; passwords are left to PGPASSWORD or `~/.pgpass`."""
    database = _plain(url)
    server = database.set(database=None)
    return _told(
        "The database is on PostgreSQL, which has tools for this. Nothing was done; run, while everything goes on:",
        ["pg_dump", "--format=custom", f"--file={file}", f"--dbname={_said(database)}"],
        "or, for the whole server, from which any later moment can be reached where it archives its log:",
        [
            "pg_basebackup", f"--pgdata={file}", "--format=tar", "--gzip", "--wal-method=stream", "--checkpoint=fast",
            f"--dbname={_said(server)}",
        ],
        "A dump is good once it was restored beside and proved; `community restore` says how.",
    )  # fmt: skip


def how_to_restore(url: str, file: Path) -> str:
    """The commands that restore a dump into a database beside, prove it there, and give it the name of the present."""
    database = _plain(url)
    name = database.database or ""
    beside, before = f"{name}_restored", f"{name}_before_restore"
    server, restored = _said(database.set(database="postgres")), _said(database.set(database=beside))
    here = f"COMMUNITY_DATABASE_URL={restored}"
    return _told(
        "The database is on PostgreSQL, which has tools for this. Nothing was done; run:",
        ["createdb", "--template=template0", "--encoding=UTF8", f"--maintenance-db={server}", beside],
        [
            "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={restored}", str(file),
        ],
        ["env", here, "community", "db", "upgrade"],
        ["env", here, "community", "ledger", "verify"],
        "and once that finds nothing, with the server and the workers stopped:",
        [
            "psql", f"--dbname={server}", f'--command=ALTER DATABASE "{name}" RENAME TO "{before}"',
            f'--command=ALTER DATABASE "{beside}" RENAME TO "{name}"',
        ],
    )  # fmt: skip


def _plain(url: str) -> URL:
    """The URL as PostgreSQL's own tools take it: without the password, which others would see, and what is ours."""
    found = make_url(url)
    return URL.create("postgresql", found.username, None, found.host, found.port, found.database)


def _said(url: URL) -> str:
    return url.render_as_string()


def _told(*parts: str | list[str]) -> str:
    return "\n".join(part if isinstance(part, str) else f"    {shlex.join(part)}" for part in parts)
