"""The verbs on boards; the only writers of their values and snapshots."""

from community.leaderboards.actions.run import refresh
from community.leaderboards.actions.snapshots import freeze
from community.leaderboards.actions.values import (
    Settled,
    Task,
    close_values,
    look_for,
    open_values,
    settle,
    still_wanted,
    touched_once,
)
from community.leaderboards.queries.snapshots import due_snapshots

__all__ = [
    "Settled",
    "Task",
    "close_values",
    "due_snapshots",
    "freeze",
    "look_for",
    "open_values",
    "refresh",
    "settle",
    "still_wanted",
    "touched_once",
]
