"""The verbs on boards; the only writers of their values."""

from community.leaderboards.actions.run import refresh
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

__all__ = [
    "Settled",
    "Task",
    "close_values",
    "look_for",
    "open_values",
    "refresh",
    "settle",
    "still_wanted",
    "touched_once",
]
