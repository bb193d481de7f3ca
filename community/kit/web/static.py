"""Static files: read once, kept in memory, served under the hash of all so that browsers keep them for good.

`/static/HASH/app.css`: a new version of any file is another address, and what one file says of another beside it
(`url("vendor/inter/latin.woff2")`) needs no rewriting. A page of an older process that asks for an older hash gets the
present file, to be kept for a minute.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256, sha384
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from starlette.responses import Response

from community.kit.errors import NotFound
from community.kit.folders import folder
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route

FOR_GOOD = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_PACKED = {".js", ".css", ".svg"}
_LEFT_OUT = {".md"}


@dataclass(frozen=True)
class File:
    """A static file, and the same compressed where that is shorter."""

    body: bytes
    packed: bytes | None
    kind: str

    @property
    def integrity(self) -> str:
        """For `integrity=`."""
        return f"sha384-{b64encode(sha384(self.body).digest()).decode()}"


class Static:
    """All files below a folder, by their path in it."""

    def __init__(self, folder: Path) -> None:
        found = (one for one in sorted(folder.rglob("*")) if one.is_file() and one.suffix not in _LEFT_OUT)
        self.files = {one.relative_to(folder).as_posix(): _read(one) for one in found}
        whole = sha256()
        for name, file in self.files.items():
            whole.update(name.encode() + b"\0" + sha256(file.body).digest())
        self.hash = whole.hexdigest()[:16]

    def url(self, path: str) -> str:
        """Where a file is served. Raises KeyError for one that is not there."""
        self.files[path]
        return f"/static/{self.hash}/{path}"

    def integrity(self, path: str) -> str:
        """What `integrity=` says of a file."""
        return self.files[path].integrity


@cache
def packaged() -> Static:
    """The static files of the product, read once in a process."""
    return Static(folder("static"))


def _read(file: Path) -> File:
    body = file.read_bytes()
    kind = _TYPES.get(file.suffix) or guess_type(file.name)[0] or "text/plain"
    return File(body, gzip.compress(body, 9, mtime=0) if file.suffix in _PACKED else None, kind)


async def show(request: Request[None]) -> Response:
    """A file. The path is looked up among those that were read, and leads nowhere else."""
    static = request.site.static
    file = static.files.get(request.path_params["path"])
    if file is None:
        raise NotFound("no such file")
    headers = {"cache-control": FOR_GOOD if request.path_params["hash"] == static.hash else FOR_A_MINUTE}
    if file.packed is None:
        return Response(file.body, 200, headers, file.kind)
    headers["vary"] = "Accept-Encoding"
    if not takes_gzip(request):
        return Response(file.body, 200, headers, file.kind)
    return Response(file.packed, 200, {**headers, "content-encoding": "gzip"}, file.kind)


def takes_gzip(request: Request[Any]) -> bool:
    """Whether the answer may be compressed."""
    wanted = (one.strip().partition(";") for one in request.headers.get("accept-encoding", "").split(","))
    return any(name == "gzip" and weight.strip() not in ("q=0", "q=0.0") for name, _, weight in wanted)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", "/static/{hash}/{path:path}", "kit.static", show,
        access=Access.PUBLIC, load=None, rate=Rate.NONE, database=False,
    ),
)  # fmt: skip
