"""Where to go next, for forms and for htmx; and which paths that come in may be gone to."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import RedirectResponse, Response

from community.kit.web.request import Request

PATH_CHARACTERS = 2_000
_PATH = re.compile(
    r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@%-][A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
"""A path of ours, as browsers read it: one slash, then none of what they take for another host."""


def own_path(given: str | None, otherwise: str = "/") -> str:
    """The path that was given, where it is one of ours, such as from `?next=`; else the other one."""
    if not given or len(given) > PATH_CHARACTERS or not _PATH.fullmatch(given):
        return otherwise
    return given


def is_htmx(request: Request[Any]) -> bool:
    """Whether htmx asks for a part of a page, and shows what comes in its place."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def go(request: Request[Any], path: str) -> Response:
    """Sends whoever asks to another page of ours after a change. The path is ours: from `path_to`, or `own_path`."""
    if is_htmx(request):
        return Response(status_code=204, headers={"hx-redirect": path})
    return RedirectResponse(path, 303)
