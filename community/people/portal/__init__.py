"""The front door as pages, one's own account, and who asks, on every page."""

from community.people.portal import account, front
from community.people.portal.visit import identifying, opened

__all__ = ["ROUTES", "SIGN_IN", "identifying", "opened"]

ROUTES = (*front.ROUTES, *account.ROUTES)
SIGN_IN = "people.sign_in"
