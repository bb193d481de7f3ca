"""The verbs on members; the only writers of them."""

from community.members.actions.marks import lock, touch, untouch

__all__ = ["lock", "touch", "untouch"]
