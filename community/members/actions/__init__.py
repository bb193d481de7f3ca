"""The verbs on members; the only writers of them."""

from community.members.actions.marks import lock, lock_touched, touch, untouch

__all__ = ["lock", "lock_touched", "touch", "untouch"]
