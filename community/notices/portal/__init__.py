"""Messages as pages, what comes by mail, and stopping that without signing in."""

from community.notices.portal import messages, unsubscribing

__all__ = ["ROUTES"]

ROUTES = (*messages.ROUTES, *unsubscribing.ROUTES)
