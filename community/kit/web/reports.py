"""What browsers report against the Content-Security-Policy: a line in the log, without addresses that hold names."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from community.kit import log
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route, Surface

REPORT_BYTES = 16_384
_log = log.logger("kit.web")


async def take(request: Request[None]) -> Response:
    """One report, in the form of `report-uri`. What is none is answered in the same way, and not kept."""
    try:
        told = json.loads(await request.body())["csp-report"]
        kept = {"directive": _word(told["effective-directive"]), "blocked": _origin(told["blocked-uri"])}
    except (ValueError, KeyError, TypeError, RecursionError):
        return Response(status_code=204)
    _log.warning("a page was kept from something", **kept)
    return Response(status_code=204)


def _word(given: Any) -> str:
    return str(given)[:40]


def _origin(given: Any) -> str:
    """`inline`, `eval`, or the origin alone."""
    parts = urlsplit(str(given)[:500])
    return f"{parts.scheme}://{parts.hostname}"[:120] if parts.hostname else _word(given)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "POST", "/csp-reports", "kit.csp_report", take,
        access=Access.PUBLIC, load=None, rate=Rate.REPORT, surface=Surface.API, body_limit=REPORT_BYTES, database=False,
    ),
)  # fmt: skip
