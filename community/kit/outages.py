"""Which errors say that the machinery is away, and not that something of ours is wrong."""

from __future__ import annotations

import socket
import sqlite3

import asyncpg
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_AWAY = ("08", "28", "3D", "53", "57", "58")
"""Classes of PostgreSQL's states: no connection, not let in, no such database, no room, shut down, broken."""

_ONLY_READ = "25006"
"""A server that takes no writes: a replica, or one that was a primary until a moment ago."""


def database_is_away(error: BaseException) -> bool:
    """Whether the database does not answer, or is out of connections, room or patience."""
    if isinstance(error, OperationalError | PoolTimeout | ConnectionError | TimeoutError | socket.gaierror):
        return True
    return isinstance(error, DBAPIError) and _is_away(error)


def _is_away(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", ""))
    damaged = type(error.orig) is sqlite3.DatabaseError  # no database, or a damaged one; defects of ours are subclasses
    driver_says = damaged or isinstance(error.orig, sqlite3.OperationalError | asyncpg.InterfaceError)
    return error.connection_invalidated or driver_says or state[:2] in _AWAY or state == _ONLY_READ
