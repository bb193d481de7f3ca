"""The first person of an installation, and the book of a programme in plain words."""

from community.programmes.portal import set_up
from community.programmes.portal.book import of_the_book

__all__ = ["ROUTES", "of_the_book"]

ROUTES = set_up.ROUTES
