"""Becoming a member: by an invitation, or by asking where a programme is open."""

from community.members.portal import application, invitation

__all__ = ["ROUTES"]

ROUTES = (*invitation.ROUTES, *application.ROUTES)
