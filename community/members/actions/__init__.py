"""The verbs on members; the only writers of them."""

from community.members.actions.binding import bind
from community.members.actions.marks import lock, lock_touched, touch, untouch

__all__ = ["bind", "lock", "lock_touched", "touch", "untouch"]
