"""What is said of each kind of problem: what happened, and what helps."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from community.kit.i18n import gettext as _


def words_of(status: int) -> tuple[str, str]:
    """A title and a sentence of help in the language at work."""
    known = _WORDS.get(status)
    if known is not None:
        return known()
    return HTTPStatus(status).phrase, _("Go back and try again.")


_WORDS: dict[int, Callable[[], tuple[str, str]]] = {
    400: lambda: (
        _("This request cannot be read"),
        _("A link may be cut short, or a program sent something else than was meant."),
    ),
    401: lambda: (
        _("Sign in first"),
        _("This page is for people who are signed in."),
    ),
    403: lambda: (
        _("This page is out of date"),
        _("It was opened before you signed in or out, or came from elsewhere. Go back, reload it, and send it again."),
    ),
    404: lambda: (
        _("There is nothing here"),
        _("The address may be mistyped, what it named may be gone, or it may not be open to you."),
    ),
    405: lambda: (
        _("This cannot be done here"),
        _("The address is right, and does not take this kind of request."),
    ),
    409: lambda: (
        _("Somebody was faster"),
        _("What you were looking at has changed since. Go back and reload the page to see how it is now."),
    ),
    413: lambda: (
        _("That is too large"),
        _("Nothing was stored. Send a smaller file, or less text."),
    ),
    415: lambda: (
        _("This kind of content is not taken here"),
        _("A form is expected, or what the documentation of the API names."),
    ),
    421: lambda: (
        _("This address is not served here"),
        _("Open the installation under the address that its operator has set."),
    ),
    422: lambda: (
        _("Something in it cannot be taken"),
        _("Nothing was stored. Go back, mend it, and send it again."),
    ),
    429: lambda: (
        _("That was too often"),
        _("Wait a little, then go on. Nothing is lost."),
    ),
    500: lambda: (
        _("Something went wrong on our side"),
        _("Nothing was stored. Whoever runs this installation finds the reason by the number below."),
    ),
    503: lambda: (
        _("Away for a moment"),
        _("A part that this page needs does not answer. Nothing was stored; try again in a few seconds."),
    ),
}  # fmt: skip
