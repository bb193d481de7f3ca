"""What comes in: forms, queries and JSON, without what no database keeps and no parser survives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from community.kit.web.request import Request

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether a database can keep the text: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


async def take_form(request: Request[Any]) -> None:
    """Reads the form. Raises 415 for a body that is none, 422 for what cannot be kept."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMS and (kind or await request.body()):
        raise HTTPException(415)
    found = await request.form() if kind else FormData()
    pairs = found.multi_items()
    texts = [(name, value) for name, value in pairs if isinstance(value, str)]
    if not all(is_storable(name) and is_storable(value) for name, value in texts):
        raise HTTPException(422)
    request.fields = first_of(texts)
    request.files = first_of([(name, value) for name, value in pairs if isinstance(value, UploadFile)])


def first_of(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """By name; of a name that stands twice the first counts."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def texts(form: FormData | None, name: str) -> list[str]:
    """All texts of that name."""
    return [one for one in form.getlist(name) if isinstance(one, str)] if form is not None else []


async def parsed_json(request: Request[Any]) -> Any:
    """The body as JSON. Raises 415, 400 for what is no JSON, and 422 for what is, and cannot be meant.

    That is NaN and Infinity, a name that stands twice in an object, text that no database keeps.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415)
    body = await request.body()
    try:
        found = json.loads(body, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not all(map(is_storable, _texts_in(found))):
        raise HTTPException(422)
    return found


def _finite(text: str) -> float:
    found = float(text)
    if not isfinite(found):
        raise HTTPException(422)
    return found


def _refuse(_constant: str) -> Any:
    raise HTTPException(422)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise HTTPException(422)
    return found


def _texts_in(value: Any) -> Iterator[str]:
    """Every text in it, the names of objects too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
