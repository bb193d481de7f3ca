"""Reading messages and what members want by mail."""

from community.notices.queries.inbox import MOST_COUNTED, Inbox, Key, MessageRow, count_unread, message, messages

__all__ = ["MOST_COUNTED", "Inbox", "Key", "MessageRow", "count_unread", "message", "messages"]
