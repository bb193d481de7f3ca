"""The verbs on messages and on what comes by mail; the only writers of them."""

from community.notices.actions.choices import choose
from community.notices.actions.digests import queue_digests
from community.notices.actions.messages import forget, mark_all_read, mark_read, tell

__all__ = ["choose", "forget", "mark_all_read", "mark_read", "queue_digests", "tell"]
