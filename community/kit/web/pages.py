"""Pages: templates in the language of whoever reads them; one block alone where htmx asks for a part.

`page(request, "standings/home.html", standing=…)` is the whole page; `page(…, block="reasons")` gives htmx the block of
that name of the same template, and everybody else the whole page.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jinja2_fragments import render_block
from starlette.responses import HTMLResponse, Response

from community.kit import i18n
from community.kit.web import forgery
from community.kit.web.headers import nonce
from community.kit.web.redirects import is_htmx
from community.kit.web.request import Request
from community.kit.web.static import takes_gzip

PACK_FROM_BYTES = 1_000


def page(
    request: Request[Any], template: str, *, block: str | None = None, status: int = 200, **values: Any
) -> Response:
    """A page, or the block of it that htmx asked for, in the language of the request."""
    shared = _shared(request)
    if block is not None and is_htmx(request):
        text = render_block(request.site.templates, template, block, **shared, **values)
    else:
        text = request.site.templates.get_template(template).render(**shared, **values)
    return _packed(request, HTMLResponse(text, status))


def _shared(request: Request[Any]) -> dict[str, Any]:
    """What every template may use besides its own values, and what the frame shows."""
    zone = request.identity.timezone or "UTC"

    def instant(value: datetime, form: str = "d MMMM y, HH:mm") -> str:
        return i18n.instant(value, zone, form)

    functions: dict[str, Callable[..., Any]] = {
        "path_to": request.path_to,
        "static": request.site.static.url,
        "integrity": request.site.static.integrity,
        "csrf": lambda: forgery.token(request),
        "nonce": lambda: nonce(request.scope),
        "instant": instant,
    }
    return {**functions, **request.shell, "language": i18n.language(), "identity": request.identity, "zone": zone}


def _packed(request: Request[Any], response: Response) -> Response:
    """Compressed where the reader takes that; tokens are fresh in every page, so it gives nothing of them away."""
    body = bytes(response.body)
    if len(body) >= PACK_FROM_BYTES and takes_gzip(request):
        response.body = gzip.compress(body, 4, mtime=0)
        response.headers["content-length"] = str(len(response.body))
        response.headers["content-encoding"] = "gzip"
    response.headers.add_vary_header("Accept-Encoding")
    return response
