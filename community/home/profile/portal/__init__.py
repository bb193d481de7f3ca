"""The directory, a member's page, one's own profile and data."""

from community.home.profile.portal import my_data, pages

__all__ = ["ROUTES"]

ROUTES = (*pages.ROUTES, *my_data.ROUTES)
